import type { Timer, Timers } from "@postern/core";
import type { DoorWiring } from "../drivers/driver.ts";
import { retryPauseMs } from "./faults.ts";

interface Unreached {
  readonly wiring: DoorWiring;
  readonly timer: Timer;
}

/** Doors whose hardware could not be reached. Each is tried again after growing pauses, by itself. */
export class UnreachedDoors {
  readonly #timers: Timers;
  readonly #doors = new Map<number, Unreached>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** `connect` throws while the door cannot be reached. `failed` is called for the first failure alone, `recovered` for the success that ends them. */
  reach(
    wiring: DoorWiring,
    on: { readonly connect: () => void; readonly failed: (cause: unknown) => void; readonly recovered: () => void },
  ): void {
    const attempt = (tryCount: number): void => {
      try {
        on.connect();
      } catch (cause) {
        if (tryCount === 0) on.failed(cause);
        const timer = this.#timers.after("door connection", retryPauseMs(tryCount), () => attempt(tryCount + 1));
        this.#doors.set(wiring.doorId, { wiring, timer });
        return;
      }
      if (this.#doors.delete(wiring.doorId)) on.recovered();
    };
    attempt(0);
  }

  has(doorId: number): boolean {
    return this.#doors.has(doorId);
  }

  wirings(): readonly DoorWiring[] {
    return [...this.#doors.values()].map(({ wiring }) => wiring);
  }

  /** Gives up those that are not to be kept. */
  keepOnly(isKept: (wiring: DoorWiring) => boolean): void {
    for (const [doorId, { wiring, timer }] of this.#doors) {
      if (isKept(wiring)) continue;
      timer.cancel();
      this.#doors.delete(doorId);
    }
  }
}
