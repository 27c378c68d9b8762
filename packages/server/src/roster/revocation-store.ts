import type { Queryable, Transaction } from "../platform/database.ts";
import { REVOCATIONS_DROPPED_AT_ONCE_MAX } from "./limits.ts";
import { type MayHold, owedBy, type Revocation } from "./revocations.ts";

/** Writes down what was taken away and who owes a receipt for it, in the transaction of the change. */
export async function recordRevocations(
  transaction: Transaction,
  placeId: number,
  { revocations, nowMs }: { readonly revocations: readonly Revocation[]; readonly nowMs: number },
): Promise<void> {
  if (revocations.length === 0) return;
  const controllers = [...(await lockAway(transaction, placeId)), ...(await readConnected(transaction, placeId))];
  await transaction.query({
    name: "roster-insert-revocations",
    text: `
      insert into revocations(place_id, revision, auth_id, at, because, controller_ids)
      select $1::bigint, revision, auth_id, $2::bigint, because, controller_ids::bigint[]
      from unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[]) as revoked(revision, auth_id, because, controller_ids)`,
    values: [
      placeId,
      nowMs,
      revocations.map((one) => one.revision),
      revocations.map((one) => one.authId),
      revocations.map((one) => one.because),
      revocations.map((one) => `{${owedBy(one, controllers).join(",")}}`),
    ],
  });
}

/**
 * The controllers that are away. None of them can greet before the commit, and be sent what is being taken away without owing anything. Every caller
 * holds the place's roster, and a greeting locks its own row alone, so that the two never wait for each other in a circle.
 */
function lockAway(transaction: Transaction, placeId: number): Promise<MayHold[]> {
  return transaction.query({
    name: "roster-lock-away",
    text: `
      select controller_id as "controllerId", held_door_ids as "doorIds", offered_to as "offeredTo" from controllers
      where place_id = $1 and connected_instance is null order by controller_id for share`,
    values: [placeId],
  });
}

/** The others; what each of them serves now it has been told, or is being told. */
function readConnected(transaction: Transaction, placeId: number): Promise<MayHold[]> {
  return transaction.query({
    name: "roster-read-connected",
    text: `
      select controller_id as "controllerId", null as "offeredTo",
        array(select unnest(held_door_ids) union select door_id from doors where doors.controller_id = controllers.controller_id) as "doorIds"
      from controllers where place_id = $1 and connected_instance is not null order by controller_id`,
    values: [placeId],
  });
}

/** Drops revocations and receipts that are older than `beforeMs`, a bounded number at a time; what is left goes the next time. */
export async function dropOldRevocations(queryable: Queryable, beforeMs: number): Promise<void> {
  await queryable.query({
    name: "roster-drop-revocations",
    text: `
      with dropped as (
        delete from receipts where ctid = any(array(select ctid from receipts where confirmed_at < $1 limit $2))
      )
      delete from revocations where ctid = any(array(select ctid from revocations where at < $1 limit $2))`,
    values: [beforeMs, REVOCATIONS_DROPPED_AT_ONCE_MAX],
  });
}
