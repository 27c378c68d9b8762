import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@postern/core";
import { askVirtualDriver } from "@postern/door";
import { PRESENT_MS_MAX } from "../limits.ts";
import type { PresentAct } from "../plan/act.ts";
import type { Journal } from "./journal.ts";
import { cardOf } from "./people-actor.ts";

export interface PresenterParts {
  readonly folder: string;
  readonly controllerId: number;
  readonly doorIds: readonly number[];
  readonly clock: Clock;
  readonly journal: Journal;
}

/** Somebody who stands at the doors of one controller and holds cards to their readers, one after the other. */
export class Presenter {
  readonly #parts: PresenterParts;

  constructor(parts: PresenterParts) {
    this.#parts = parts;
  }

  async carryOut({ door, person }: PresentAct): Promise<void> {
    const { folder, controllerId, doorIds, clock, journal } = this.#parts;
    const [doorId, card] = [doorIds[door] ?? 0, cardOf(person)];
    const socketPath = await readSocketPath(folder);
    if (socketPath === null) return;
    const askedMs = clock.nowMs();
    const request = { op: "present", doorId, card: { cardNumber: card, formatType: "CSN" } } as const;
    const seen = await askVirtualDriver(socketPath, request, { timeoutMs: PRESENT_MS_MAX }).then(
      ({ outcome, authId }) => ({ outcome, authId: authId ?? null }),
      (failure: unknown) => (wasNeverMade(failure) ? null : { outcome: "unknown" as const, authId: null }),
    );
    if (seen !== null) journal.presented.push({ controllerId, doorId, card, askedMs, answeredMs: clock.nowMs(), ...seen });
  }
}

/** Nobody listens at the socket: the controller does not run now, and has not seen the card. */
function wasNeverMade(failure: unknown): boolean {
  const cause = failure instanceof Error ? failure.cause : undefined;
  return cause instanceof Error && "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOENT");
}

/** Null: the controller has never run. */
async function readSocketPath(folder: string): Promise<string | null> {
  try {
    const { socketPath }: { readonly socketPath?: string } = JSON.parse(await readFile(join(folder, "control.json"), "utf8"));
    return socketPath ?? null;
  } catch {
    return null;
  }
}
