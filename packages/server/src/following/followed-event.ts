import { type FollowedEvent, writeEvent } from "@postern/contract";
import { eventView } from "./event-view.ts";
import type { TimedEvent } from "./follow-store.ts";

/** An event as every follower is told it. Its cursor is its `logId`. */
export function followedEvent(placeId: number, event: TimedEvent): FollowedEvent {
  const item = writeEvent(eventView(placeId, event));
  const { receivedAt, deviceAt } = event;
  return { ...item, receivedAt, ...(deviceAt === null ? {} : { deviceAt }), cursor: item.logId };
}

/** One event for many followers: written as JSON once, when the first of them wants it. */
export class FollowedEntry {
  readonly event: TimedEvent;
  readonly #placeId: number;
  #json: string | null = null;

  constructor(placeId: number, event: TimedEvent) {
    this.#placeId = placeId;
    this.event = event;
  }

  get sequence(): number {
    return this.event.sequence;
  }

  get json(): string {
    this.#json ??= JSON.stringify(followedEvent(this.#placeId, this.event));
    return this.#json;
  }
}
