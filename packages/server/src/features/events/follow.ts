import { ClueError, type FollowedEvent, writeEvent } from "@postern/contract";
import { type Clock, pause, type Timers } from "@postern/core";
import { encodeLogId } from "../../ledger/log-id.ts";
import type { Database } from "../../platform/database.ts";
import { eventView } from "./event-view.ts";
import { FOLLOW_POLL_MS, FOLLOWERS_WAITING_COUNT_MAX } from "./limits.ts";
import type { FollowQuery } from "./read-follow-query.ts";
import { type EventsAfter, eventsAfter, type LedgerPlace } from "./store.ts";

/** Says that a place's ledger may have grown. A hint: it may come too often, late or not at all. */
export interface LedgerGrown {
  /** Resolves at the next hint for the place after the call, or when `timeoutMs` have passed or the signal is aborted. */
  wait(placeId: number, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export interface FollowDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Absent: a waiting request looks by itself. */
  readonly ledgerGrown?: LedgerGrown;
}

export interface FollowAnswer {
  readonly events: readonly FollowedEvent[];
  /** Where to go on after all of them; as it was when there are none. */
  readonly next: string;
}

/** Reads a ledger onwards in its own order, which no late event can disturb, and waits for what is not there yet. */
export class LedgerFollowers {
  readonly #deps: FollowDeps;
  #countWaiting = 0;

  constructor(deps: FollowDeps) {
    this.#deps = deps;
  }

  /**
   * The events after a cursor, at once or as soon as there are any within the time asked for; none when it has passed, or when the signal is
   * aborted. Fails with `e1005` for a cursor beyond the end: it comes from data that is no longer there.
   */
  async next(place: LedgerPlace, query: FollowQuery, signal: AbortSignal): Promise<FollowAnswer> {
    const first = await this.#read(place, query.after === "now" ? Number.MAX_SAFE_INTEGER : query.after, query.countMax);
    const sequence = query.after === "now" ? first.head : query.after;
    if (sequence > first.head) throw new ClueError("e1005", { details: [{ field: "after", message: "is beyond the end of this ledger" }] });
    if (first.events.length > 0 || query.waitMs === 0 || this.#countWaiting >= FOLLOWERS_WAITING_COUNT_MAX)
      return answer(place, sequence, first);
    this.#countWaiting += 1;
    try {
      return answer(place, sequence, await this.#wait(place, { ...query, sequence }, signal));
    } finally {
      this.#countWaiting -= 1;
    }
  }

  async #wait(place: LedgerPlace, query: FollowQuery & { readonly sequence: number }, signal: AbortSignal): Promise<EventsAfter> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + query.waitMs;
    for (;;) {
      const leftMs = untilMs - clock.monotonicMs();
      const read = await this.#readOrWait(place, query, { timeoutMs: Math.min(leftMs, FOLLOW_POLL_MS), signal });
      if (read.events.length > 0 || leftMs <= 0 || signal.aborted) return read;
    }
  }

  /** Listens before it looks: what is appended in between is either seen or hinted at. */
  async #readOrWait(
    place: LedgerPlace,
    query: FollowQuery & { readonly sequence: number },
    wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<EventsAfter> {
    const found = new AbortController();
    const grown = this.#grown(place.placeId, wait.timeoutMs, AbortSignal.any([found.signal, wait.signal]));
    try {
      const read = await this.#read(place, query.sequence, query.countMax);
      if (read.events.length === 0) await grown;
      return read;
    } finally {
      found.abort();
    }
  }

  #grown(placeId: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { ledgerGrown, timers } = this.#deps;
    if (timeoutMs <= 0) return Promise.resolve();
    return ledgerGrown === undefined ? pause(timers, "ledger poll", timeoutMs, signal) : ledgerGrown.wait(placeId, timeoutMs, signal);
  }

  #read(place: LedgerPlace, sequence: number, countMax: number): Promise<EventsAfter> {
    return eventsAfter(this.#deps.database, place, { sequence, countMax });
  }
}

function answer({ placeId }: LedgerPlace, sequence: number, { events }: EventsAfter): FollowAnswer {
  const followed = events.map((event) => {
    const item = writeEvent(eventView(placeId, event));
    const { receivedAt, deviceAt } = event;
    return { ...item, receivedAt, ...(deviceAt === null ? {} : { deviceAt }), cursor: item.logId };
  });
  return { events: followed, next: followed.at(-1)?.cursor ?? encodeLogId({ placeId, sequence }) };
}
