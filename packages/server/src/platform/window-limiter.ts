import type { Clock } from "@postern/core";
import { ExpiringMap } from "./expiring-map.ts";
import { LIMITER_KEYS_COUNT_MAX } from "./platform-limits.ts";

export interface WindowLimits {
  readonly countMax: number;
  readonly windowMs: number;
}

export type WindowAnswer = { readonly kind: "within" } | { readonly kind: "over"; readonly retryAfterS: number };

interface Window {
  readonly beginMs: number;
  count: number;
}

/** Counts per key in windows of fixed length that begin with the first call. In memory and bounded: a restart forgets, a flood of keys too. */
export class WindowLimiter {
  readonly #clock: Clock;
  readonly #limits: WindowLimits;
  readonly #windows: ExpiringMap<string, Window>;

  constructor(clock: Clock, limits: WindowLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#windows = new ExpiringMap(clock, { countMax: LIMITER_KEYS_COUNT_MAX, lifetimeMs: limits.windowMs });
  }

  /** Counts one more. `over` from the first one beyond `countMax`, until the window ends. */
  take(key: string): WindowAnswer {
    const window = this.#windows.get(key) ?? this.#begin(key);
    window.count += 1;
    return window.count <= this.#limits.countMax ? { kind: "within" } : this.#over(window);
  }

  /** The same without counting: `over` once the window has had its fill. */
  look(key: string): WindowAnswer {
    const window = this.#windows.get(key);
    return window === undefined || window.count < this.#limits.countMax ? { kind: "within" } : this.#over(window);
  }

  #over({ beginMs }: Window): WindowAnswer {
    const remainingMs = beginMs + this.#limits.windowMs - this.#clock.monotonicMs();
    return { kind: "over", retryAfterS: Math.max(1, Math.ceil(remainingMs / 1_000)) };
  }

  #begin(key: string): Window {
    const window = { beginMs: this.#clock.monotonicMs(), count: 0 };
    this.#windows.set(key, window, window.beginMs);
    return window;
  }
}
