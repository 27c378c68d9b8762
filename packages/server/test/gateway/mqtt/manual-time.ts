import type { Clock, Timer, Timers } from "@postern/core";

interface Pending {
  readonly atMs: number;
  readonly action: () => void;
}

/** Time that passes when the test says so. Delays of 0 pass by themselves: they are turns and not time. */
export class ManualTime {
  #nowMs = 1_000_000;
  readonly #pending = new Set<Pending>();

  readonly clock: Clock = { nowMs: () => this.#nowMs, monotonicMs: () => this.#nowMs };

  readonly timers: Timers = {
    after: (_name, delayMs, action): Timer => {
      if (delayMs === 0) {
        const turn = setImmediate(action);
        return { cancel: () => clearImmediate(turn) };
      }
      const pending = { atMs: this.#nowMs + delayMs, action };
      this.#pending.add(pending);
      return { cancel: () => void this.#pending.delete(pending) };
    },
  };

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#dueBy(endMs); next !== undefined; next = this.#dueBy(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  #dueBy(endMs: number): Pending | undefined {
    return [...this.#pending].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}
