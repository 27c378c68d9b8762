import { Readable } from "node:stream";
import { pause, type Timers } from "@postern/core";
import { STREAM_STALLED_MS_MAX, STREAM_WAITING_BYTES_MAX } from "./limits.ts";

/** What is on its way to one reader, bounded. A reader that takes nothing for too long is cut off. */
export class StreamOutput {
  readonly body: Readable;
  readonly #timers: Timers;
  readonly #gone = new AbortController();
  #taken = new AbortController();
  #isFull = false;

  constructor(timers: Timers) {
    this.#timers = timers;
    this.body = new Readable({
      highWaterMark: STREAM_WAITING_BYTES_MAX,
      read: () => {
        this.#isFull = false;
        this.#taken.abort();
      },
      destroy: (error, done) => {
        this.#gone.abort();
        this.#taken.abort();
        done(error);
      },
    });
  }

  /** Aborted when nobody reads any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  write(text: string): void {
    if (this.#gone.signal.aborted || this.body.readableEnded) return;
    if (this.body.push(text)) return;
    this.#isFull = true;
    if (this.#taken.signal.aborted) this.#taken = new AbortController();
  }

  /** Resolves when there is room again; cuts the reader off when there is none in time. */
  async room(): Promise<void> {
    if (!this.#isFull || this.#gone.signal.aborted) return;
    const { signal } = this.#taken;
    await pause(this.#timers, "slow reader", STREAM_STALLED_MS_MAX, signal);
    // Told by closing: its last id is where it goes on.
    if (!signal.aborted) this.body.destroy();
  }

  /** Ends it in order. */
  end(): void {
    if (!this.#gone.signal.aborted) this.body.push(null);
  }
}
