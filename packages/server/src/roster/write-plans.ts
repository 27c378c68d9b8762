import type { Transaction } from "../platform/database.ts";
import type { ChangePlan } from "./plan-change.ts";
import { ROSTER_CHANGED_CHANNEL } from "./roster-store.ts";

/** As `WRITE_PLAN` of one place, for many: each row and delta names its own. */
const WRITE_PLANS = `
  with heads as (
    select place_id, revision from unnest($1::bigint[], $2::bigint[]) as moved(place_id, revision)
  ), rows as (
    insert into roster_items(place_id, item_key, revision, lane, scopes, bucket, hash, item, added_revision)
    select place_id, item_key, revision, lane, scopes::bigint[], bucket, hash, item, added_revision
    from unnest($3::bigint[], $4::text[], $5::bigint[], $6::smallint[], $7::text[], $8::smallint[], $9::text[], $10::jsonb[], $11::bigint[])
      as changed(place_id, item_key, revision, lane, scopes, bucket, hash, item, added_revision)
    on conflict (place_id, item_key) do update
      set revision = excluded.revision, lane = excluded.lane, scopes = excluded.scopes, bucket = excluded.bucket, hash = excluded.hash, item = excluded.item,
        added_revision = excluded.added_revision
  ), deltas as (
    select place_id, revision, scope, bucket, delta from unnest($12::bigint[], $13::bigint[], $14::bigint[], $15::smallint[], $16::numeric[])
      as changed(place_id, revision, scope, bucket, delta)
  ), sums as (
    insert into roster_sums(place_id, scope, bucket, sum)
    select place_id, scope, bucket, mod(sum(delta), ${2n ** 128n}) from deltas group by place_id, scope, bucket order by place_id, scope, bucket
    on conflict (place_id, scope, bucket) do update set sum = mod(roster_sums.sum + excluded.sum, ${2n ** 128n})
  ), history as (
    insert into roster_deltas(place_id, revision, scope, delta) select place_id, revision, scope, delta from deltas
  ), moved as (
    update roster_heads set revision = heads.revision from heads where roster_heads.place_id = heads.place_id
  )
  select pg_notify('${ROSTER_CHANGED_CHANNEL}', place_id::text) from heads`;

/** Writes the plans of many places in one statement, under the locks of their heads. A plan changes no item twice. */
export async function writePlans(
  transaction: Transaction,
  plans: readonly (readonly [placeId: number, plan: ChangePlan])[],
): Promise<void> {
  const rows = plans.flatMap(([placeId, plan]) => plan.rows.map((row) => ({ placeId, ...row })));
  const deltas = plans.flatMap(([placeId, plan]) => plan.deltas.map((delta) => ({ placeId, ...delta })));
  await transaction.query({
    name: "roster-write-plans",
    text: WRITE_PLANS,
    values: [
      plans.map(([placeId]) => placeId),
      plans.map(([, plan]) => plan.revision),
      rows.map((row) => row.placeId),
      rows.map((row) => row.key),
      rows.map((row) => row.revision),
      rows.map((row) => row.lane),
      rows.map((row) => `{${row.scopes.join(",")}}`),
      rows.map((row) => row.bucket),
      rows.map((row) => row.hash),
      rows.map((row) => (row.item === null ? null : JSON.stringify(row.item))),
      rows.map((row) => row.addedRevision),
      deltas.map((delta) => delta.placeId),
      deltas.map((delta) => delta.revision),
      deltas.map((delta) => delta.scope),
      deltas.map((delta) => delta.bucket),
      deltas.map((delta) => delta.delta.toString()),
    ],
  });
}
