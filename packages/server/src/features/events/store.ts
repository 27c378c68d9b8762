import { type EventsQuery, eventCode } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import type { StoredEvent } from "./event-view.ts";

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
  const parts = ["place_id = $1"];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === null) return;
    values.push(value);
    parts.push(condition(`$${values.length}`));
  };
  add(filter.text, () => IS_MEANT);
  add(filter.fromMs, (parameter) => `event_at >= ${parameter}`);
  add(filter.toMs, (parameter) => `event_at <= ${parameter}`);
  add(filter.eventTypes?.map(eventCode) ?? null, (parameter) => `event_type = any(${parameter}::smallint[])`);
  add(filter.doorIds, (parameter) => `door_id = any(${parameter}::bigint[])`);
  add(filter.deviceIds, (parameter) => `device_id = any(${parameter}::bigint[])`);
  return { sql: parts.join(" and "), values };
}

/** One page of a place's events and how many match, of one moment. */
export async function pageOfEvents(queryable: Queryable, place: LedgerPlace, filter: EventFilter): Promise<EventsPage> {
  const { sql, values } = conditions(place, filter);
  const order = ORDERS[`${filter.order.by},${filter.order.direction}`];
  const text = `
    with ${filter.text === null ? "" : MEANT}
    matching as not materialized (select ${COLUMNS} from events where ${sql}),
    matched as (select count(*) as total from matching),
    page as (select * from matching as page order by ${order} limit $${values.length + 1} offset $${values.length + 2})
    select matched.total, ${SHOWN} from matched left join page on true ${WORDS} order by ${order}`;
  const rows = await queryable.query<EventRow & { readonly total: number }>(text, [...values, filter.size, filter.page * filter.size]);
  return { total: rows[0]?.total ?? 0, events: storedEvents(rows) };
}

export interface EventsAfter {
  /** The sequence of the newest event; 0 in an empty ledger. */
  readonly head: number;
  readonly events: readonly StoredEvent[];
}

/*
 * Within one period the key's index gives events in the order of their sequences; a place's few periods are looked into one by one, instead of
 * sorting all that it has. A sequence becomes visible with all before it, because the head's row is locked until the commit.
 */
const EVENTS_AFTER = `
  with head as (
    select next_sequence - 1 as sequence from ledger_heads where place_id = $1
  ), span as (
    select min(period) as first, max(period) as last from events where place_id = $1
  ), page as (
    select found.* from span cross join lateral generate_series(span.first, span.last) as each(period)
    cross join lateral (
      select ${COLUMNS} from events where place_id = $1 and period = each.period and sequence > $3 order by sequence limit $4
    ) as found
    order by sequence limit $4
  )
  select head.sequence as head, ${SHOWN} from head left join page on true ${WORDS} order by page.sequence`;

/** The events that follow a sequence, in the order of the ledger, and how far it reaches, of one moment. */
export async function eventsAfter(
  queryable: Queryable,
  place: LedgerPlace,
  from: { readonly sequence: number; readonly countMax: number },
): Promise<EventsAfter> {
  const rows = await queryable.query<EventRow & { readonly head: number }>({
    name: "events-after",
    text: EVENTS_AFTER,
    values: [place.placeId, place.placeGroupId, from.sequence, from.countMax],
  });
  return { head: rows[0]?.head ?? 0, events: storedEvents(rows) };
}

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
