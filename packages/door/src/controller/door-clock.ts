import type { Clock } from "@postern/core";
import { CLOCK_PERSIST_MS, CLOCK_PLAUSIBLE_FROM_MS, CLOCK_STEP_MS_MAX } from "../limits.ts";

/** What the controller knew of the time when it stopped. */
export interface RememberedTime {
  /** The newest time written down, or null. */
  readonly newestMs: number | null;
  /** When the server was last heard, or null. */
  readonly heardMs: number | null;
}

/**
 * The controller's own time: the server's at the last contact plus the time that has passed since, measured by a clock that never jumps. Before
 * the first contact since the start it is the system's, and never below the newest time written down: a clock that lost its battery must not
 * bring an ended right back. When nothing plausible is known there is no time, and rights that have a period are refused.
 */
export class DoorClock {
  readonly #clock: Clock;
  /** The time at a monotonic instant, from which it is counted on. */
  #anchor: { readonly ms: number; readonly monotonicMs: number } | null;
  #heardMs: number | null;
  #heardMonotonicMs: number | null = null;

  constructor(clock: Clock, remembered: RememberedTime) {
    this.#clock = clock;
    const { newestMs, heardMs } = remembered;
    // A system clock behind what was written down does not tell for how long we ran since. All of that counts as old: else whoever cuts the power
    // again and again would keep a belief young for ever. One that is far behind was lost, and does not tell how long we were away either.
    const behindMs = newestMs === null ? 0 : newestMs - clock.nowMs();
    if (heardMs === null || behindMs > CLOCK_PERSIST_MS) this.#heardMs = null;
    else this.#heardMs = behindMs > 0 ? heardMs - CLOCK_PERSIST_MS : heardMs;
    const startMs = Math.max(clock.nowMs(), newestMs ?? Number.NEGATIVE_INFINITY);
    this.#anchor = startMs >= CLOCK_PLAUSIBLE_FROM_MS ? { ms: startMs, monotonicMs: clock.monotonicMs() } : null;
  }

  /** Epoch milliseconds, or null when nothing plausible is known. */
  nowMs(): number | null {
    const anchor = this.#anchor;
    return anchor === null ? null : Math.floor(anchor.ms + this.#clock.monotonicMs() - anchor.monotonicMs);
  }

  /** For what is written down: the time, or what the system says when there is none. The server corrects it. */
  stampMs(): number {
    return this.nowMs() ?? Math.floor(this.#clock.nowMs());
  }

  /**
   * Takes over the server's time, which was `serverMs` at some moment of the last `waitedMs`: a clock that lies between is right, as far as can be told,
   * however slow the way. Returns by how much the clock was wrong when that is more than a step, else null.
   */
  contact(serverMs: number, waitedMs = 0): number | null {
    this.heard();
    const nowMs = this.nowMs();
    const rightMs = nowMs === null ? serverMs : Math.min(Math.max(nowMs, serverMs), serverMs + waitedMs);
    const stepMs = nowMs === null ? 0 : Math.round(rightMs - nowMs);
    const isStep = Math.abs(stepMs) > CLOCK_STEP_MS_MAX;
    // A small difference backwards is waited out, so that events stay in order; the server's word on a large one is obeyed.
    if (nowMs === null || isStep || stepMs > 0) this.#anchor = { ms: rightMs, monotonicMs: this.#clock.monotonicMs() };
    return isStep ? stepMs : null;
  }

  /** The server has been heard, in whatever way. */
  heard(): void {
    this.#heardMonotonicMs = this.#clock.monotonicMs();
    this.#heardMs = null;
  }

  /** How long ago the server was last heard; null when never, or when that cannot be told. */
  beliefAgeMs(): number | null {
    if (this.#heardMonotonicMs !== null) return this.#clock.monotonicMs() - this.#heardMonotonicMs;
    const nowMs = this.nowMs();
    // Heard in what is still to come: by a clock that has been set back since. How long ago that was cannot be told.
    return nowMs === null || this.#heardMs === null || this.#heardMs > nowMs ? null : nowMs - this.#heardMs;
  }

  /** When the server was last heard, by this clock; null when never. */
  heardMs(): number | null {
    const nowMs = this.nowMs();
    const ageMs = this.#heardMonotonicMs === null ? null : this.beliefAgeMs();
    return nowMs === null || ageMs === null ? this.#heardMs : Math.floor(nowMs - ageMs);
  }
}
