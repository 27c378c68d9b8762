import type { Ed25519PublicJwk } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";
import { SELECTORS_COUNT } from "./claim-code.ts";

export interface ControllerRow {
  readonly controllerId: number;
  readonly serial: string;
  readonly name: string;
  readonly doorIds: readonly number[];
  readonly claimedAt: number | null;
  readonly connected: boolean;
  readonly connectedAt: number | null;
  readonly lastHeardAt: number | null;
  readonly clockOffsetMs: number | null;
  /** The place's roster as it is now, and how far the controller is. */
  readonly wantedRevision: number;
  readonly urgentRevision: number;
  readonly confirmedRevision: number;
  readonly confirmedDigest: string | null;
  readonly confirmedAt: number | null;
  readonly failures: readonly unknown[];
}

const LIST = `
  select controller_id as "controllerId", serial, controllers.name, claimed_at as "claimedAt", connected_instance is not null as connected,
    connected_at as "connectedAt", last_heard_at as "lastHeardAt", clock_offset_ms as "clockOffsetMs", coalesce(heads.revision, 0) as "wantedRevision",
    urgent_revision as "urgentRevision", confirmed_revision as "confirmedRevision", confirmed_digest as "confirmedDigest", confirmed_at as "confirmedAt",
    failures, array(select door_id from doors where doors.controller_id = controllers.controller_id order by door_id) as "doorIds"
  from controllers left join roster_heads heads using (place_id)
  where place_id = $1 and ($2::bigint is null or controller_id = $2) order by controller_id`;

export async function listControllers(queryable: Queryable, placeId: number): Promise<readonly ControllerRow[]> {
  return queryable.query<ControllerRow>({ name: "controllers-list", text: LIST, values: [placeId, null] });
}

export async function findListed(queryable: Queryable, placeId: number, controllerId: number): Promise<ControllerRow | null> {
  const [row] = await queryable.query<ControllerRow>({ name: "controllers-list", text: LIST, values: [placeId, controllerId] });
  return row ?? null;
}

/** The place of a controller, or null when there is no such controller. */
export async function placeOfController(queryable: Queryable, controllerId: number): Promise<number | null> {
  const [row] = await queryable.query<{ place_id: number }>("select place_id from controllers where controller_id = $1", [controllerId]);
  return row?.place_id ?? null;
}

/** Locks the place, so that its new controllers are counted and given their doors one after the other, and returns how many it has. */
export async function lockAndCountControllers(transaction: Transaction, placeId: number): Promise<number> {
  await transaction.query("select 1 from places where place_id = $1 for no key update", [placeId]);
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from controllers where place_id = $1", [placeId]);
  return row?.count ?? 0;
}

export interface PlaceDoor {
  readonly doorId: number;
  readonly controllerId: number | null;
}

/** Those of the doors that stand in the place. */
export async function findDoors(transaction: Transaction, placeId: number, doorIds: readonly number[]): Promise<readonly PlaceDoor[]> {
  return transaction.query<PlaceDoor>(
    `select door_id as "doorId", controller_id as "controllerId" from doors
     where place_id = $1 and door_id = any($2) order by door_id`,
    [placeId, doorIds],
  );
}

export interface NewController {
  readonly placeId: number;
  readonly serial: string;
  readonly name: string;
  readonly nowMs: number;
}

/** The new controller's id; null when a controller or a device has the serial. */
export async function insertController(transaction: Transaction, controller: NewController): Promise<number | null> {
  const { placeId, serial, name, nowMs } = controller;
  const [row] = await transaction.query<{ controller_id: number }>(
    `insert into controllers(controller_id, place_id, serial, name, made_at)
     select nextval('controller_ids'), $1, $2, $3, $4 where not exists (select from devices where serial = $2)
     on conflict (serial) do nothing returning controller_id`,
    [placeId, serial, name, nowMs],
  );
  return row?.controller_id ?? null;
}

export async function assignDoors(transaction: Transaction, controllerId: number, doorIds: readonly number[]): Promise<void> {
  await transaction.execute("update doors set controller_id = $1 where door_id = any($2)", [controllerId, doorIds]);
}

export interface StoredClaimCode {
  readonly controllerId: number;
  readonly codeHash: Buffer;
  readonly expiresAt: number;
  readonly triesLeft: number;
}

/** One code per controller: a new one takes the place of the former, with its tries. */
export async function putClaimCode(queryable: Queryable, code: StoredClaimCode): Promise<void> {
  await queryable.execute(
    `insert into claim_codes(controller_id, code_hash, expires_at, tries_left) values ($1, $2, $3, $4)
     on conflict (controller_id) do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at, tries_left = excluded.tries_left`,
    [code.controllerId, code.codeHash, code.expiresAt, code.triesLeft],
  );
}

/** The codes that a typed one can mean, locked, so that no two guesses are counted as one. */
export async function lockClaimCodes(transaction: Transaction, selector: number): Promise<readonly StoredClaimCode[]> {
  return transaction.query<StoredClaimCode>(
    `select controller_id as "controllerId", code_hash as "codeHash", expires_at as "expiresAt", tries_left as "triesLeft" from claim_codes
     where controller_id % ${SELECTORS_COUNT} = $1 order by controller_id for update`,
    [selector],
  );
}

export async function countTry(transaction: Transaction, controllerIds: readonly number[]): Promise<void> {
  await transaction.execute("update claim_codes set tries_left = tries_left - 1 where controller_id = any($1)", [controllerIds]);
}

export interface ClaimedController {
  readonly controllerId: number;
  readonly serial: string;
  readonly placeId: number;
}

/**
 * Takes the code away and registers the key. The session number is raised, so that whoever held the former key is stale in every process; what
 * the former holder confirmed says nothing about the new one.
 */
export async function registerKey(
  transaction: Transaction,
  claim: { readonly controllerId: number; readonly publicKey: Ed25519PublicJwk; readonly nowMs: number },
): Promise<ClaimedController | null> {
  await transaction.execute("delete from claim_codes where controller_id = $1", [claim.controllerId]);
  const [row] = await transaction.query<ClaimedController>(
    `update controllers set public_key = $2, claimed_at = $3, session_number = session_number + 1, connected_instance = null,
       urgent_revision = 0, confirmed_revision = 0, confirmed_digest = null, confirmed_at = null, failures = '[]'
     where controller_id = $1 returning controller_id as "controllerId", serial, place_id as "placeId"`,
    [claim.controllerId, JSON.stringify(claim.publicKey), claim.nowMs],
  );
  return row ?? null;
}
