import { eventCode } from "@postern/contract";
import type { Queryable } from "../platform/database.ts";
import { EVERY_EVENT, type EventChoice } from "./event-choice.ts";
import type { StoredEvent } from "./event-view.ts";
import { LOOKED_COUNT_MAX } from "./limits.ts";

/** The place whose ledger is read; words about people come from its group alone, whatever a controller wrote. */
export interface FollowedPlace {
  readonly placeId: number;
  readonly placeGroupId: number;
}

/** An event with the times beside the one it is filed under, and with the number of its person. */
export interface TimedEvent extends StoredEvent {
  readonly userId: number | null;
  readonly receivedAt: number;
  /** What the device's clock said; null: no device told a time. */
  readonly deviceAt: number | null;
}

export interface EventsAfter {
  /** The sequence of the newest event; 0 in an empty ledger. */
  readonly head: number;
  readonly events: readonly TimedEvent[];
  /** Every chosen event up to here is among `events`: where to go on. */
  readonly through: number;
  /** What came after the sequence and up to here is no longer kept; null: all of it is. */
  readonly droppedThrough: number | null;
}

export interface AfterWhat {
  readonly sequence: number;
  readonly countMax: number;
  readonly choice?: EventChoice;
}

/** In the order of their parameters, from $6 on. */
function conditionsOf(choice: EventChoice): { readonly sql: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const parts: string[] = [];
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === null) return;
    values.push(value instanceof Set ? [...value] : value);
    parts.push(` and ${condition(`$${values.length + 5}`)}`);
  };
  add(choice.types, (parameter) => `event_type = any(${parameter}::smallint[])`);
  add(choice.doorIds, (parameter) => `door_id = any(${parameter}::bigint[])`);
  add(choice.deviceIds, (parameter) => `device_id = any(${parameter}::bigint[])`);
  add(choice.authIds, (parameter) => `auth_id = any(${parameter}::bigint[])`);
  add(choice.userIds, (parameter) => `user_id = any(${parameter}::bigint[])`);
  add(choice.fromMs, (parameter) => `event_at >= ${parameter}`);
  add(choice.toMs, (parameter) => `event_at <= ${parameter}`);
  return { sql: parts.join(""), values };
}

/*
 * Within one period the key's index gives events in the order of their sequences; a place's few periods are looked into one by one, instead of
 * sorting all that it has. A sequence becomes visible with all before it, because the head's row is locked until the commit.
 */
function statement(conditions: string): string {
  return `
  with head as (
    select next_sequence - 1 as sequence from ledger_heads where place_id = $1
  ), span as (
    select min(period) as first, max(period) as last from events where place_id = $1
  ), gone as (
    -- What was dropped with its months is a run at the beginning: whoever is further back is taken to its end at once.
    select coalesce((select sequence - 1 from events where place_id = $1 and period = span.first order by sequence limit 1), head.sequence) as through
    from head, span
  ), page as (
    select found.* from span cross join lateral generate_series(span.first, span.last) as each(period)
    cross join lateral (
      select sequence, event_at, device_id, door_id, user_id, auth_id, event_type, local_log_id, received_at,
        case when generation > 0 and event_type <> ${eventCode("EVENT_REFUSED")} then coalesce((detail->>'deviceAt')::bigint, event_at) end as device_at
      from events
      where place_id = $1 and period = each.period and sequence > greatest($3::bigint, (select through from gone))
        and sequence <= greatest($3::bigint, (select through from gone)) + $5::bigint${conditions}
      order by sequence limit $4
    ) as found
    order by sequence limit $4
  )
  select head.sequence as head, gone.through as gone, page.sequence, page.event_at as "eventAt", page.device_id as "deviceId", page.door_id as "doorId",
    doors.name as "doorName", page.user_id as "userId", page.auth_id as "authId", auths.name as "userName", users.key as "userKey",
    page.event_type as "eventType", page.local_log_id as "localLogId", page.received_at as "receivedAt", page.device_at as "deviceAt"
  from head cross join gone left join page on true
  left join doors on doors.door_id = page.door_id and doors.place_id = $1
  left join users on users.user_id = page.user_id and users.place_group_id = $2
  left join auths on auths.auth_id = page.auth_id and auths.place_id = $1
  order by page.sequence`;
}

const WHOLE = statement("");

/**
 * The chosen events that follow a sequence, in the order of the ledger, and how far it reaches, of one moment. Of a choice at most
 * `LOOKED_COUNT_MAX` events are looked at; `through` says how far that was.
 */
export async function eventsAfter(queryable: Queryable, place: FollowedPlace, after: AfterWhat): Promise<EventsAfter> {
  const { sequence, countMax, choice = EVERY_EVENT } = after;
  const { sql, values } = conditionsOf(choice);
  const lookedMax = sql === "" ? countMax : LOOKED_COUNT_MAX;
  const rows = await queryable.query<Row>({
    // What is asked for again and again is prepared once; a choice is planned for what it is.
    ...(sql === "" ? { name: "follow-events-after", text: WHOLE } : { text: statement(sql) }),
    values: [place.placeId, place.placeGroupId, sequence, countMax, lookedMax, ...values],
  });
  const head = rows[0]?.head ?? 0;
  const gone = rows[0]?.gone ?? 0;
  const events = rows.flatMap(({ head: _head, gone: _gone, ...event }) =>
    event.sequence === null ? [] : [{ ...event, sequence: event.sequence }],
  );
  const last = events.at(-1);
  const looked = Math.max(sequence, Math.min(head, Math.max(sequence, gone) + lookedMax));
  const through = events.length === countMax && last !== undefined ? last.sequence : looked;
  return { head, events, through, droppedThrough: gone > sequence ? gone : null };
}

type Row = Omit<TimedEvent, "sequence"> & {
  readonly head: number;
  readonly gone: number;
  /** null: the page is empty, and the row is there for the head's sake. */
  readonly sequence: number | null;
};

/** The sequence of the newest event of each place. */
export async function headsOf(queryable: Queryable, placeIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const rows = await queryable.query<{ place_id: number; head: number }>({
    name: "follow-heads",
    text: "select place_id, next_sequence - 1 as head from ledger_heads where place_id = any($1)",
    values: [placeIds],
  });
  return new Map(rows.map((row) => [row.place_id, row.head]));
}
