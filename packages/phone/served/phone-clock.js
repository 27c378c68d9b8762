// Made from packages/phone/page/phone-clock.ts by `npm run gen`.
/** A clock that is off by more than this is told of: a code of the neighbouring step is still taken. */
export const CLOCK_OFF_MS_MAX = 4_000;

/** This phone's time; once the server was heard, the server's, counted on by a clock that never jumps. Doors take theirs from there too. */
export class PhoneClock {
           #clock              ;
  #anchor                                                               = null;

  constructor(clock              ) {
    this.#clock = clock;
  }

  nowMs()         {
    const { ms, monotonicMs } = this.#anchor ?? { ms: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs() };
    return ms + this.#clock.monotonicMs() - monotonicMs;
  }

  /** The server's time came with an answer that was waited for so long: half of that ago, as far as can be told. */
  heard(serverMs        , waitedMs        )       {
    this.#anchor = { ms: serverMs + waitedMs / 2, monotonicMs: this.#clock.monotonicMs() };
  }

  /** A phone that slept counts no time: its own clock is taken until the server is heard again. */
  slept()       {
    this.#anchor = null;
  }

  /** By how much this phone's own clock is ahead of the server's, where that matters; null: it is right, or the server has not been heard. */
  aheadMs()                {
    if (this.#anchor === null) return null;
    const aheadMs = this.#clock.nowMs() - this.nowMs();
    return Math.abs(aheadMs) > CLOCK_OFF_MS_MAX ? aheadMs : null;
  }
}
