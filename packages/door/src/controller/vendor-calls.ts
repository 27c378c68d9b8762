import type { Log, Timer, Timers } from "@postern/core";
import { VENDOR_ASK_SHARE } from "../limits.ts";
import { type AskThroughLink, silentBecause, type VendorAnswer, type VendorAsk } from "./vendor-wait.ts";

export interface VendorCallsDeps {
  readonly askVendor: AskThroughLink;
  readonly timers: Timers;
  readonly log: Log;
  readonly answered: (waitId: number, answer: VendorAnswer) => void;
}

interface Call {
  readonly timer: Timer;
  readonly asking: AbortController;
}

/** One door's questions on their way. Each is answered once: by the customer's server, or by the end of its time. */
export class VendorCalls {
  readonly #deps: VendorCallsDeps;
  readonly #calls = new Map<number, Call>();

  constructor(deps: VendorCallsDeps) {
    this.#deps = deps;
  }

  begin(waitId: number, ask: VendorAsk, budgetMs: number): void {
    const { askVendor, timers, log } = this.#deps;
    const asking = new AbortController();
    const timer = timers.after("vendor answer", budgetMs, () => this.#end(waitId, silentBecause("timeout")));
    this.#calls.set(waitId, { timer, asking });
    // The server is given less, so that what it has to say of a silence is here before the door's own time is over.
    askVendor({ ...ask, budgetMs: Math.max(1, Math.floor(budgetMs * VENDOR_ASK_SHARE)) }, asking.signal).then(
      (answer) => this.#end(waitId, answer),
      (cause: unknown) => {
        log.error("controller.vendor_ask_failed", { doorId: ask.doorId, cause });
        this.#end(waitId, silentBecause("error"));
      },
    );
  }

  /** Nobody waits any more. */
  stop(): void {
    for (const waitId of this.#calls.keys()) this.#forget(waitId);
  }

  #end(waitId: number, answer: VendorAnswer): void {
    if (this.#forget(waitId)) this.#deps.answered(waitId, answer);
  }

  #forget(waitId: number): boolean {
    const call = this.#calls.get(waitId);
    if (call === undefined) return false;
    this.#calls.delete(waitId);
    call.timer.cancel();
    call.asking.abort();
    return true;
  }
}
