import Type, { type Static } from "typebox";
import { EventItem } from "../clue/event-item.ts";
import { eventChoiceFields, eventSpanFields } from "./event-choice.ts";
import { STREAM_CURSOR_LENGTH_MAX, STREAM_PLACES_COUNT_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import { closed, Id, NoParams, PlaceParams } from "./parts.ts";

/** An event with its times, and where to go on after it. */
export const FollowedEvent = Type.Object(
  {
    ...EventItem.properties,
    receivedAt: Type.Integer({ description: "Epoch milliseconds of the server when it had the event." }),
    deviceAt: Type.Optional(
      Type.Integer({
        description:
          "Epoch milliseconds of the device, as it said them; `eventAt` differs where its clock was wrong. Left out where no device told a time.",
      }),
    ),
    cursor: Type.String(),
  },
  closed,
);
export type FollowedEvent = Static<typeof FollowedEvent>;

export const EventsAnswer = Type.Object(
  {
    events: Type.Array(FollowedEvent),
    next: Type.String({
      description: "Where to go on: after all of these, and after what was looked at and is not among the events asked for.",
    }),
    droppedThrough: Type.Optional(
      Type.String({
        description:
          "There when the cursor is older than events are kept: what came after it and up to here is gone, and the events are those behind it.",
      }),
    ),
  },
  closed,
);
export type EventsAnswer = Static<typeof EventsAnswer>;

const FollowQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        pattern: "^(now|[A-Za-z0-9_-]{20})$",
        "x-rule": "is no cursor of this place",
        description: "A cursor, or `now`; left out: from the beginning.",
      }),
    ),
    wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait while there is nothing." })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    ...eventChoiceFields,
    ...eventSpanFields,
  },
  closed,
);

const StreamQuery = Type.Object(
  {
    placeIds: Type.Optional(
      Type.Array(Id, {
        minItems: 1,
        maxItems: STREAM_PLACES_COUNT_MAX,
        uniqueItems: true,
        description: "Left out: every place within the key's reach, when there are at most a hundred.",
      }),
    ),
    after: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: STREAM_CURSOR_LENGTH_MAX,
        description:
          "An `id` of a stream, `beginning` or `now`, which it is when left out. `Last-Event-ID`, where it comes, counts instead.",
      }),
    ),
    ...eventChoiceFields,
  },
  closed,
);

export const eventOperations = operations({
  followEvents: {
    method: "GET",
    path: "/places/{placeId}/events",
    access: ["events"],
    tag: "events",
    summary: "Read a place's ledger onwards in its own order, which never skips a late event",
    description:
      "With `Accept: application/x-ndjson` each event is a line, and `next` stands in the header `Postern-Next`. Whoever asks for some events alone goes on from " +
      "`next` also when there are none: so far was looked.",
    params: PlaceParams,
    query: FollowQuery,
    body: null,
    answer: EventsAnswer,
    status: 200,
    errors: ["not_found"],
    lines: { of: "events", next: "next" },
  },
  streamEvents: {
    method: "GET",
    path: "/events/stream",
    access: ["events"],
    tag: "events",
    summary: "Be sent the events of many places as they are appended (server-sent events)",
    description:
      "Each event comes as `data`, a `FollowedEvent`, with an `id` that is a cursor over all places of the stream: after a cut, `Last-Event-ID` goes on exactly there. A comment " +
      "comes at least every 15 seconds. Who does not read what is sent for 10 seconds is cut off; the server ends each stream after an hour at the latest.",
    params: NoParams,
    query: StreamQuery,
    body: null,
    answer: null,
    answerMedia: "text/event-stream",
    status: 200,
    errors: ["not_found"],
    headers: { "Last-Event-ID": "The `id` that came last, as a browser's EventSource sends it." },
  },
});
