import type { ItemKey } from "@postern/core";
import type { Transaction } from "../platform/database.ts";
import type { ChangePlan, HeldItem } from "./plan-change.ts";
import { ROSTER_CHANGED_CHANNEL } from "./roster-store.ts";

export interface LockedHead {
  readonly placeId: number;
  readonly revision: number;
}

/** Locks the rosters of all places of a group until the commit, in ascending id as everybody does. */
export function lockRostersOfGroup(transaction: Transaction, placeGroupId: number): Promise<LockedHead[]> {
  return transaction.query({
    name: "group-roster-lock",
    text: `
      select place_id as "placeId", revision from roster_heads
      where place_id = any(array(select place_id from places where place_group_id = $1)) order by place_id for no key update`,
    values: [placeGroupId],
  });
}

/** What these rosters hold under these keys. */
export async function loadHeldAt(
  transaction: Transaction,
  placeIds: readonly number[],
  keys: readonly ItemKey[],
): Promise<ReadonlyMap<number, ReadonlyMap<ItemKey, HeldItem>>> {
  const rows = await transaction.query<HeldRow>({
    name: "group-roster-held",
    text: "select place_id, item_key, scopes, hash, added_revision from roster_items where place_id = any($1) and item_key = any($2)",
    values: [placeIds, keys],
  });
  const held = new Map<number, Map<ItemKey, HeldItem>>();
  for (const { place_id: placeId, item_key: key, scopes, hash, added_revision: addedRevision } of rows) {
    const at = held.get(placeId) ?? new Map<ItemKey, HeldItem>();
    held.set(placeId, at.set(key, { scopes, hash, addedRevision, right: null }));
  }
  return held;
}

interface HeldRow {
  readonly place_id: number;
  readonly item_key: ItemKey;
  readonly scopes: readonly number[];
  readonly hash: string | null;
  readonly added_revision: number;
}

export interface PlannedAt {
  readonly placeId: number;
  /** Of items that change once. */
  readonly plan: ChangePlan;
}

const WRITE_PLANS = `
  with rows as (
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
  ), heads as (
    update roster_heads set revision = moved.revision from unnest($1::bigint[], $2::bigint[]) as moved(place_id, revision)
    where roster_heads.place_id = moved.place_id
  )
  select pg_notify('${ROSTER_CHANGED_CHANNEL}', place_id::text) from unnest($1::bigint[]) as moved(place_id)`;

/** Writes what was planned for several places, whose rosters the caller has locked. */
export async function writePlans(transaction: Transaction, plans: readonly PlannedAt[]): Promise<void> {
  if (plans.length === 0) return;
  const rows = plans.flatMap(({ placeId, plan }) => plan.rows.map((row) => ({ placeId, ...row })));
  const deltas = plans.flatMap(({ placeId, plan }) => plan.deltas.map((delta) => ({ placeId, ...delta })));
  await transaction.query({
    name: "group-roster-write",
    text: WRITE_PLANS,
    values: [
      plans.map(({ placeId }) => placeId),
      plans.map(({ plan }) => plan.revision),
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
