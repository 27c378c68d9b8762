import type { Timers } from "@postern/core";
import pLimit, { type LimitFunction } from "p-limit";
import { ASKS_IN_FLIGHT_MAX, CALLS_PER_CUSTOMER_MAX, WAITING_PER_CUSTOMER_MAX } from "./limits.ts";

interface Customer {
  readonly limit: LimitFunction;
  /** Those that have come and not gone. */
  count: number;
}

/** Lets so many ask one customer at a time, and the others wait for their turn: whoever is slow keeps its own askers waiting and nobody else's. */
export class Turns {
  readonly #timers: Timers;
  readonly #customers = new Map<string, Customer>();
  #count = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Runs `work` when its turn comes within `waitMs`; null when it does not, or when too many wait already. */
  async take<Result>(key: string, waitMs: number, work: () => Promise<Result>): Promise<Result | null> {
    const customer = this.#customers.get(key) ?? { limit: pLimit(CALLS_PER_CUSTOMER_MAX), count: 0 };
    if (customer.count >= CALLS_PER_CUSTOMER_MAX + WAITING_PER_CUSTOMER_MAX || this.#count >= ASKS_IN_FLIGHT_MAX) return null;
    this.#customers.set(key, customer);
    customer.count += 1;
    this.#count += 1;
    const late = Promise.withResolvers<null>();
    let isOver = false;
    const timer = this.#timers.after("vendor turn", waitMs, () => {
      isOver = true;
      late.resolve(null);
    });
    const turn = customer.limit(async () => {
      timer.cancel();
      return isOver ? null : await work();
    });
    // Counted until the turn itself is over, however long ago somebody stopped waiting for it.
    void turn.then(
      () => this.#leave(key, customer),
      () => this.#leave(key, customer),
    );
    return Promise.race([turn, late.promise]);
  }

  #leave(key: string, customer: Customer): void {
    customer.count -= 1;
    this.#count -= 1;
    if (customer.count === 0) this.#customers.delete(key);
  }
}
