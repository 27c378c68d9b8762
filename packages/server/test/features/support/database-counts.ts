import type { Queryable } from "../../../src/platform/database.ts";

const TABLES = [
  "users",
  "auths",
  "cards",
  "idempotency_keys",
  "roster_items",
  "roster_deltas",
  "events",
  "doors",
  "devices",
  "schedules",
  "holiday_calendars",
];

/** How much every table holds, and where rosters and ledgers stand: equal when nothing has changed. */
export async function databaseCounts(queryable: Queryable): Promise<Readonly<Record<string, unknown>>> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`).join(", ");
  const [row] = await queryable.query<Record<string, unknown>>(`select ${counts},
    (select jsonb_object_agg(place_id, revision) from roster_heads) as revisions,
    (select jsonb_object_agg(place_id, next_sequence) from ledger_heads) as sequences,
    (select count(*) from auths where deleted_at is not null) as deleted`);
  return row ?? {};
}
