import { ClueError, type FollowedEvent } from "@postern/contract";
import type { Clock } from "@postern/core";
import { EVERY_EVENT } from "../../following/event-choice.ts";
import { type EventsAfter, eventsAfter, type FollowedPlace } from "../../following/follow-store.ts";
import { followedEvent } from "../../following/followed-event.ts";
import type { PlaceTails } from "../../following/place-tails.ts";
import { encodeLogId } from "../../ledger/log-id.ts";
import type { Database } from "../../platform/database.ts";
import { FOLLOW_LOOKS_COUNT_MAX, FOLLOWERS_WAITING_COUNT_MAX } from "./limits.ts";
import type { FollowQuery } from "./read-follow-query.ts";

export interface FollowDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly tails: PlaceTails;
}

export interface FollowAnswer {
  readonly events: readonly FollowedEvent[];
  /** Where to go on: after all of them, and after what was looked at and not chosen. */
  readonly next: string;
  /** What came after the cursor and up to here is no longer kept. */
  readonly droppedThrough?: string;
}

interface Found {
  readonly events: readonly FollowedEvent[];
  readonly through: number;
  readonly droppedThrough?: number | null;
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
  async next(place: FollowedPlace, query: FollowQuery, signal: AbortSignal): Promise<FollowAnswer> {
    const untilMs = this.#deps.clock.monotonicMs() + query.waitMs;
    const found = await this.#look(place, query, signal);
    if (found.events.length > 0 || query.waitMs === 0 || found.isBehind || this.#countWaiting >= FOLLOWERS_WAITING_COUNT_MAX)
      return answer(place, found);
    this.#countWaiting += 1;
    try {
      const waited = await this.#wait(place, { ...query, after: found.through, untilMs }, signal);
      return answer(place, { ...waited, droppedThrough: found.droppedThrough ?? null });
    } finally {
      this.#countWaiting -= 1;
    }
  }

  /** What is there already. `isBehind`: there was too much to look at it all. */
  async #look(place: FollowedPlace, query: FollowQuery, signal: AbortSignal): Promise<Found & { readonly isBehind: boolean }> {
    const first = await this.#read(place, query.after === "now" ? Number.MAX_SAFE_INTEGER : query.after, query);
    if (query.after === "now") return { events: [], through: first.head, isBehind: false };
    if (query.after > first.head)
      throw new ClueError("e1005", { details: [{ field: "after", message: "is beyond the end of this ledger" }] });
    let read = first;
    for (let looks = 1; read.events.length === 0 && read.through < read.head && looks < FOLLOW_LOOKS_COUNT_MAX; looks += 1) {
      if (signal.aborted) break;
      read = await this.#read(place, read.through, query);
    }
    const events = read.events.map((event) => followedEvent(place.placeId, event));
    const droppedThrough = query.after > 0 ? first.droppedThrough : null;
    return { events, through: read.through, droppedThrough, isBehind: read.through < read.head };
  }

  async #wait(
    place: FollowedPlace,
    { after, untilMs, countMax, choice }: Pick<FollowQuery, "countMax" | "choice"> & { readonly after: number; readonly untilMs: number },
    signal: AbortSignal,
  ): Promise<Found> {
    const { clock, tails } = this.#deps;
    using reader = tails.open(place);
    let through = after;
    for (;;) {
      const waitMs = untilMs - clock.monotonicMs();
      const ahead = await reader.next({ after: through, countMax, waitMs, choice, signal });
      through = ahead.through;
      const events = ahead.entries.map(({ event }) => followedEvent(place.placeId, event));
      if (events.length > 0 || waitMs <= 0 || signal.aborted) return { events, through };
    }
  }

  #read(place: FollowedPlace, sequence: number, { countMax, choice, after }: FollowQuery): Promise<EventsAfter> {
    // Of what is still to come nothing is chosen yet.
    return eventsAfter(this.#deps.database, place, { sequence, countMax, choice: after === "now" ? EVERY_EVENT : choice });
  }
}

function answer({ placeId }: FollowedPlace, { events, through, droppedThrough = null }: Found): FollowAnswer {
  const dropped = droppedThrough === null ? {} : { droppedThrough: encodeLogId({ placeId, sequence: droppedThrough }) };
  return { events, next: encodeLogId({ placeId, sequence: through }), ...dropped };
}
