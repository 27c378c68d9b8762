/** Something that is to happen. A promise is waited for before anything else happens. */
export type Action = () => void | Promise<void>;

interface Event {
  readonly atMs: number;
  /** Tells events of the same instant apart: first planned, first done. */
  readonly order: number;
  action: Action | null;
}

/** Callbacks asked of the event loop at once: after each one it runs every microtask, so that one event is over before the next begins. */
const STEPS_PER_TURN = 64;

/**
 * Simulated time, and everything that is to happen in it, in one order: by time, then by when it was planned. Between two events all promises that
 * can settle have settled, so that the same plan gives the same history.
 */
export class Scheduler {
  readonly #events: Event[] = [];
  #order = 0;
  #nowMs = 0;
  #countDone = 0;

  /** What every clock has moved on by while nothing ran. */
  sleptMs = 0;

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get countDone(): number {
    return this.#countDone;
  }

  /** Plans an action; the returned function takes it back. */
  after(delayMs: number, action: Action): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, action };
    this.#order += 1;
    this.#push(event);
    return () => {
      event.action = null;
    };
  }

  /** Lets everything happen that is planned up to `endMs`. Rejects with what an action throws. */
  runUntil(endMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let isWaiting = false;
      const end = (settle: () => void): void => {
        isOver = true;
        settle();
      };
      const step = (): void => {
        if (isOver || isWaiting) return;
        const action = this.#take(endMs);
        if (action === null) {
          end(resolve);
          return;
        }
        try {
          const work = action();
          if (work === undefined) return;
          isWaiting = true;
          work.then(
            () => {
              isWaiting = false;
              turn();
            },
            (cause: unknown) => end(() => reject(cause)),
          );
        } catch (cause) {
          end(() => reject(cause));
        }
      };
      const turn = (): void => {
        for (let count = 0; count < STEPS_PER_TURN; count += 1) setImmediate(step);
        setImmediate(() => {
          if (!isOver && !isWaiting) turn();
        });
      };
      turn();
    });
  }

  /** The next action up to `endMs`, with the time moved to it; null, with the time at `endMs`, when there is none. */
  #take(endMs: number): Action | null {
    for (let next = this.#events[0]; next !== undefined && next.atMs <= endMs; next = this.#events[0]) {
      this.#pop();
      if (next.action === null) continue;
      this.#nowMs = next.atMs;
      this.#countDone += 1;
      return next.action;
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    return null;
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      events[at] = parent;
      at = above;
    }
    events[at] = event;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let at = 0;
    for (;;) {
      const left = events[2 * at + 1];
      const right = events[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, last)) break;
      events[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    events[at] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
