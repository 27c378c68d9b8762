import { COMMANDS_REMEMBERED_MAX } from "../limits.ts";
import type { CommandResult } from "./open-once.ts";

interface Obeyed {
  readonly notAfterMs: number;
  readonly result: Promise<CommandResult>;
}

/** Commands by their ids, each carried out once: a repeat is answered as the first was. One is forgotten when its time is over, since a repeat then comes too late. */
export class ObeyedCommands {
  readonly #obeyed = new Map<number, Obeyed>();

  once(
    commandId: number,
    times: { readonly notAfterMs: number; readonly nowMs: number },
    obey: () => Promise<CommandResult>,
  ): Promise<CommandResult> {
    const known = this.#obeyed.get(commandId);
    if (known !== undefined) return known.result;
    for (const [id, { notAfterMs }] of this.#obeyed) if (notAfterMs < times.nowMs) this.#obeyed.delete(id);
    // The server sends each once: so many at once are no commands of ours.
    if (this.#obeyed.size >= COMMANDS_REMEMBERED_MAX) return Promise.resolve({ outcome: "refused", reason: "busy" });
    const result = obey();
    this.#obeyed.set(commandId, { notAfterMs: times.notAfterMs, result });
    return result;
  }
}
