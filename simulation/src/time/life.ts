import type { Timer, Timers } from "@postern/core";
import type { Action, Scheduler } from "./scheduler.ts";

/** One run of a process, from its start until it is killed. What its code still does after that reaches nothing. */
export class Life {
  readonly #scheduler: Scheduler;
  readonly #whenOver: (() => void)[] = [];
  #isOver = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  readonly timers: Timers = {
    after: (_name, delayMs, action): Timer => ({ cancel: this.after(delayMs, action) }),
  };

  after(delayMs: number, action: Action): () => void {
    return this.#scheduler.after(delayMs, () => (this.#isOver ? undefined : action()));
  }

  /** Calls `action` when the process is killed. */
  atEnd(action: () => void): void {
    this.#whenOver.push(action);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const action of this.#whenOver) action();
  }
}

/** Thrown into the code of a process that is killed in the middle of a write: nothing it does from then on reaches anything. */
export class Killed extends Error {
  constructor() {
    super("The process was killed.");
    this.name = "Killed";
  }
}
