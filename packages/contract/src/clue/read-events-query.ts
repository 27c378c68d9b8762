import { type EventType, isEventType } from "../events/index.ts";
import {
  ELASTIC_PAGE_SIZE_MAX,
  EVENTS_WINDOW_MS_LIMIT,
  EVENTS_WINDOW_MS_WHEN_OPEN,
  FILTER_EVENTS_COUNT_MAX,
  FILTER_IDS_COUNT_MAX,
  PAGE_SIZE_MAX,
  REJECTED_TEXT_LENGTH_MAX,
  UNKNOWN_NAMES_SHOWN_MAX,
} from "./clue-limits.ts";
import { commaList, type Order, order, type Page, queryMembers, readPage, readSearchText } from "./query.ts";
import { readEpochMs, readId } from "./read-create-auth.ts";
import { type Members, text } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

/** The two paths on which CLUe lists events (CLUe §1.4): `be` names the place in the query, `elastic` in the path. */
export type EventsPath = "be" | "elastic";

export interface EventsQuery extends Page {
  /** From the query of `be`; null when it is absent or empty, and always on `elastic`. */
  readonly placeId: number | null;
  /** Inclusive; null: from the ledger's beginning. */
  readonly fromMs: number | null;
  /** Inclusive; null: to the ledger's end. */
  readonly toMs: number | null;
  /** null: all. The same for the other filters. */
  readonly eventTypes: readonly EventType[] | null;
  readonly doorIds: readonly number[] | null;
  readonly deviceIds: readonly number[] | null;
  readonly text: string | null;
  /** `id` is the order of the ledger. */
  readonly order: Order<"id" | "eventAt">;
}

/** Reads the query of either events path by the rules of CLUe §1.4 and §7. Never throws; all mistakes are told. */
export function readEventsQuery(query: unknown, path: EventsPath): Read<EventsQuery> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const placeId = path === "be" ? (parameters.optional("placeId", readId) ?? null) : null;
  const value: EventsQuery = {
    placeId,
    ...readWindow(parameters),
    eventTypes: readEventTypes(parameters),
    doorIds: readIds(parameters, "filterDoorIds"),
    deviceIds: readIds(parameters, "filterDeviceIds"),
    text: parameters.optional("q", readSearchText) ?? null,
    order: parameters.optional("sort", order(["id", "eventAt"])) ?? { by: "eventAt", direction: "desc" },
    ...readPage(parameters, path === "be" ? PAGE_SIZE_MAX : ELASTIC_PAGE_SIZE_MAX),
  };
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}

/** CLUe §7: both ends inclusive; one end alone reaches seven days; eight days or more are refused; none is the whole ledger. */
function readWindow(query: Members): Pick<EventsQuery, "fromMs" | "toMs"> {
  const start = query.optional("startTime", readEpochMs);
  const end = query.optional("endTime", readEpochMs);
  if (start === undefined && end === undefined) return { fromMs: null, toMs: null };
  const fromMs = start ?? Math.max(0, (end ?? 0) - EVENTS_WINDOW_MS_WHEN_OPEN);
  const toMs = end ?? fromMs + EVENTS_WINDOW_MS_WHEN_OPEN;
  if (fromMs > toMs) query.spot.member("startTime").refuseValue("must not be after endTime", fromMs);
  if (toMs - fromMs >= EVENTS_WINDOW_MS_LIMIT) query.spot.member("startTime").refuseValue("must be within 7 days of endTime", fromMs);
  return { fromMs, toMs };
}

function readIds(query: Members, name: string): readonly number[] | null {
  const ids = query.optional(name, commaList(readId, FILTER_IDS_COUNT_MAX)) ?? [];
  return ids.length === 0 ? null : ids;
}

const readNames = commaList(text({ lengthMax: REJECTED_TEXT_LENGTH_MAX }), FILTER_EVENTS_COUNT_MAX);

const readKnownNames: Reader<readonly EventType[]> = (value, spot) => {
  const names = readNames(value, spot);
  if (names === undefined) return undefined;
  const unknown = names.filter((name) => !isEventType(name));
  if (unknown.length === 0) return names.filter(isEventType);
  const more = unknown.length > UNKNOWN_NAMES_SHOWN_MAX ? ` and ${unknown.length - UNKNOWN_NAMES_SHOWN_MAX} more` : "";
  return spot.refuse(`names unknown events: ${unknown.slice(0, UNKNOWN_NAMES_SHOWN_MAX).join(", ")}${more}`);
};

function readEventTypes(query: Members): readonly EventType[] | null {
  const names = query.optional("filterEvents", readKnownNames) ?? [];
  return names.length === 0 ? null : names;
}
