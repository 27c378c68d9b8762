import type { Clock, Timer, Timers } from "@postern/core";

interface Waiting {
  readonly dueMs: number;
  readonly run: () => void;
  handle: NodeJS.Timeout | null;
}

/** No timer of the machine is trusted for longer: what is further away is looked at again. */
const REAL_MS_MAX = 60_000;

/**
 * Time that goes on as it does on the wall, and leaps when a test says so: real sockets, disks and processes work while a day passes. What is due
 * within a leap runs in its order, each at its own time.
 */
export class LeapingTime implements Clock, Timers {
  readonly #originMs = performance.now();
  readonly #waiting = new Set<Waiting>();
  #wallMs: number;
  #leaptMs = 0;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return Math.floor(this.#wallMs + this.monotonicMs());
  }

  monotonicMs(): number {
    return performance.now() - this.#originMs + this.#leaptMs;
  }

  after(_name: string, delayMs: number, action: () => void): Timer {
    const waiting: Waiting = { dueMs: this.monotonicMs() + delayMs, run: action, handle: null };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return { cancel: () => this.#end(waiting) };
  }

  /** Moves on to an instant of the wall clock; one that has passed is left behind. */
  leapTo(atMs: number): void {
    this.leap(atMs - this.nowMs());
  }

  leap(byMs: number): void {
    const toMs = this.monotonicMs() + byMs;
    for (;;) {
      const next = [...this.#waiting].filter((one) => one.dueMs <= toMs).sort((left, right) => left.dueMs - right.dueMs)[0];
      if (next === undefined) break;
      this.#leaptMs += Math.max(0, next.dueMs - this.monotonicMs());
      this.#end(next);
      next.run();
    }
    this.#leaptMs += Math.max(0, toMs - this.monotonicMs());
    for (const waiting of this.#waiting) this.#arm(waiting);
  }

  #arm(waiting: Waiting): void {
    if (waiting.handle !== null) clearTimeout(waiting.handle);
    const leftMs = waiting.dueMs - this.monotonicMs();
    waiting.handle = setTimeout(() => this.#look(waiting), Math.min(REAL_MS_MAX, Math.max(0, leftMs)));
  }

  #look(waiting: Waiting): void {
    if (waiting.dueMs > this.monotonicMs()) {
      this.#arm(waiting);
      return;
    }
    this.#end(waiting);
    waiting.run();
  }

  #end(waiting: Waiting): void {
    if (waiting.handle !== null) clearTimeout(waiting.handle);
    this.#waiting.delete(waiting);
  }
}
