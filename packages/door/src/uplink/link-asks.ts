import type { AnswerFrame, AskFrame } from "@postern/contract";
import type { Log } from "@postern/core";
import { type AskThroughLink, silentBecause, type VendorAnswer } from "../controller/vendor-wait.ts";

/** Questions of the doors to the customer's own server, on this connection. */
export class LinkAsks {
  readonly #log: Log;
  readonly #waiting = new Map<number, (answer: VendorAnswer) => void>();
  /** Never twice in a process, so that it rises in each session. */
  #lastAskId = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  ask(ask: Parameters<AskThroughLink>[0], signal: AbortSignal, send: (frame: Omit<AskFrame, "session">) => void): Promise<VendorAnswer> {
    this.#lastAskId += 1;
    const askId = this.#lastAskId;
    const { promise, resolve } = Promise.withResolvers<VendorAnswer>();
    this.#waiting.set(askId, resolve);
    signal.addEventListener("abort", () => this.#waiting.delete(askId), { once: true });
    send({ ...ask, askId });
    return promise;
  }

  answered({ askId, ...answer }: AnswerFrame): void {
    const resolve = this.#waiting.get(askId);
    if (resolve === undefined) this.#log.debug("uplink.answer_late", { askId, verdict: answer.verdict });
    this.#waiting.delete(askId);
    resolve?.(answer);
  }

  /** The connection has gone, and whatever would have come on it. */
  lost(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(silentBecause("link_lost"));
  }
}
