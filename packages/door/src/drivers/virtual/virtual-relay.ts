import type { Clock, Timer, Timers } from "@postern/core";
import type { Relay } from "../driver.ts";

/** A relay in memory. */
export class VirtualRelay implements Relay {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #listener: (isOn: boolean) => void = () => undefined;
  #isOn = false;
  #isHeld = false;
  #pulseEndsMs = Number.NEGATIVE_INFINITY;
  #pulse: Timer | null = null;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  pulse(unlockMs: number): Promise<void> {
    const endsMs = this.#clock.monotonicMs() + unlockMs;
    if (this.#pulse === null || endsMs > this.#pulseEndsMs) {
      this.#pulse?.cancel();
      this.#pulseEndsMs = endsMs;
      this.#pulse = this.#timers.after("relay pulse", unlockMs, () => {
        this.#pulse = null;
        this.#settle();
      });
    }
    this.#settle();
    return Promise.resolve();
  }

  hold(isOn: boolean): Promise<void> {
    this.#isHeld = isOn;
    this.#settle();
    return Promise.resolve();
  }

  lock(): Promise<void> {
    this.#pulse?.cancel();
    this.#pulse = null;
    this.#isHeld = false;
    this.#settle();
    return Promise.resolve();
  }

  listen(listener: (isOn: boolean) => void): void {
    this.#listener = listener;
  }

  #settle(): void {
    const isOn = this.#isHeld || this.#pulse !== null;
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#listener(isOn);
  }
}
