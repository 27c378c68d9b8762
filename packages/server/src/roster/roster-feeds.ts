import type { Log } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { PlaceFeed } from "./place-feed.ts";

/** Told when the roster of a place has moved. */
export type FeedListener = () => void;

interface Followed {
  readonly feed: PlaceFeed;
  readonly listeners: Set<FeedListener>;
  isReading: boolean;
  isStale: boolean;
  whenRead: Promise<void>;
}

/** The feeds of the places that have connected controllers, each read once for all of them. */
export class RosterFeeds {
  readonly #database: Queryable;
  readonly #log: Log;
  readonly #followed = new Map<number, Followed>();

  constructor(database: Queryable, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /** Follows a place; the feed is at the head when this resolves. Call the returned `leave` once. */
  async follow(placeId: number, listener: FeedListener): Promise<{ feed: PlaceFeed; leave: () => void }> {
    const followed = this.#followed.get(placeId) ?? newlyFollowed(new PlaceFeed(this.#database, placeId));
    this.#followed.set(placeId, followed);
    followed.listeners.add(listener);
    const leave = (): void => {
      followed.listeners.delete(listener);
      if (followed.listeners.size === 0 && this.#followed.get(placeId) === followed) this.#followed.delete(placeId);
    };
    await this.#refresh(followed);
    return { feed: followed.feed, leave };
  }

  /** A hint, from a notification, that a place has moved. */
  hint(placeId: number): void {
    const followed = this.#followed.get(placeId);
    if (followed !== undefined) void this.#refresh(followed);
  }

  /** Reads a followed place; its listeners have been told when this resolves. */
  async settle(placeId: number): Promise<void> {
    const followed = this.#followed.get(placeId);
    if (followed !== undefined) await this.#refresh(followed);
  }

  /** Looks at all followed places at once: the truth behind the hints. */
  async poll(): Promise<void> {
    const placeIds = [...this.#followed.keys()];
    if (placeIds.length === 0) return;
    const heads = await this.#database.query<{ place_id: number; revision: number }>({
      name: "roster-poll-heads",
      text: "select place_id, revision from roster_heads where place_id = any($1)",
      values: [placeIds],
    });
    for (const head of heads) if (this.#followed.get(head.place_id)?.feed.head !== head.revision) this.hint(head.place_id);
  }

  /** One reading at a time for a place; a hint during it makes one more, since what it announces may have come too late for the first. */
  #refresh(followed: Followed): Promise<void> {
    followed.isStale = true;
    if (!followed.isReading) followed.whenRead = this.#read(followed);
    return followed.whenRead;
  }

  async #read(followed: Followed): Promise<void> {
    followed.isReading = true;
    while (followed.isStale) {
      followed.isStale = false;
      try {
        if (await followed.feed.refresh()) for (const listener of followed.listeners) listener();
      } catch (cause) {
        // The next poll reads again; doors go on with what they hold.
        this.#log.warn("roster.feed_unread", { placeId: followed.feed.placeId, cause });
      }
    }
    // In the same step as the look at the flag: a hint after it starts a reading of its own.
    followed.isReading = false;
  }
}

function newlyFollowed(feed: PlaceFeed): Followed {
  return { feed, listeners: new Set(), isReading: false, isStale: true, whenRead: Promise.resolve() };
}
