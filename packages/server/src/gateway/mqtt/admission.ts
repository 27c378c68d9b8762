import type { Clock } from "@postern/core";
import { sourceOf } from "../../platform/source-address.ts";
import { WindowLimiter } from "../../platform/window-limiter.ts";
import { FAILURES_WINDOW_MS, type MqttLimits } from "./limits.ts";

/** Who may knock, and how often: sockets that have not shown a key, in total and by address, and failures by address and minute. */
export class Admission {
  readonly #limits: MqttLimits;
  readonly #failures: WindowLimiter;
  readonly #knockingByAddress = new Map<string, number>();
  #knockingCount = 0;

  constructor(clock: Clock, limits: MqttLimits) {
    this.#limits = limits;
    this.#failures = new WindowLimiter(clock, { countMax: limits.failuresPerMinuteCountMax, windowMs: FAILURES_WINDOW_MS });
  }

  /** Takes a place for a socket without CONNACK, and returns how to give it back (idempotent); null when there is none. */
  admit(remoteAddress: string): (() => void) | null {
    const key = sourceOf(remoteAddress);
    const ofAddress = this.#knockingByAddress.get(key) ?? 0;
    if (this.#knockingCount >= this.#limits.unauthenticatedCountMax || ofAddress >= this.#limits.unauthenticatedPerAddressCountMax)
      return null;
    this.#knockingCount += 1;
    this.#knockingByAddress.set(key, ofAddress + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#leave(key);
      isHeld = false;
    };
  }

  #leave(key: string): void {
    const remaining = (this.#knockingByAddress.get(key) ?? 1) - 1;
    this.#knockingCount -= 1;
    if (remaining === 0) this.#knockingByAddress.delete(key);
    else this.#knockingByAddress.set(key, remaining);
  }

  /** Whether this address has failed too often to be listened to. */
  isBlocked(remoteAddress: string): boolean {
    return this.#failures.look(sourceOf(remoteAddress)).kind === "over";
  }

  countFailure(remoteAddress: string): void {
    this.#failures.take(sourceOf(remoteAddress));
  }
}
