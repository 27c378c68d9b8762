import type { AskThroughLink, VendorAnswer } from "../../src/controller/vendor-wait.ts";

type Asked = Parameters<AskThroughLink>[0];

/** A customer's own server by hand: what doors ask waits until a test answers it. */
export class StandInVendor {
  readonly asks: Asked[] = [];
  readonly #open: ((answer: VendorAnswer) => void)[] = [];
  readonly #signals: AbortSignal[] = [];

  readonly ask: AskThroughLink = (ask, signal) => {
    const { promise, resolve } = Promise.withResolvers<VendorAnswer>();
    this.asks.push(ask);
    this.#open.push(resolve);
    this.#signals.push(signal);
    return promise;
  };

  /** Answers the ask of this number, counted from 0. */
  answer(index: number, answer: VendorAnswer): void {
    this.#open[index]?.(answer);
  }

  /** Whether nobody waits for it any more. */
  isGivenUp(index: number): boolean {
    return this.#signals[index]?.aborted ?? false;
  }
}
