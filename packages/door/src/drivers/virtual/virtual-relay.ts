import type { Clock, Timer, Timers } from "@postern/core";
import { doorError } from "../../errors.ts";
import type { Relay } from "../driver.ts";

/** A relay in memory. */
export class VirtualRelay implements Relay {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #isDead: () => boolean;
  /** Without power the bolt stands as its kind does. */
  #unpowered: "open" | "shut" | null = null;
  #listener: (isOn: boolean) => void = () => undefined;
  #isOn = false;
  #isHeld = false;
  #pulseEndsMs = Number.NEGATIVE_INFINITY;
  #pulse: Timer | null = null;

  /** `isDead`: whether it does not hear what it is told. */
  constructor(clock: Clock, timers: Timers, isDead: () => boolean) {
    this.#isDead = isDead;
    this.#clock = clock;
    this.#timers = timers;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  pulse(unlockMs: number): Promise<void> {
    if (this.#isDead()) return rejected();
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
    if (this.#isDead()) return rejected();
    this.#isHeld = isOn;
    this.#settle();
    return Promise.resolve();
  }

  lock(): Promise<void> {
    if (this.#isDead()) return rejected();
    this.drop();
    return Promise.resolve();
  }

  /** Falls, whatever it was told. */
  drop(): void {
    this.#pulse?.cancel();
    this.#pulse = null;
    this.#isHeld = false;
    this.#settle();
  }

  setPower(isOn: boolean, isFailSafe: boolean): void {
    this.#unpowered = isOn ? null : isFailSafe ? "open" : "shut";
    // What it was told before is forgotten with the power.
    this.drop();
  }

  listen(listener: (isOn: boolean) => void): void {
    this.#listener = listener;
  }

  #settle(): void {
    const isOn = this.#unpowered === null ? this.#isHeld || this.#pulse !== null : this.#unpowered === "open";
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#listener(isOn);
  }
}

function rejected(): Promise<never> {
  return Promise.reject(doorError("part_dead", { context: { part: "relay" } }));
}
