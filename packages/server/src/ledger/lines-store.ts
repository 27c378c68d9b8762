import { eventLine, type RecordedEvent } from "@postern/contract";
import type { Queryable } from "../platform/database.ts";

export interface LinesAfter {
  readonly lines: readonly string[];
  /** Every line up to here is among them. */
  readonly next: number;
}

/** Looked for in one month after the other, as `following/follow-store.ts` does. Among `countMax` sequences those are found that there are. */
const LINES = `
  with head as (
    select next_sequence - 1 as last from ledger_heads where place_id = $1
  ), span as (
    select min(period) as first, max(period) as last from events where place_id = $1
  ), page as (
    select found.* from span cross join lateral generate_series(span.first, span.last) as each(period)
    cross join lateral (
      select * from events where place_id = $1 and period = each.period and sequence > $2 and sequence <= $2::bigint + $3::bigint
    ) as found
  )
  select head.last, sequence, event_at as "eventAt", received_at as "receivedAt", event_type as "eventType", device_id as "deviceId", door_id as "doorId",
    user_id as "userId", auth_id as "authId", generation, local_log_id as "localLogId", detail
  from head left join page on true order by sequence`;

interface Row extends Omit<RecordedEvent, "sequence"> {
  readonly last: number;
  /** null: the row is there for the head's sake. */
  readonly sequence: number | null;
}

/** The events of the next `countMax` sequences, as they were hashed. */
export async function linesAfter(queryable: Queryable, placeId: number, after: number, countMax: number): Promise<LinesAfter> {
  const rows = await queryable.query<Row>({ name: "ledger-lines-after", text: LINES, values: [placeId, after, countMax] });
  const last = rows[0]?.last ?? 0;
  const lines = rows.flatMap(({ sequence, ...event }) => (sequence === null ? [] : [eventLine({ ...event, sequence })]));
  return { lines, next: Math.max(after, Math.min(last, after + countMax)) };
}
