import { type AnswerFrame, type AskFrame, fitDetail, fitMessage } from "@postern/contract";
import { type Clock, CodedError, type Log, qrStepAt, type Timers } from "@postern/core";
import { QR_STEPS_FAR } from "./limits.ts";
import type { QrUse } from "./qr-use-store.ts";
import type { OpenedSession } from "./session-store.ts";
import { type AskVendor, silentBecause, type VendorQuestion, type VendorVerdict } from "./vendor-question.ts";

export interface SessionAsksDeps {
  readonly askVendor: AskVendor;
  /** Uses a code of a dynamic QR up; false: it was used before. */
  readonly useQr: (use: QrUse) => Promise<boolean>;
  readonly clock: Pick<Clock, "nowMs">;
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

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Resolves with the answer within the budget, whatever the customer's server does. */
  async ask({ placeId, controllerId }: OpenedSession, frame: AskFrame): Promise<AnswerFrame> {
    const { session: _, askId, qr, ...asked } = frame;
    const question: VendorQuestion = { authId: null, userId: null, ...asked, placeId, controllerId };
    const verdict = await this.#inTime(question, (signal) =>
      qr === undefined ? this.#deps.askVendor(question, signal) : this.#useQr({ placeId, qrId: qr.id, step: qr.step }),
    );
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

  /** One that is far from now was made by no clock of ours: it is not written down, so that nobody can use up what is still to come. */
  async #useQr(use: QrUse): Promise<VendorVerdict> {
    const { clock, useQr } = this.#deps;
    if (Math.abs(use.step - qrStepAt(clock.nowMs())) > QR_STEPS_FAR) return silentBecause("clock");
    return { verdict: (await useQr(use)) ? "confirmed" : "refused", detail: {} };
  }

  async #inTime(question: VendorQuestion, ask: (signal: AbortSignal) => Promise<VendorVerdict>): Promise<VendorVerdict> {
    const { timers, log } = this.#deps;
    const asking = new AbortController();
    this.#inFlight.add(asking);
    const late = Promise.withResolvers<VendorVerdict>();
    const timer = timers.after("vendor answer", question.budgetMs, () => {
      asking.abort();
      late.resolve(silentBecause("timeout"));
    });
    try {
      return await Promise.race([ask(asking.signal), late.promise]);
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
