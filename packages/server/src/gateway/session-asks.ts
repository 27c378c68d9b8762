import { type AnswerFrame, type AskFrame, fitDetail, fitMessage } from "@postern/contract";
import { CodedError, type Log, type Timers } from "@postern/core";
import type { OpenedSession } from "./session-store.ts";
import { type AskVendor, silentBecause, type VendorQuestion, type VendorVerdict } from "./vendor-question.ts";

export interface SessionAsksDeps {
  readonly askVendor: AskVendor;
  readonly timers: Timers;
  readonly log: Log;
}

/** What the doors of one session ask the customer's server: each has its own clock, and none outlives the session. */
export class SessionAsks {
  readonly #deps: SessionAsksDeps;
  readonly #inFlight = new Set<AbortController>();

  constructor(deps: SessionAsksDeps) {
    this.#deps = deps;
  }

  /** Resolves with the answer within the budget, whatever the customer's server does. */
  async ask({ placeId, controllerId }: OpenedSession, frame: AskFrame): Promise<AnswerFrame> {
    const { session: _, askId, ...asked } = frame;
    const verdict = await this.#askInTime({ authId: null, userId: null, ...asked, placeId, controllerId });
    const { message } = verdict;
    return {
      askId,
      verdict: verdict.verdict,
      detail: fitDetail(verdict.detail),
      ...(message === undefined ? {} : { message: fitMessage(message) }),
    };
  }

  /** Nobody waits for the answers any more. */
  end(): void {
    for (const asking of this.#inFlight) asking.abort();
  }

  async #askInTime(question: VendorQuestion): Promise<VendorVerdict> {
    const { askVendor, timers, log } = this.#deps;
    const asking = new AbortController();
    this.#inFlight.add(asking);
    const late = Promise.withResolvers<VendorVerdict>();
    const timer = timers.after("vendor answer", question.budgetMs, () => {
      asking.abort();
      late.resolve(silentBecause("timeout"));
    });
    try {
      return await Promise.race([askVendor(question, asking.signal), late.promise]);
    } catch (cause) {
      log.warn("gateway.vendor_failed", {
        doorId: question.doorId,
        code: cause instanceof CodedError ? cause.code : "unexpected",
        cause,
      });
      return silentBecause("error");
    } finally {
      timer.cancel();
      this.#inFlight.delete(asking);
    }
  }
}
