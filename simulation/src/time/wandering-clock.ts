import type { Clock } from "@postern/core";
import type { Scheduler } from "./scheduler.ts";

/** 2026-09-01, a Tuesday: when every world begins. */
export const WORLD_BEGINS_MS = Date.UTC(2026, 8, 1);

/** The clock of one machine: it drifts, it can be set to any time, and its monotonic part drifts with it but never jumps. */
export class WanderingClock implements Clock {
  readonly #scheduler: Scheduler;
  /** Seconds of this clock in a true second. */
  readonly #rate: number;
  #offsetMs: number;

  constructor(scheduler: Scheduler, { rate, offsetMs }: { readonly rate: number; readonly offsetMs: number }) {
    this.#scheduler = scheduler;
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  nowMs(): number {
    return Math.max(0, Math.floor(this.#beganMs + this.#scheduler.nowMs * this.#rate + this.#offsetMs));
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs * this.#rate;
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** As a clock without a battery after the power was gone. */
  loseTime(): void {
    this.#offsetMs = -this.#beganMs - this.#scheduler.nowMs * this.#rate;
  }

  setRight(): void {
    this.#offsetMs = this.#scheduler.nowMs * (1 - this.#rate);
  }

  get #beganMs(): number {
    return WORLD_BEGINS_MS + this.#scheduler.sleptMs;
  }
}
