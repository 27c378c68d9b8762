import type { EventChoice, EventsAnswer, FollowedEvent } from "@postern/contract";
import { FOLLOW_PAGE_SIZE, FOLLOW_WAIT_S } from "./limits.ts";
import type { PosternError } from "./postern-error.ts";
import type { RetryPlan } from "./retry.ts";

export interface FollowOptions {
  /** The cursor of the last event that was dealt with, `now` for what is still to come; left out: from the beginning. */
  readonly after?: string | undefined;
  /** Only events of these types, doors, devices, rights and people. */
  readonly choice?: EventChoice | undefined;
  /** Ends the following, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure after which it is tried again; the next event, or nothing more, says that the server is back. */
  readonly onAway?: ((error: PosternError) => void) | undefined;
}

interface Asked {
  readonly query: { readonly after?: string; readonly wait: number; readonly limit: number };
  readonly signal?: AbortSignal | undefined;
}

type ReadEvents = (asked: Asked, plan: Partial<RetryPlan>) => Promise<EventsAnswer>;

/**
 * Events in the ledger's order, each once. A server that is away is asked again for as long as it takes, from the same cursor, so that no event
 * is missed; what the server refuses for good is thrown.
 */
export async function* followPlace(
  { after, signal, onAway }: FollowOptions,
  read: ReadEvents,
): AsyncGenerator<FollowedEvent, void, undefined> {
  const plan = { attemptsMax: Number.POSITIVE_INFINITY, retryAfterMsMax: Number.POSITIVE_INFINITY, onRetry: onAway };
  let cursor = after;
  try {
    for (;;) {
      // `now` becomes a cursor at once: asked for again after a failure it would be a later one, and what happened between would be missed.
      const wait = cursor === "now" ? 0 : FOLLOW_WAIT_S;
      const query = { ...(cursor === undefined ? {} : { after: cursor }), wait, limit: FOLLOW_PAGE_SIZE };
      const { events, next } = await read({ query, signal }, plan);
      for (const event of events) {
        if (signal?.aborted === true) return;
        yield event;
      }
      cursor = next;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
