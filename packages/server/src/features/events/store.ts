import { type EventsQuery, eventCode } from "@postern/contract";
import type { StoredEvent } from "../../following/event-view.ts";
import { BLOCK_EVENTS, SLICE_MS } from "../../ledger/summarise.ts";
import type { Queryable } from "../../platform/database.ts";

/** The place whose ledger is read; words about people come from its group alone, whatever a controller wrote. */
export interface LedgerPlace {
  readonly placeId: number;
  readonly placeGroupId: number;
}

export type EventFilter = Pick<
  EventsQuery,
  "fromMs" | "toMs" | "eventTypes" | "doorIds" | "deviceIds" | "text" | "order" | "page" | "size"
>;

export interface EventsPage {
  /** How many events match, whatever the page shows. */
  readonly total: number;
  readonly events: readonly StoredEvent[];
}

const COLUMNS = "sequence, event_at, device_id, door_id, user_id, auth_id, event_type, local_log_id";

/** The words that belong to the ids of `page`. $1 is the place, $2 its group. */
const WORDS = `
  left join doors on doors.door_id = page.door_id and doors.place_id = $1
  left join users on users.user_id = page.user_id and users.place_group_id = $2
  left join auths on auths.auth_id = page.auth_id and auths.place_id = $1`;

const SHOWN = `
  page.sequence, page.event_at, page.device_id, page.door_id, doors.name as door_name, page.auth_id, auths.name as user_name, users.key as user_key,
  page.event_type, page.local_log_id`;

const ORDERS = {
  "id,asc": "page.sequence asc",
  "id,desc": "page.sequence desc",
  "eventAt,asc": "page.event_at asc, page.sequence asc",
  "eventAt,desc": "page.event_at desc, page.sequence desc",
} as const;

/** Whom and which doors a text means, found before the events are. $3 is the text. */
const MEANT = `
  meant_users as materialized (select user_id from users where place_group_id = $2 and strpos(lower(key), lower($3)) > 0),
  meant_auths as materialized (select auth_id from auths where place_id = $1 and strpos(lower(name), lower($3)) > 0),
  meant_doors as materialized (select door_id from doors where place_id = $1 and strpos(lower(name), lower($3)) > 0),`;

const IS_MEANT = `(
  user_id in (select user_id from meant_users) or auth_id in (select auth_id from meant_auths) or door_id in (select door_id from meant_doors))`;

interface Conditions {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Only what was asked for stands in the statement, so that it is planned for that. */
function conditions({ placeId, placeGroupId }: LedgerPlace, filter: EventFilter): Conditions {
  const values: unknown[] = [placeId, placeGroupId];
  const parts: string[] = [];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === null) return;
    values.push(value);
    parts.push(condition(`$${values.length}`));
  };
  add(filter.text, () => IS_MEANT);
  add(filter.eventTypes?.map(eventCode) ?? null, (parameter) => `event_type = any(${parameter}::smallint[])`);
  add(filter.deviceIds, (parameter) => `device_id = any(${parameter}::bigint[])`);
  add(filter.doorIds, (parameter) => `door_id = any(${parameter}::bigint[])`);
  return { sql: ["place_id = $1", ...parts].join(" and "), values };
}

/**
 * One page of a place's events and how many match, of one moment: found by counts, at any depth at the same cost. Only a text is counted event by event.
 */
export async function pageOfEvents(queryable: Queryable, place: LedgerPlace, filter: EventFilter): Promise<EventsPage> {
  const rows = await queryable.query<EventRow & { readonly total: number }>(
    filter.text === null ? byCounts(place, filter, await countedThrough(queryable, place)) : byText(place, filter),
  );
  return { total: rows[0]?.total ?? 0, events: storedEvents(rows) };
}

/**
 * How far events are counted at least. Said to the database as a number, so that it sees how few are beyond and finds them by their sequence; the
 * statement itself holds to what it finds counted.
 */
async function countedThrough(queryable: Queryable, { placeId }: LedgerPlace): Promise<number> {
  const [head] = await queryable.query<{ summed_to: number }>({
    name: "events-counted-through",
    text: "select summed_to from ledger_heads where place_id = $1",
    values: [placeId],
  });
  return head?.summed_to ?? 0;
}

function byText(place: LedgerPlace, filter: EventFilter): { readonly text: string; readonly values: unknown[] } {
  const { sql, values } = conditions(place, filter);
  const order = ORDERS[`${filter.order.by},${filter.order.direction}`];
  const window = [values.length + 1, values.length + 2, values.length + 3, values.length + 4].map((at) => `$${at}`);
  const [from, to, size, offset] = window;
  const text = `
    with ${MEANT}
    matching as not materialized (
      select ${COLUMNS} from events where ${sql}
        and (${from}::bigint is null or event_at >= ${from}) and (${to}::bigint is null or event_at <= ${to})
    ),
    matched as (select count(*) as total from matching),
    page as (select * from matching as page order by ${order} limit ${size} offset ${offset})
    select matched.total, ${SHOWN} from matched left join page on true ${WORDS} order by ${order}`;
  return { text, values: [...values, filter.fromMs, filter.toMs, filter.size, filter.page * filter.size] };
}

/** How counts lead to a page in one of the two orders: what is counted by, and where the events of one such part are found. */
interface CountedOrder {
  /** Of a row of `ledger_slices`, and of an event. */
  readonly part: string;
  readonly partOfEvent: string;
  readonly eventsOfPart: (from: string, to: string) => string;
  readonly columns: readonly string[];
}

const COUNTED_ORDERS: Readonly<Record<EventFilter["order"]["by"], CountedOrder>> = {
  eventAt: {
    part: "slice",
    partOfEvent: sliceOf("event_at"),
    eventsOfPart: (from, to) =>
      `event_at >= greatest(${from}, touched.part * ${SLICE_MS}) and event_at <= least(${to}, (touched.part + 1) * ${SLICE_MS} - 1)`,
    columns: ["event_at", "sequence"],
  },
  id: {
    part: "block",
    partOfEvent: `sequence / ${BLOCK_EVENTS}`,
    // Added to nothing, the time is no condition that the index by time could serve: the block bounds what is read.
    eventsOfPart: (from, to) =>
      `sequence >= touched.part * ${BLOCK_EVENTS} and sequence < (touched.part + 1) * ${BLOCK_EVENTS} and event_at + 0 between ${from} and ${to}`,
    columns: ["sequence"],
  },
};

/*
 * Slices that lie wholly in the window are taken from their counts; the two at its ends, and what is not counted yet (beyond `summed_to`), are counted
 * here. All in one statement, hence of one moment. From the running sum follow the slices, or the blocks, in which the page lies, and only their events are read:
 * `offset 0` keeps each of them a reading of its own, so that no plan can begin to walk through the ledger to where they are.
 */
function byCounts(place: LedgerPlace, filter: EventFilter, countedTo: number): { readonly text: string; readonly values: unknown[] } {
  const { sql, values } = conditions(place, filter);
  const sliceFilter = sql.replace(/ and door_id = any\(\$\d+::bigint\[\]\)/, "");
  const doorParameter = filter.doorIds === null ? "array[0::bigint]" : `$${values.length}::bigint[]`;
  const [from = "", to = "", size, offset, counted] = [1, 2, 3, 4, 5].map((more) => `$${values.length + more}::bigint`);
  const { by, direction } = filter.order;
  const { part, partOfEvent, eventsOfPart, columns } = COUNTED_ORDERS[by];
  const order = (row: string): string => columns.map((column) => `${row}.${column} ${direction}`).join(", ");
  const fromMs = filter.fromMs ?? EVENT_AT_MIN;
  const toMs = filter.toMs ?? EVENT_AT_MAX;
  const text = `
    with head as materialized (
      select summed_to from ledger_heads where place_id = $1
    ), bounds as materialized (
      select ${sliceOf(from)} as first, ${sliceOf(to)} as last
    ), counted as (
      select ${part} as part, n from ledger_slices, bounds
      where ${sliceFilter} and door_id = any(${doorParameter}) and slice > bounds.first and slice < bounds.last
      union all
      select ${partOfEvent}, 1 from events, head
      where ${sql} and sequence <= head.summed_to and event_at >= ${from} and event_at <= ${to}
        and event_at < (select (first + 1) * ${SLICE_MS} from bounds)
      union all
      select ${partOfEvent}, 1 from events, head
      where ${sql} and sequence <= head.summed_to and event_at >= ${from} and event_at <= ${to}
        and event_at >= (select last * ${SLICE_MS} from bounds where last > first)
      union all
      select ${partOfEvent}, 1 from events, head
      where ${sql} and sequence > ${counted} and sequence > head.summed_to and event_at + 0 between ${from} and ${to}
    ), parts as (
      select part, sum(n)::bigint as n from counted group by part
    ), running as (
      select part, n, (sum(n) over (order by part ${direction}))::bigint - n as before from parts
    ), matched as (
      select coalesce(sum(n), 0)::bigint as total from parts
    ), touched as materialized (
      select part, before from running where before < ${offset} + ${size} and before + n > ${offset}
    ), page as (
      select found.* from touched cross join lateral (
        select ${COLUMNS} from events where ${sql} and ${eventsOfPart(from, to)} offset 0
      ) as found
      order by ${order("found")}
      limit ${size} offset greatest(0, ${offset} - (select coalesce(min(before), 0) from touched))
    )
    select matched.total, ${SHOWN} from matched left join page on true ${WORDS} order by ${order("page")}`;
  return { text, values: [...values, fromMs, toMs, filter.size, filter.page * filter.size, countedTo] };
}

/** Whole slices also before 1970, where a device clock that was never set may lie: division rounds towards zero there. */
function sliceOf(ms: string): string {
  return `(${ms} / ${SLICE_MS} - (case when ${ms} % ${SLICE_MS} < 0 then 1 else 0 end))`;
}

/** Wider than any event's time, narrow enough to be multiplied. */
const EVENT_AT_MIN = -8_640_000_000_000_000;
const EVENT_AT_MAX = 8_640_000_000_000_000;

interface EventRow {
  /** null: the page is empty, and the row is there for the other columns' sake. */
  readonly sequence: number | null;
  readonly event_at: number;
  readonly device_id: number;
  readonly door_id: number | null;
  readonly door_name: string | null;
  readonly auth_id: number | null;
  readonly user_name: string | null;
  readonly user_key: string | null;
  readonly event_type: number;
  readonly local_log_id: number;
}

function storedEvents(rows: readonly EventRow[]): readonly StoredEvent[] {
  return rows.flatMap((row) => (row.sequence === null ? [] : [storedEvent(row, row.sequence)]));
}

function storedEvent(row: EventRow, sequence: number): StoredEvent {
  return {
    sequence,
    eventAt: row.event_at,
    deviceId: row.device_id,
    doorId: row.door_id,
    doorName: row.door_name,
    authId: row.auth_id,
    userName: row.user_name,
    userKey: row.user_key,
    eventType: row.event_type,
    localLogId: row.local_log_id,
  };
}
