import type { LinkEvent } from "@postern/contract";
import type { Log } from "@postern/core";
import { UNRECORDED_EVENTS_MAX } from "../limits.ts";

/** The durable log, as far as writing goes: returns when the events are on the disk, throws when they are not. */
export interface EventLog {
  append(events: readonly LinkEvent[]): void;
}

export interface RecorderDeps {
  readonly outbox: EventLog;
  readonly log: Log;
  readonly stampMs: () => number;
  /** Called after each successful write. */
  readonly onAppended: () => void;
}

/**
 * Writes events down in the order in which they happened. What happened although it could not be written (fire, an exit button, a relay) waits in
 * memory and goes before the next event that can be; the failure itself is then recorded too.
 */
export class Recorder {
  readonly #deps: RecorderDeps;
  #waiting: LinkEvent[] = [];
  #countDropped = 0;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  /** Whether the events are durable. When they are not, they are not kept either: what they were to permit must not happen. */
  recordFirst(events: readonly LinkEvent[]): boolean {
    return this.#append(events);
  }

  /** Records what has happened already. */
  record(events: readonly LinkEvent[]): void {
    if (events.length === 0 || this.#append(events)) return;
    const room = UNRECORDED_EVENTS_MAX - this.#waiting.length;
    this.#waiting.push(...events.slice(0, room));
    this.#countDropped += Math.max(0, events.length - room);
  }

  /** Tries again what waits. */
  flush(): void {
    if (this.#waiting.length > 0) this.#append([]);
  }

  #append(events: readonly LinkEvent[]): boolean {
    const all = [...this.#waiting, ...this.#failureEvents(), ...events];
    if (all.length === 0) return true;
    try {
      this.#deps.outbox.append(all);
    } catch (cause) {
      this.#deps.log.error("controller.not_recorded", {
        types: events.map((event) => event.eventType),
        countWaiting: this.#waiting.length,
        cause,
      });
      return false;
    }
    this.#waiting = [];
    this.#countDropped = 0;
    this.#deps.onAppended();
    return true;
  }

  #failureEvents(): LinkEvent[] {
    if (this.#waiting.length === 0) return [];
    const detail = { part: "disk", countLate: this.#waiting.length, countDropped: this.#countDropped };
    return [{ eventAt: this.#deps.stampMs(), eventType: "DRIVER_FAILED", detail }];
  }
}
