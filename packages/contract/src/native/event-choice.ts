import Type, { type Static } from "typebox";
import { CHOSEN_IDS_COUNT_MAX, CHOSEN_TYPES_COUNT_MAX } from "./native-limits.ts";
import { closed, EpochMs, Id } from "./parts.ts";

const Ids = Type.Array(Id, { minItems: 1, maxItems: CHOSEN_IDS_COUNT_MAX, uniqueItems: true });
const EventTypeName = Type.String({ pattern: "^[A-Z][A-Z0-9_]{0,63}$", "x-rule": "must be a type of event" });

/** Which events are meant: those that are of every list which is given. */
export const eventChoiceFields = {
  types: Type.Optional(Type.Array(EventTypeName, { minItems: 1, maxItems: CHOSEN_TYPES_COUNT_MAX, uniqueItems: true })),
  doorIds: Type.Optional(Ids),
  deviceIds: Type.Optional(Ids),
  authIds: Type.Optional(Ids),
  userIds: Type.Optional(Ids),
};

/** The same within a span of `eventAt`, both ends of it included. */
export const eventSpanFields = {
  from: Type.Optional(EpochMs),
  to: Type.Optional(EpochMs),
};

export const EventChoice = Type.Object(eventChoiceFields, closed);
export type EventChoice = Static<typeof EventChoice>;
