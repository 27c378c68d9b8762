import type { Database, Queryable } from "../platform/database.ts";

/** Events are counted by quarters of an hour of the time at which they happened. */
export const SLICE_MS = 15 * 60_000;

/**
 * Within a slice they are counted by blocks of so many sequences, so that the same counts find a page in the order of the ledger. Its events are then read
 * from one block: the more a block has, the more is read there, the fewer it has, the more counts there are. A busy slice has about one.
 */
export const BLOCK_EVENTS = 16_384;

/** Places whose ledgers have grown since they were last counted, the longest uncounted first. */
export async function placesToSummarise(queryable: Queryable, countMax: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ place_id: number }>({
    name: "ledger-places-to-summarise",
    text: `select place_id from ledger_heads where summed_to < next_sequence - 1 order by next_sequence - summed_to desc limit $1`,
    values: [countMax],
  });
  return rows.map((row) => row.place_id);
}

/*
 * The head's row is changed last and only where it still says what was read: whoever counts the same events twice changes nothing. Until the commit
 * the row is held for as long as that takes, so that an append hardly waits.
 */
const SUMMARISE = `
  with chunk as (
    select period, event_at / ${SLICE_MS} - (case when event_at % ${SLICE_MS} < 0 then 1 else 0 end) as slice, sequence / ${BLOCK_EVENTS} as block,
      event_type, device_id, door_id
    from events where place_id = $1::bigint and sequence > $2::bigint and sequence <= $3::bigint
  ), counted as (
    select period, 0::bigint as door_id, slice, block, event_type, device_id, count(*)::int as n
    from chunk group by period, slice, block, event_type, device_id
    union all
    select period, door_id, slice, block, event_type, device_id, count(*)::int
    from chunk where door_id is not null group by period, door_id, slice, block, event_type, device_id
  ), added as (
    insert into ledger_slices(place_id, period, door_id, slice, block, event_type, device_id, n)
    select $1::bigint, period, door_id, slice, block, event_type, device_id, n from counted
    order by period, door_id, slice, block, event_type, device_id
    on conflict (place_id, period, door_id, slice, block, event_type, device_id) do update set n = ledger_slices.n + excluded.n
    returning n
  ), told as (
    select count(*) from added
  )
  update ledger_heads set summed_to = $3::bigint from told where place_id = $1::bigint and summed_to = $2::bigint`;

/** Counts the next events of a place, at most `countMax`. Returns how many there still are; 0 also when somebody else is at it. */
export function summarise(database: Database, placeId: number, countMax: number): Promise<number> {
  return database.transaction(async (transaction) => {
    // One counter a place: the second would only find its work done.
    const [lock] = await transaction.query<{ mine: boolean }>("select pg_try_advisory_xact_lock(7346102, $1::int) as mine", [
      placeId % 2 ** 31,
    ]);
    if (lock?.mine !== true) return 0;
    const [head] = await transaction.query<{ summed_to: number; last: number }>({
      name: "ledger-summed-to",
      text: "select summed_to, next_sequence - 1 as last from ledger_heads where place_id = $1",
      values: [placeId],
    });
    if (head === undefined || head.summed_to >= head.last) return 0;
    const to = Math.min(head.last, head.summed_to + countMax);
    await transaction.query({ name: "ledger-summarise", text: SUMMARISE, values: [placeId, head.summed_to, to] });
    return head.last - to;
  });
}
