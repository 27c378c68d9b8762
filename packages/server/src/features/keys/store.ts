import type { Scope } from "../../platform/access/actor.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";

/** Where other processes hear of revoked keys; the payload is a key's id. A hint: rows are read again within half a second anyway. */
export const KEYS_CHANGED_CHANNEL = "postern_keys";

export interface KeyRow {
  readonly keyId: string;
  readonly placeGroupId: number;
  readonly parentId: string | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly placeIds: readonly number[] | null;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

const COLUMNS = `key_id as "keyId", place_group_id as "placeGroupId", parent_id as "parentId", name, scopes, place_ids as "placeIds",
  made_at as "madeAt", expires_at as "expiresAt", revoked_at as "revokedAt"`;

export async function findKey(queryable: Queryable, keyId: string): Promise<KeyRow | null> {
  const text = `select ${COLUMNS} from api_keys where key_id = $1`;
  const [row] = await queryable.query<KeyRow>({ name: "keys-find", text, values: [keyId] });
  return row ?? null;
}

/** One at a time per group: a key minted while its parent is being revoked would outlive it. False: there is no such group. */
export async function lockKeysOf(transaction: Transaction, placeGroupId: number): Promise<boolean> {
  const locked = await transaction.query("select 1 from place_groups where place_group_id = $1 for no key update", [placeGroupId]);
  return locked.length > 0;
}

/** Those of the places that belong to the group. */
export async function placesOfGroup(transaction: Transaction, placeGroupId: number, placeIds: readonly number[]): Promise<Set<number>> {
  const text = "select place_id from places where place_group_id = $1 and place_id = any($2)";
  const rows = await transaction.query<{ place_id: number }>(text, [placeGroupId, placeIds]);
  return new Set(rows.map((row) => row.place_id));
}

export async function countLiveKeys(queryable: Queryable, placeGroupId: number, nowMs: number): Promise<number> {
  const text = "select count(*) as count from api_keys where place_group_id = $1 and revoked_at is null and expires_at > $2";
  const [row] = await queryable.query<{ count: number }>(text, [placeGroupId, nowMs]);
  return row?.count ?? 0;
}

export async function insertKey(queryable: Queryable, key: KeyRow): Promise<void> {
  await queryable.execute(
    `insert into api_keys(key_id, place_group_id, parent_id, name, scopes, place_ids, made_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [key.keyId, key.placeGroupId, key.parentId, key.name, key.scopes, key.placeIds, key.madeAt, key.expiresAt],
  );
}

/** A key and everything minted below it, as `ids`. A key's whole descent lies in its group. */
const DESCENT = (name: string, start: string): string => `
  ${name}(key_id) as (
    ${start} union select api_keys.key_id from api_keys join ${name} on api_keys.parent_id = ${name}.key_id
  )`;

/** Where a page of keys begins: behind this one. */
export interface KeyPosition {
  readonly madeAt: number;
  readonly keyId: string;
}

/** The keys that `keyId` may see, itself and those below it, in the order of their making, with one row more than the page has. */
export async function listDescent(
  queryable: Queryable,
  keyId: string,
  { after, limit }: { readonly after: KeyPosition | null; readonly limit: number },
): Promise<readonly KeyRow[]> {
  return queryable.query<KeyRow>({
    name: "keys-list-descent",
    text: `with recursive ${DESCENT("reach", "select $1::text")}
      select ${COLUMNS} from api_keys join reach using (key_id)
      where $2::bigint is null or (made_at, key_id) > ($2, $3::text) order by made_at, key_id limit $4`,
    values: [keyId, after?.madeAt ?? null, after?.keyId ?? null, limit + 1],
  });
}

/** One of the keys that `keyId` may see; null when there is no such key among them. */
export async function findInDescent(queryable: Queryable, keyId: string, targetId: string): Promise<KeyRow | null> {
  const [row] = await queryable.query<KeyRow>({
    name: "keys-find-in-descent",
    text: `with recursive ${DESCENT("reach", "select $1::text")}
      select ${COLUMNS} from api_keys join reach using (key_id) where key_id = $2`,
    values: [keyId, targetId],
  });
  return row ?? null;
}

/** Those of the keys that live; a key whose row is gone does not. */
export async function findLive(queryable: Queryable, keyIds: readonly string[], nowMs: number): Promise<readonly string[]> {
  const rows = await queryable.query<{ key_id: string }>({
    name: "keys-find-live",
    text: "select key_id from api_keys where key_id = any($1) and revoked_at is null and expires_at > $2",
    values: [keyIds, nowMs],
  });
  return rows.map((row) => row.key_id);
}

const REVOKE = `
  with recursive ${DESCENT("reach", "select $1::text")},
  ${DESCENT("doomed", "select key_id from reach where key_id = $2")},
  revoked as (
    update api_keys set revoked_at = $3 where key_id in (select key_id from doomed) and revoked_at is null returning key_id
  ), told as (
    select pg_notify('${KEYS_CHANGED_CHANNEL}', key_id) from revoked
  )
  select array(select key_id from doomed) as doomed, (select count(*) from told) as "countRevoked"`;

/**
 * Revokes `targetId` and everything below it, when `keyId` reaches it. Returns the ids that are revoked now, those that were so before
 * among them, and how many this call revoked; none when it is out of reach.
 */
export async function revokeDescent(
  transaction: Transaction,
  keyId: string,
  targetId: string,
  nowMs: number,
): Promise<{ readonly doomed: readonly string[]; readonly countRevoked: number }> {
  const [row] = await transaction.query<{ doomed: string[]; countRevoked: number }>(REVOKE, [keyId, targetId, nowMs]);
  return row ?? { doomed: [], countRevoked: 0 };
}

/** Takes back what these keys asked of doors for later: a key that is revoked moves no bolt any more. */
export async function cancelCommandsOf(queryable: Queryable, keyIds: readonly string[], nowMs: number): Promise<void> {
  await queryable.execute(
    "update door_commands set state = 'cancelled', reason = 'key_revoked', ended_at = $2 where asked_by = any($1) and state = 'waiting'",
    [keyIds, nowMs],
  );
}

/** Takes every key of a group away with the group, and tells the other processes. Returns their ids. */
export async function dropKeysOf(transaction: Transaction, placeGroupId: number): Promise<readonly string[]> {
  const rows = await transaction.query<{ key_id: string }>(
    `with dropped as (delete from api_keys where place_group_id = $1 returning key_id)
     select key_id, pg_notify('${KEYS_CHANGED_CHANNEL}', key_id) from dropped`,
    [placeGroupId],
  );
  return rows.map((row) => row.key_id);
}

/** Keys that were revoked, in the order of their ids, from behind one on. */
export async function listRevoked(
  queryable: Queryable,
  afterId: string,
  limit: number,
): Promise<readonly { readonly keyId: string; readonly revokedAt: number }[]> {
  return queryable.query(
    `select key_id as "keyId", revoked_at as "revokedAt" from api_keys where key_id > $1 and revoked_at is not null order by key_id limit $2`,
    [afterId, limit],
  );
}

/** Revokes those of the keys that are there and good. Returns their ids. */
export async function revokeAgain(
  queryable: Queryable,
  keys: readonly { readonly keyId: string; readonly revokedAt: number }[],
): Promise<readonly string[]> {
  const rows = await queryable.query<{ key_id: string }>(
    `update api_keys set revoked_at = gone.revoked_at from unnest($1::text[], $2::bigint[]) as gone(key_id, revoked_at)
      where api_keys.key_id = gone.key_id and api_keys.revoked_at is null returning api_keys.key_id`,
    [keys.map(({ keyId }) => keyId), keys.map(({ revokedAt }) => revokedAt)],
  );
  return rows.map((row) => row.key_id);
}
