import type { Timers } from "@postern/core";

/** Questions whether a peer is there, answered by its next acknowledgement. One message asks for all of them. */
export class AliveProbes {
  readonly #timers: Timers;
  readonly #publishProbe: () => Promise<boolean>;
  readonly #waiting = new Set<(isAlive: boolean) => void>();
  #asking: Promise<void> | null = null;

  constructor(timers: Timers, publishProbe: () => Promise<boolean>) {
    this.#timers = timers;
    this.#publishProbe = publishProbe;
  }

  /** False after `timeoutMs` without an answer. */
  ask(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isAlive: boolean): void => {
        timer.cancel();
        this.#waiting.delete(settle);
        resolve(isAlive);
      };
      const timer = this.#timers.after("link.alive", timeoutMs, () => settle(false));
      this.#waiting.add(settle);
      this.#asking ??= this.#askOnce();
    });
  }

  /** The peer acknowledged something: any message will do, since one behind others would wait for them. */
  answered(): void {
    for (const settle of this.#waiting) settle(true);
  }

  /** The connection has ended. */
  end(): void {
    for (const settle of this.#waiting) settle(false);
  }

  async #askOnce(): Promise<void> {
    await this.#publishProbe();
    this.#asking = null;
  }
}
