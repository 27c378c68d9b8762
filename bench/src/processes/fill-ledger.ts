import { type EventType, eventCode } from "@postern/contract";
import { pause, systemTimers } from "@postern/core";
import { periodOf } from "@postern/server/internal";
import type { Client } from "pg";
import { PLACE_ID } from "./bench-place.ts";

const EVENTS_AT_ONCE = 500_000;
const PASSAGE: readonly EventType[] = ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"];
/** One event of so many is of a type that is seldom asked for. */
const RARE_EVERY = 50_000;
export const RARE_TYPE: EventType = "DEV_DOOR_HELD_OPEN";

/** The doors take turns, and one event of two hundred came a day late. */
const FILL = `
  insert into events(
    place_id, period, sequence, event_at, received_at, device_id, door_id, user_id, auth_id, event_type, generation, local_log_id, detail)
  select $1::bigint, (extract(year from received) - 1970) * 12 + extract(month from received) - 1, $2::bigint + index, at - case when index % 200 = 0 then 86400000 else 0 end, at,
    434 + index / 3 % 3, 234 + index / 3 % 3, null, null,
    case when index % ${RARE_EVERY} = 7 then ${eventCode(RARE_TYPE)} else (array[${PASSAGE.map(eventCode).join(", ")}])[1 + index % 3] end, 1, index, null
  from (select index, $6::bigint + (index * $7::float8 / $5::float8)::bigint as at from generate_series($3::bigint, $4::bigint) as index) as one,
    lateral (select to_timestamp(at / 1000.0) at time zone 'UTC' as received) as two`;

export interface Filling {
  readonly count: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Appends so many events of a place, spread evenly over a time. Resolves once the server has counted them, and the tables are as the database keeps them at rest. */
export async function fillLedger(client: Client, { count, fromMs, toMs }: Filling): Promise<void> {
  for (const atMs of [fromMs, toMs]) await client.query("select ensure_ledger_period($1)", [periodOf(atMs)]);
  const next = await client.query("select next_sequence::float8 as next from ledger_heads where place_id = $1", [PLACE_ID]);
  const first = next.rows[0]?.next;
  for (let done = 0; done < count; done += EVENTS_AT_ONCE)
    await client.query(FILL, [PLACE_ID, first, done, Math.min(count, done + EVENTS_AT_ONCE) - 1, count, fromMs, toMs - fromMs]);
  await client.query("update ledger_heads set next_sequence = $2::bigint where place_id = $1", [PLACE_ID, first + count]);
  await client.query("vacuum analyze events");
  while (!(await isCounted(client))) await pause(systemTimers, "bench counting", 100);
  await client.query("vacuum analyze ledger_slices");
}

async function isCounted(client: Client): Promise<boolean> {
  const { rows } = await client.query("select summed_to = next_sequence - 1 as done from ledger_heads where place_id = $1", [PLACE_ID]);
  return rows[0]?.done === true;
}
