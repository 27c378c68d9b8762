import { type EventItem, type EventsQuery, readEventsQuery, writeEvent } from "@postern/contract";
import { eventView } from "../../following/event-view.ts";
import type { Access, Actor } from "../../platform/access/actor.ts";
import { onlyPlace } from "../../platform/access/only-place.ts";
import { accepted } from "../../platform/http/accepted.ts";
import type { SentAsItComes } from "../../platform/operations/operation-request.ts";
import { EventStreams, type EventStreamsDeps, type StreamAsked } from "./event-streams.ts";
import { type FollowAnswer, type FollowDeps, LedgerFollowers } from "./follow.ts";
import { type FollowParameters, readFollowQuery } from "./read-follow-query.ts";
import { type LedgerPlace, pageOfEvents } from "./store.ts";

export interface EventsDeps extends FollowDeps, EventStreamsDeps {
  readonly access: Access;
}

export interface EventsPage {
  readonly total: number;
  readonly events: readonly EventItem[];
}

export interface EventsService {
  /** CLUe §1.4, the place in the query; without one, the key's only place (CLUe §7). `query` as it came, here and below. */
  page(actor: Actor, query: unknown): Promise<EventsPage>;
  /** CLUe §1.4, the place in the path. */
  pageOf(actor: Actor, placeId: number, query: unknown): Promise<EventsPage>;
  /** What a ledger holds after a cursor, in its own order. Ends early, without events, when the signal is aborted. */
  follow(actor: Actor, placeId: number, follow: { readonly query: FollowParameters; readonly signal: AbortSignal }): Promise<FollowAnswer>;
  /** What the ledgers of some places get from a cursor on, sent as it is appended. */
  stream(actor: Actor, asked: StreamAsked): Promise<SentAsItComes>;
  /** Of them that are open. */
  readonly streamCount: number;
}

export function eventsService(deps: EventsDeps): EventsService {
  const followers = new LedgerFollowers(deps);
  const streams = new EventStreams(deps);
  return {
    async page(actor, query) {
      const asked = accepted(readEventsQuery(query, "be"));
      const place = await deps.access.place(actor, "events", asked.placeId ?? (await onlyPlace(deps.access, actor)).placeId);
      return page(deps, place, asked);
    },
    async pageOf(actor, placeId, query) {
      const place = await deps.access.place(actor, "events", placeId);
      return page(deps, place, accepted(readEventsQuery(query, "elastic")));
    },
    async follow(actor, placeId, { query, signal }) {
      const place = await deps.access.place(actor, "events", placeId);
      return followers.next(place, accepted(readFollowQuery(placeId, query)), signal);
    },
    stream: (actor, asked) => streams.open(actor, asked),
    get streamCount() {
      return streams.count;
    },
  };
}

async function page({ database }: EventsDeps, place: LedgerPlace, query: EventsQuery): Promise<EventsPage> {
  const { total, events } = await pageOfEvents(database, place, query);
  return { total, events: events.map((event) => writeEvent(eventView(place.placeId, event))) };
}
