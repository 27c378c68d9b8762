import type { Timer, Timers } from "@postern/core";
import type { DoorPart, Faults } from "../drivers/driver.ts";

export interface PartRetriesDeps {
  readonly timers: Timers;
  readonly faults: Faults | null;
  readonly retry: (part: DoorPart) => void;
  readonly works: (part: DoorPart) => void;
  readonly failed: (part: DoorPart) => void;
}

/** The clocks behind the tries of a door's broken parts: one a part. */
export class PartRetries {
  readonly #deps: PartRetriesDeps;
  readonly #timers = new Map<DoorPart, Timer>();
  #isStopped = false;

  constructor(deps: PartRetriesDeps) {
    this.#deps = deps;
  }

  /** A part that is about to be tried already is not tried later because it failed again. */
  later(part: DoorPart, afterMs: number): void {
    if (this.#isStopped || this.#timers.has(part)) return;
    const timer = this.#deps.timers.after(`retry ${part}`, afterMs, () => {
      this.#timers.delete(part);
      this.#deps.retry(part);
    });
    this.#timers.set(part, timer);
  }

  async revive(part: DoorPart): Promise<void> {
    let isWorking = false;
    try {
      await this.#deps.faults?.revive(part);
      isWorking = true;
    } catch {
      // That it fails is known and recorded; what matters is when it works again.
    }
    if (this.#isStopped) return;
    if (isWorking) this.#deps.works(part);
    else this.#deps.failed(part);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
