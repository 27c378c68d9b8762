import type { NATIVE_OPERATIONS, Read } from "@postern/contract";
import type { Static } from "typebox";
import { type EventChoice, readEventChoice } from "../../following/event-choice.ts";
import { decodeLogId } from "../../ledger/log-id.ts";
import { FOLLOW_EVENTS_COUNT_DEFAULT } from "./limits.ts";

export interface FollowQuery {
  /** The sequence after which to read; `now`: only what is still to come. */
  readonly after: number | "now";
  readonly waitMs: number;
  readonly countMax: number;
  readonly choice: EventChoice;
}

/** What may stand in the query of `followEvents`. */
export type FollowParameters = Static<(typeof NATIVE_OPERATIONS)["followEvents"]["query"]>;

/**
 * Finds the position that the query means. A cursor is a `logId`: that of the last event a client has. Without one it reads from the beginning. A
 * cursor of another place is a mistake, not a way to read there.
 */
export function readFollowQuery(placeId: number, query: FollowParameters): Read<FollowQuery> {
  const { after: text, wait = 0, limit = FOLLOW_EVENTS_COUNT_DEFAULT } = query;
  const after = readCursor(placeId, text);
  if (after === null) return { ok: false, problems: [{ field: "after", message: "is no cursor of this place" }] };
  const choice = readEventChoice(query);
  return choice.ok ? { ok: true, value: { after, waitMs: wait * 1_000, countMax: limit, choice: choice.value } } : choice;
}

function readCursor(placeId: number, text: string | undefined): FollowQuery["after"] | null {
  if (text === undefined) return 0;
  if (text === "now") return "now";
  const position = decodeLogId(text);
  return position === null || position.placeId !== placeId ? null : position.sequence;
}
