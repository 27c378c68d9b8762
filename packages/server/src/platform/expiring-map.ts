import type { Clock } from "@postern/core";

export interface ExpiringMapLimits {
  /** Entries beyond it push out the one used longest ago. */
  readonly countMax: number;
  readonly lifetimeMs: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly sinceMs: number;
}

/** A bounded map that forgets: nothing is given out later than its lifetime after the moment it was true. */
export class ExpiringMap<Key, Value> {
  readonly #clock: Clock;
  readonly #limits: ExpiringMapLimits;
  readonly #entries = new Map<Key, Entry<Value>>();

  constructor(clock: Clock, limits: ExpiringMapLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (this.#clock.monotonicMs() - entry.sinceMs >= this.#limits.lifetimeMs) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** `sinceMs`, of the monotonic clock: when the value was known to be true, where that is not now (a query's start, not its end). */
  set(key: Key, value: Value, sinceMs: number = this.#clock.monotonicMs()): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#limits.countMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, sinceMs });
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
