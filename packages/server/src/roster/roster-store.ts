import type { ItemKey } from "@postern/core";
import type { Queryable, Transaction } from "../platform/database.ts";
import { NativeRefusal } from "../platform/http/native-refusal.ts";
import { type ChangePlan, type HeldItem, planChange, type RosterChange } from "./plan-change.ts";
import { recordRevocations } from "./revocation-store.ts";
import { revocationsOf } from "./revocations.ts";

/** Where the pumps listen for a hint that a place's roster has moved; the payload is the place's id. Polling is the truth. */
export const ROSTER_CHANGED_CHANNEL = "postern_roster";

/** Makes the head of a new place's roster. */
export async function createRoster(transaction: Transaction, placeId: number): Promise<void> {
  await transaction.query("insert into roster_heads(place_id, revision) values ($1, 0)", [placeId]);
}

/**
 * Applies changes to the roster of a place within the caller's transaction, so that a right and its way to the doors are one commit. Locks the
 * place's head until the commit: revisions follow the order of commits, without a hole. What an auth loses is written down with who owes a receipt
 * for it. Returns the revision of the last change, which is the head's when nothing changed.
 */
export async function changeRoster(
  transaction: Transaction,
  placeId: number,
  { changes, nowMs }: { readonly changes: readonly RosterChange[]; readonly nowMs: number },
): Promise<number> {
  const head = await lockRoster(transaction, placeId);
  const held = await loadHeld(
    transaction,
    placeId,
    changes.map((change) => change.key),
  );
  const plan = planChange(head, held, changes);
  if (plan.rows.length > 0) await writePlan(transaction, placeId, plan);
  await recordRevocations(transaction, placeId, { revocations: revocationsOf(plan.rows, nowMs), nowMs });
  return plan.revision;
}

/**
 * Locks a place's roster until the commit: whoever derives it from tables does this before reading them. Returns its revision. Fails with
 * `not_found` when the place was deleted since the caller was let in.
 */
export async function lockRoster(transaction: Transaction, placeId: number): Promise<number> {
  const [head] = await transaction.query<{ revision: number }>({
    name: "roster-lock-head",
    text: "select revision from roster_heads where place_id = $1 for no key update",
    values: [placeId],
  });
  if (head === undefined) {
    throw new NativeRefusal("not_found", {
      problems: [{ field: "placeId", message: "names no place within reach", rejectedValue: placeId }],
    });
  }
  return head.revision;
}

/** Locks the rosters of all places of a group, in ascending id as everybody does. Returns their revisions. */
export async function lockRostersOfGroup(transaction: Transaction, placeGroupId: number): Promise<ReadonlyMap<number, number>> {
  const heads = await transaction.query<{ place_id: number; revision: number }>({
    name: "roster-lock-heads",
    text: `
      select place_id, revision from roster_heads where place_id = any(array(select place_id from places where place_group_id = $1))
      order by place_id for no key update`,
    values: [placeGroupId],
  });
  return new Map(heads.map(({ place_id, revision }) => [place_id, revision]));
}

/** What the rosters of places hold of their items: one place with one key each, in the order of both lists. */
export async function loadHeldOf(
  queryable: Queryable,
  placeIds: readonly number[],
  keys: readonly ItemKey[],
): Promise<ReadonlyMap<number, Map<ItemKey, HeldItem>>> {
  const rows = await queryable.query<HeldRow & { readonly place_id: number }>({
    name: "roster-load-held-of",
    text: `
      select place_id, item_key, scopes, hash, added_revision, item->>'status' as status, (item->>'endMs')::bigint as end_ms
      from unnest($1::bigint[], $2::text[]) as named(place_id, item_key) join roster_items using (place_id, item_key)`,
    values: [placeIds, keys],
  });
  const held = new Map<number, Map<ItemKey, HeldItem>>();
  for (const row of rows) {
    const ofPlace = held.get(row.place_id) ?? new Map<ItemKey, HeldItem>();
    held.set(row.place_id, ofPlace.set(row.item_key, heldItem(row)));
  }
  return held;
}

/** Takes the roster of a place away with the place. Call it under `lockRoster`. */
export async function dropRoster(transaction: Transaction, placeId: number): Promise<void> {
  for (const table of ["roster_heads", "roster_items", "roster_sums", "roster_deltas", "revocations", "receipts"]) {
    await transaction.execute(`delete from ${table} where place_id = $1`, [placeId]);
  }
}

async function loadHeld(queryable: Queryable, placeId: number, keys: readonly ItemKey[]): Promise<Map<ItemKey, HeldItem>> {
  const rows = await queryable.query<HeldRow>({
    name: "roster-load-held",
    text: `
      select item_key, scopes, hash, added_revision, item->>'status' as status, (item->>'endMs')::bigint as end_ms
      from roster_items where place_id = $1 and item_key = any($2)`,
    values: [placeId, keys],
  });
  return new Map(rows.map((row) => [row.item_key, heldItem(row)]));
}

interface HeldRow {
  readonly item_key: ItemKey;
  readonly scopes: readonly number[];
  readonly hash: string | null;
  readonly added_revision: number;
  /** Of an auth. */
  readonly status: string | null;
  readonly end_ms: number | null;
}

function heldItem({ scopes, hash, added_revision: addedRevision, status, end_ms: endMs }: HeldRow): HeldItem {
  return { scopes, hash, addedRevision, right: endMs === null ? null : { isActive: status === "ACTIVE", endMs } };
}

const WRITE_PLAN = `
  with rows as (
    insert into roster_items(place_id, item_key, revision, lane, scopes, bucket, hash, item, added_revision)
    select distinct on (item_key) $1::bigint, item_key, revision, lane, scopes::bigint[], bucket, hash, item, added_revision
    from unnest($3::text[], $4::bigint[], $5::smallint[], $6::text[], $7::smallint[], $8::text[], $9::jsonb[], $14::bigint[])
      as changed(item_key, revision, lane, scopes, bucket, hash, item, added_revision)
    order by item_key, revision desc
    on conflict (place_id, item_key) do update
      set revision = excluded.revision, lane = excluded.lane, scopes = excluded.scopes, bucket = excluded.bucket, hash = excluded.hash, item = excluded.item,
        added_revision = excluded.added_revision
  ), deltas as (
    select revision, scope, bucket, delta from unnest($10::bigint[], $11::bigint[], $12::smallint[], $13::numeric[]) as changed(revision, scope, bucket, delta)
  ), sums as (
    insert into roster_sums(place_id, scope, bucket, sum)
    select $1::bigint, scope, bucket, mod(sum(delta), ${2n ** 128n}) from deltas group by scope, bucket order by scope, bucket
    on conflict (place_id, scope, bucket) do update set sum = mod(roster_sums.sum + excluded.sum, ${2n ** 128n})
  ), history as (
    insert into roster_deltas(place_id, revision, scope, delta) select $1::bigint, revision, scope, delta from deltas
  ), head as (
    update roster_heads set revision = $2::bigint where place_id = $1::bigint
  )
  select pg_notify('${ROSTER_CHANGED_CHANNEL}', $1::bigint::text)`;

async function writePlan(transaction: Transaction, placeId: number, plan: ChangePlan): Promise<void> {
  const { rows, deltas } = plan;
  await transaction.query({
    name: "roster-write-plan",
    text: WRITE_PLAN,
    values: [
      placeId,
      plan.revision,
      rows.map((row) => row.key),
      rows.map((row) => row.revision),
      rows.map((row) => row.lane),
      rows.map((row) => `{${row.scopes.join(",")}}`),
      rows.map((row) => row.bucket),
      rows.map((row) => row.hash),
      rows.map((row) => (row.item === null ? null : JSON.stringify(row.item))),
      deltas.map((delta) => delta.revision),
      deltas.map((delta) => delta.scope),
      deltas.map((delta) => delta.bucket),
      deltas.map((delta) => delta.delta.toString()),
      rows.map((row) => row.addedRevision),
    ],
  });
}
