import Type, { type Static } from "typebox";
import { EventItem } from "../clue/event-item.ts";
import { operations } from "./operation.ts";
import { closed, PlaceParams } from "./parts.ts";

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
    next: Type.String({ description: "Where to go on after all of them; as it was when there are none." }),
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
    params: PlaceParams,
    query: FollowQuery,
    body: null,
    answer: EventsAnswer,
    status: 200,
    errors: ["not_found"],
  },
});
