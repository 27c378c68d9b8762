import type { Clock, Timer, Timers } from "@postern/core";
import { NOW_MS } from "./builders.ts";

/** Time that passes only when a test says so. */
export class ManualTime implements Clock, Timers {
  #wallMs: number;
  #monotonicMs = 1_000;
  readonly #timers = new Set<{ readonly name: string; readonly dueMs: number; readonly action: () => void }>();

  constructor(wallMs = NOW_MS) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(name: string, delayMs: number, action: () => void): Timer {
    const timer = { name, dueMs: this.#monotonicMs + delayMs, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** The names of what still runs. */
  running(): string[] {
    return [...this.#timers].map((timer) => timer.name);
  }

  /** Sets the wall clock without time passing. */
  stepWall(toMs: number): void {
    this.#wallMs = toMs;
  }

  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs).sort((left, right) => left.dueMs - right.dueMs)[0];
      if (due === undefined) break;
      this.#pass(due.dueMs - this.#monotonicMs);
      this.#timers.delete(due);
      due.action();
    }
    this.#pass(endMs - this.#monotonicMs);
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }
}
