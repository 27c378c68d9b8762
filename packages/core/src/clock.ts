/** Time as an argument, so that a test or a simulation can own it. */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds that never go back and never jump; their origin means nothing. */
  monotonicMs(): number;
}

export interface Timers {
  /** Runs `action` once after `delayMs`. The name says what for, in tests and in a list of what still runs. */
  after(name: string, delayMs: number, action: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemTimers: Timers = {
  after(_name, delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A promise of `delayMs` passing; an aborted signal ends it early, without an error. */
export function pause(timers: Timers, name: string, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = timers.after(name, delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
