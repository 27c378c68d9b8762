import type { ControllerResource, Ed25519PublicJwk, LostController } from "@postern/contract";
import { assert, COMMON_SCOPE } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { SELECTORS_COUNT } from "./claim-code.ts";

/** A page of them, or one alone, with the whole of what the resource shows. */
const SELECT = `
  select controller_id as "controllerId", place_id as "placeId", serial, controllers.name, claimed_at is not null as claimed, claimed_at as "claimedAt",
    lost_at as "lostAt", connected_instance is not null as connected, connected_at as "connectedAt", last_heard_at as "lastHeardAt",
    clock_offset_ms as "clockOffsetMs", software, coalesce(heads.revision, 0) as "wantedRevision", urgent_revision as "urgentRevision",
    confirmed_revision as "confirmedRevision", confirmed_digest as "confirmedDigest", confirmed_at as "confirmedAt", failures,
    array(select door_id from doors where doors.controller_id = controllers.controller_id order by door_id) as "doorIds"
  from controllers left join roster_heads heads using (place_id)`;

/** In ascending id, with one row more than the page has. */
export async function listControllers(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly ControllerResource[]> {
  return queryable.query<ControllerResource>({
    name: "controllers-list",
    text: `${SELECT} where place_id = $1 and controller_id > $2 order by controller_id limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
}

export async function findController(queryable: Queryable, controllerId: number): Promise<ControllerResource | null> {
  const text = `${SELECT} where controller_id = $1`;
  const [row] = await queryable.query<ControllerResource>({ name: "controllers-find", text, values: [controllerId] });
  return row ?? null;
}

/** The same, and nobody else changes it until the commit. */
export async function lockController(transaction: Transaction, controllerId: number): Promise<ControllerResource | null> {
  await transaction.query("select 1 from controllers where controller_id = $1 for no key update", [controllerId]);
  return findController(transaction, controllerId);
}

export async function placeGroupOf(queryable: Queryable, placeId: number): Promise<number> {
  const [row] = await queryable.query<{ place_group_id: number }>("select place_group_id from places where place_id = $1", [placeId]);
  assert(row !== undefined, "a controller stands in a place");
  return row.place_group_id;
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
     where place_id = $1 and door_id = any($2) and deleted_at is null order by door_id`,
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

/** Gives a controller these doors and no others. */
export async function assignDoors(transaction: Transaction, controllerId: number, doorIds: readonly number[]): Promise<void> {
  await transaction.execute(
    `update doors set controller_id = case when door_id = any($2) then $1::bigint end
     where door_id = any($2) or (controller_id = $1 and door_id <> all($2))`,
    [controllerId, doorIds],
  );
}

export async function renameController(transaction: Transaction, controllerId: number, name: string): Promise<void> {
  await transaction.execute("update controllers set name = $2 where controller_id = $1", [controllerId, name]);
}

/** Takes a locked controller away; its doors are served by nobody, and what it was told to do and has not done fails. */
export async function deleteController(transaction: Transaction, controllerId: number, nowMs: number): Promise<void> {
  await transaction.execute(
    `update door_commands set state = 'failed', reason = 'controller_deleted', ended_at = $2
     where controller_id = $1 and state in ('waiting', 'sent')`,
    [controllerId, nowMs],
  );
  await transaction.execute("update doors set controller_id = null where controller_id = $1", [controllerId]);
  await transaction.execute("delete from claim_codes where controller_id = $1", [controllerId]);
  await transaction.execute("delete from controllers where controller_id = $1", [controllerId]);
}

/**
 * Takes a locked controller's key away, and a code that somebody may hold, and makes its session stale in every process. What it confirmed says
 * nothing any more.
 */
export async function loseKey(transaction: Transaction, controllerId: number, lostAt: number): Promise<void> {
  await transaction.execute("delete from claim_codes where controller_id = $1", [controllerId]);
  await transaction.execute(
    `update controllers set public_key = null, claimed_at = null, lost_at = $2, session_number = session_number + 1, connected_instance = null,
       urgent_revision = 0, confirmed_revision = 0, confirmed_digest = null, confirmed_at = null, failures = '[]'
     where controller_id = $1`,
    [controllerId, lostAt],
  );
}

/** Takes those of the keys away that are there again. Returns the serials. */
export async function loseAgain(
  queryable: Queryable,
  ended: readonly { readonly serial: string; readonly claimedAt: number; readonly endedAt: number }[],
): Promise<readonly string[]> {
  const rows = await queryable.query<{ serial: string }>(
    `update controllers set public_key = null, claimed_at = null, lost_at = ended.ended_at, session_number = session_number + 1, connected_instance = null,
       urgent_revision = 0, confirmed_revision = 0, confirmed_digest = null, confirmed_at = null, failures = '[]'
     from unnest($1::text[], $2::bigint[], $3::bigint[]) as ended(serial, claimed_at, ended_at)
     where controllers.serial = ended.serial and controllers.claimed_at = ended.claimed_at returning controllers.serial`,
    [ended.map((one) => one.serial), ended.map((one) => one.claimedAt), ended.map((one) => one.endedAt)],
  );
  return rows.map((row) => row.serial);
}

interface HeldBy {
  readonly placeId: number;
  readonly doorIds: readonly number[];
  readonly countMax: number;
}

/** Whose secrets a controller of these doors holds, by the place's roster: the first of them by auth, and how many there are. */
export async function readToRenew(
  queryable: Queryable,
  { placeId, doorIds, countMax }: HeldBy,
): Promise<{ readonly toRenew: LostController["toRenew"]; readonly count: number }> {
  const [row] = await queryable.query<{ toRenew: LostController["toRenew"]; count: number }>(
    `with held as (
       select (item->>'id')::bigint as auth_id, array_remove(array[
         case when item->>'pin' is not null then 'PIN' end,
         case when item->>'uniquePin' is not null then 'UNIQUE_PIN' end,
         case when jsonb_array_length(item->'fingerprints') > 0 then 'FINGERPRINT' end,
         case when item->'faces' is not null then 'FACE' end], null) as credentials
       from roster_items where place_id = $1 and item is not null and item->>'kind' = 'auth' and scopes && $2::bigint[]
     ), secret as (
       select auth_id, key, auths.name, credentials from held join auths using (auth_id) join users using (user_id) where credentials <> '{}'
     ), first as (
       select * from secret order by auth_id limit $3
     )
     select (select count(*) from secret) as count,
       (select coalesce(jsonb_agg(jsonb_build_object('authId', auth_id, 'userKey', key, 'name', name, 'credentials', credentials) order by auth_id), '[]')
         from first) as "toRenew"`,
    [placeId, [COMMON_SCOPE, ...doorIds], countMax],
  );
  return row ?? { toRenew: [], count: 0 };
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
 * the former holder confirmed says nothing about the new one. `formerClaimedAt`: when that key was registered.
 */
export async function registerKey(
  transaction: Transaction,
  claim: { readonly controllerId: number; readonly publicKey: Ed25519PublicJwk; readonly nowMs: number },
): Promise<{ readonly controller: ClaimedController; readonly formerClaimedAt: number | null } | null> {
  await transaction.execute("delete from claim_codes where controller_id = $1", [claim.controllerId]);
  const [row] = await transaction.query<ClaimedController & { readonly formerClaimedAt: number | null }>(
    `with former as (select claimed_at from controllers where controller_id = $1 for update)
     update controllers set public_key = $2, claimed_at = $3, lost_at = null, session_number = session_number + 1, connected_instance = null,
       urgent_revision = 0, confirmed_revision = 0, confirmed_digest = null, confirmed_at = null, failures = '[]'
     from former where controller_id = $1
     returning controller_id as "controllerId", serial, place_id as "placeId", former.claimed_at as "formerClaimedAt"`,
    [claim.controllerId, JSON.stringify(claim.publicKey), claim.nowMs],
  );
  if (row === undefined) return null;
  const { formerClaimedAt, ...controller } = row;
  return { controller, formerClaimedAt };
}
