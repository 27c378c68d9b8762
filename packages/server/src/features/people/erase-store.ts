import type { Erasure } from "@postern/contract";
import type { Queryable, Transaction } from "../../platform/database.ts";

/** Who was erased, by ids and times alone. */
export interface ErasedPerson {
  readonly userId: number;
  readonly placeGroupId: number;
  readonly madeAt: number;
  readonly erasedAt: number;
}

export interface PersonToErase {
  readonly userId: number;
  readonly placeGroupId: number;
  readonly madeAt: number;
}

/** A person with what they have, locked until the commit: nobody can give them a right meanwhile. Null: there is none. */
export async function lockPerson(transaction: Transaction, userId: number): Promise<PersonToErase | null> {
  const [row] = await transaction.query<PersonToErase>(
    'select user_id as "userId", place_group_id as "placeGroupId", made_at as "madeAt" from users where user_id = $1 for update',
    [userId],
  );
  return row ?? null;
}

export interface RightsAtPlace {
  readonly placeId: number;
  readonly authIds: readonly number[];
}

/** All rights that a locked person has or had, by place in ascending id. */
export async function rightsByPlace(transaction: Transaction, userId: number): Promise<readonly RightsAtPlace[]> {
  return transaction.query(
    `select place_id as "placeId", array_agg(auth_id order by auth_id) as "authIds" from auths where user_id = $1 group by place_id order by place_id`,
    [userId],
  );
}

/** Dynamic QRs that were issued to a locked person, with their group shared, so that no place is made that would still get them. */
export async function lockQrsOf(transaction: Transaction, { userId, placeGroupId }: PersonToErase): Promise<readonly number[]> {
  await transaction.query("select 1 from place_groups where place_group_id = $1 for share", [placeGroupId]);
  const rows = await transaction.query<{ qr_id: number }>("select qr_id from dynamic_qrs where user_id = $1 order by qr_id for update", [
    userId,
  ]);
  return rows.map((row) => row.qr_id);
}

/** Takes a locked person away with all their rights, whose rosters the caller has locked. Their key has been destroyed before. */
export async function deletePerson(transaction: Transaction, userId: number): Promise<void> {
  for (const table of ["access_group_members", "cards"]) {
    const text = `delete from ${table} held using auths where auths.user_id = $1 and held.place_id = auths.place_id and held.auth_id = auths.auth_id`;
    await transaction.execute(text, [userId]);
  }
  // What was learnt of cards there in the last minutes may be of theirs: whoever still wants one presents it again.
  await transaction.execute(
    "update door_commands set result = null where result is not null and place_id in (select place_id from auths where user_id = $1)",
    [userId],
  );
  await transaction.execute("delete from auths where user_id = $1", [userId]);
  await transaction.execute("delete from users where user_id = $1", [userId]);
}

/** Once more for somebody whom a backup brought back: what counts is when they were erased last. */
export async function recordErasure(
  transaction: Transaction,
  { userId, placeGroupId, madeAt, erasedAt, places }: ErasedPerson & Pick<Erasure, "places">,
): Promise<void> {
  await transaction.execute(
    `insert into erasures(user_id, place_group_id, made_at, erased_at, places) values ($1, $2, $3, $4, $5)
      on conflict (user_id) do update set place_group_id = excluded.place_group_id, made_at = excluded.made_at, erased_at = excluded.erased_at, places = excluded.places`,
    [userId, placeGroupId, madeAt, erasedAt, JSON.stringify(places)],
  );
}

export async function findErasure(queryable: Queryable, placeGroupId: number, userId: number): Promise<Erasure | null> {
  const [row] = await queryable.query<Erasure>(
    `select user_id as "userId", erased_at as "erasedAt", places from erasures where place_group_id = $1 and user_id = $2`,
    [placeGroupId, userId],
  );
  return row ?? null;
}

/** Erasures in the order of the people's ids, from behind one on. */
export async function listErasures(queryable: Queryable, afterId: number, limit: number): Promise<readonly ErasedPerson[]> {
  return queryable.query(
    `select user_id as "userId", place_group_id as "placeGroupId", made_at as "madeAt", erased_at as "erasedAt" from erasures
      where user_id > $1 order by user_id limit $2`,
    [afterId, limit],
  );
}

/** Those of them who are there again. A number that was given to somebody else meanwhile is not meant. */
export async function findReturned(queryable: Queryable, people: readonly PersonToErase[]): Promise<readonly PersonToErase[]> {
  return queryable.query(
    `select users.user_id as "userId", users.place_group_id as "placeGroupId", users.made_at as "madeAt"
      from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as erased(user_id, place_group_id, made_at) join users using (user_id, place_group_id, made_at) order by 1`,
    [people.map((person) => person.userId), people.map((person) => person.placeGroupId), people.map((person) => person.madeAt)],
  );
}
