import Type, { type TSchema } from "typebox";
import { EPOCH_MS_MAX } from "../clue/clue-limits.ts";
import { CURSOR_LENGTH_MAX, NAME_LENGTH_MAX, PAGE_SIZE_DEFAULT_V2, PAGE_SIZE_MAX_V2 } from "./native-limits.ts";

export const closed = { additionalProperties: false } as const;

/** Ids as the server makes them: plain whole numbers. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const OptionalId = Type.Union([Id, Type.Null()]);
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const EpochMs = Type.Integer({ minimum: 0, maximum: EPOCH_MS_MAX, description: "Epoch milliseconds." });
export const OptionalEpochMs = Type.Union([EpochMs, Type.Null()]);

/** A name that a person gives to a thing. */
export const ThingName = Type.String({
  minLength: 1,
  maxLength: NAME_LENGTH_MAX,
  pattern: "^[^\\p{Cc}\\s](?:[^\\p{Cc}]*[^\\p{Cc}\\s])?$",
  "x-rule": "must not begin or end with blanks, nor hold control characters",
});

/** Doors: every one of the place, or those named. */
export const DoorSet = Type.Union([Type.Literal("all"), Type.Array(Id, { maxItems: 1_000, uniqueItems: true })]);

export const NoParams = Type.Object({}, closed);
export const NoQuery = Type.Object({}, closed);

export const PlaceParams = Type.Object({ placeId: Id }, closed);

const after = Type.Optional(Type.String({ minLength: 1, maxLength: CURSOR_LENGTH_MAX, description: "`next` of the page before." }));
const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX_V2, description: `Rows in a page; ${PAGE_SIZE_DEFAULT_V2} when left out.` }),
);
export const pageFields = { after, limit };
export const PageQuery = Type.Object(pageFields, closed);

/** A part of a name or key, in any case. */
export const SearchText = Type.String({ minLength: 1, maxLength: 100 });

/** One page of a list, in the order of their making; `next` is absent on the last one. */
export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()) }, closed);
}
