import type { Timers } from "@postern/core";

/** Pauses between tries pass at once and are noted; the limit of an answer runs out when the test says so. */
export interface NotedTimers extends Timers {
  readonly pausesMs: number[];
  /** The limits of answers still running. */
  running(): number;
  runOut(): void;
}

export function notedTimers(): NotedTimers {
  const pausesMs: number[] = [];
  const limits = new Set<() => void>();
  return {
    pausesMs,
    after(name, delayMs, action) {
      if (name === "a call again") {
        pausesMs.push(delayMs);
        queueMicrotask(action);
        return { cancel: () => undefined };
      }
      limits.add(action);
      return { cancel: () => void limits.delete(action) };
    },
    running: () => limits.size,
    runOut: () => {
      for (const action of limits) action();
    },
  };
}
