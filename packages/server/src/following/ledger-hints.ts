import type { Timers } from "@postern/core";

/** Says that a place's ledger may have grown. A hint: it may come too often, late or not at all. */
export interface LedgerGrown {
  /** Resolves at the next hint for the place after the call, or when `timeoutMs` have passed or the signal is aborted. */
  wait(placeId: number, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

/** Turns notifications that a place's ledger has grown into what waiting requests wait for. */
export class LedgerHints implements LedgerGrown {
  readonly #timers: Timers;
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** How many requests wait now. */
  get waitingCount(): number {
    return [...this.#waiting.values()].reduce((count, waiting) => count + waiting.size, 0);
  }

  /** A notification as it came: the place's id, or null when any may have been missed. */
  hint(payload: string | null): void {
    const places = payload === null ? [...this.#waiting.keys()] : [Number(payload)];
    for (const placeId of places) for (const wake of [...(this.#waiting.get(placeId) ?? [])]) wake();
  }

  wait(placeId: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(placeId) ?? new Set();
      this.#waiting.set(placeId, waiting);
      const wake = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(placeId) === waiting) this.#waiting.delete(placeId);
        resolve();
      };
      const timer = this.#timers.after("ledger hint", timeoutMs, wake);
      signal.addEventListener("abort", wake, { once: true });
      waiting.add(wake);
    });
  }
}
