import { CONNECT_MS_MAX, POOL_CONNECTION_COUNT, POOL_WAITING_COUNT_MAX, platformError } from "@postern/server/internal";
import type { Life } from "../time/life.ts";

interface Waiting {
  readonly enter: () => void;
}

/** The connections of one server process to its database, and who waits for one: the product's own numbers, and its refusals. */
export class ConnectionPool {
  readonly #life: Life;
  #countInUse = 0;
  #waiting: Waiting[] = [];
  /** Who ever waited at once, at most, and who was sent away. */
  waitingMost = 0;
  countRefused = 0;

  constructor(life: Life) {
    this.#life = life;
  }

  /** Lends a connection for `work`. */
  async lend<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#countInUse < POOL_CONNECTION_COUNT) this.#countInUse += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= POOL_WAITING_COUNT_MAX) return Promise.reject(this.#refuse());
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { enter: resolve };
      this.#waiting.push(waiting);
      this.waitingMost = Math.max(this.waitingMost, this.#waiting.length);
      this.#life.after(CONNECT_MS_MAX, () => {
        if (!this.#waiting.includes(waiting)) return;
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(this.#refuse());
      });
    });
  }

  #refuse(): Error {
    this.countRefused += 1;
    return platformError("database_busy");
  }

  /** The connection goes to whoever waits longest. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#countInUse -= 1;
    else next.enter();
  }
}
