import { RateLimiterMemory } from "rate-limiter-flexible";
import { addressKey } from "./address-key.ts";
import type { MqttLimits } from "./limits.ts";

/** Who may knock, and how often: sockets that have not shown a key, in total and by address, and failures by address and minute. */
export class Admission {
  readonly #limits: MqttLimits;
  readonly #failures: RateLimiterMemory;
  readonly #knockingByAddress = new Map<string, number>();
  #knockingCount = 0;

  constructor(limits: MqttLimits) {
    this.#limits = limits;
    this.#failures = new RateLimiterMemory({ points: limits.failuresPerMinuteCountMax, duration: 60 });
  }

  /** Takes a place for a socket without CONNACK, and returns how to give it back (idempotent); null when there is none. */
  admit(remoteAddress: string): (() => void) | null {
    const key = addressKey(remoteAddress);
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
  async isBlocked(remoteAddress: string): Promise<boolean> {
    const failures = await this.#failures.get(addressKey(remoteAddress));
    return failures !== null && failures.consumedPoints >= this.#limits.failuresPerMinuteCountMax;
  }

  async countFailure(remoteAddress: string): Promise<void> {
    await this.#failures.penalty(addressKey(remoteAddress));
  }
}
