import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";

export interface KeptQr {
  readonly qrId: number;
  readonly qid: string;
  readonly placeGroupId: number;
  readonly userId: number;
  readonly userKey: string;
  readonly validFrom: number;
  readonly validTo: number;
  readonly madeAt: number;
  readonly boundAt: number | null;
  readonly publicKey: string | null;
}

const COLUMNS = `qr_id as "qrId", qid, dynamic_qrs.place_group_id as "placeGroupId", user_id as "userId", users.key as "userKey", valid_from as "validFrom",
  valid_to as "validTo", dynamic_qrs.made_at as "madeAt", bound_at as "boundAt", public_key as "publicKey"`;
const FROM = "from dynamic_qrs join users using (user_id)";

/** The group shared until the commit, so that no place is made and it is not deleted; false: it is gone. */
export async function shareGroup(transaction: Transaction, placeGroupId: number): Promise<boolean> {
  const rows = await transaction.query("select 1 from place_groups where place_group_id = $1 for share", [placeGroupId]);
  return rows.length === 1;
}

/** The person of a key, made when there is none, held until the commit so that nobody erases them. */
export async function holdPerson(
  transaction: Transaction,
  { placeGroupId, userKey, nowMs }: { readonly placeGroupId: number; readonly userKey: string; readonly nowMs: number },
): Promise<number> {
  // An update that changes nothing: else a person who was there would not be returned, nor locked.
  const [row] = await transaction.query<{ user_id: number }>(
    `insert into users(user_id, place_group_id, key, made_at) values (nextval('user_ids'), $1, $2, $3)
      on conflict (place_group_id, key) do update set key = excluded.key returning user_id`,
    [placeGroupId, userKey, nowMs],
  );
  return row?.user_id ?? 0;
}

/** Those of a person, and those of the group, each counted no further than one beyond its limit. */
export async function countQrs(
  queryable: Queryable,
  of: { readonly placeGroupId: number; readonly userId: number },
  max: { readonly perGroup: number; readonly perPerson: number },
): Promise<{ readonly ofGroup: number; readonly ofPerson: number }> {
  const [row] = await queryable.query<{ ofGroup: number; ofPerson: number }>(
    `select (select count(*) from (select 1 from dynamic_qrs where place_group_id = $1 limit $3) as counted) as "ofGroup",
      (select count(*) from (select 1 from dynamic_qrs where user_id = $2 limit $4) as counted) as "ofPerson"`,
    [of.placeGroupId, of.userId, max.perGroup, max.perPerson],
  );
  return row ?? { ofGroup: 0, ofPerson: 0 };
}

/** Returns its id. */
export async function insertQr(
  transaction: Transaction,
  qr: Pick<KeptQr, "qid" | "placeGroupId" | "userId" | "validFrom" | "validTo" | "madeAt">,
): Promise<number> {
  const [row] = await transaction.query<{ qr_id: number }>(
    `insert into dynamic_qrs(qr_id, qid, place_group_id, user_id, valid_from, valid_to, made_at)
      values (nextval('dynamic_qr_ids'), $1, $2, $3, $4, $5, $6) returning qr_id`,
    [qr.qid, qr.placeGroupId, qr.userId, qr.validFrom, qr.validTo, qr.madeAt],
  );
  return row?.qr_id ?? 0;
}

export async function findQr(queryable: Queryable, qid: string): Promise<KeptQr | null> {
  const [row] = await queryable.query<KeptQr>({
    name: "dynamic-qrs-find",
    text: `select ${COLUMNS} ${FROM} where qid = $1`,
    values: [qid],
  });
  return row ?? null;
}

export async function findQrById(queryable: Queryable, qrId: number): Promise<KeptQr | null> {
  const [row] = await queryable.query<KeptQr>(`select ${COLUMNS} ${FROM} where qr_id = $1`, [qrId]);
  return row ?? null;
}

export interface QrFilter {
  readonly placeGroupId: number;
  /** null: everybody's. */
  readonly userKey: string | null;
}

/** In ascending id, with one row more than the page has. */
export async function listQrs(queryable: Queryable, { placeGroupId, userKey }: QrFilter, page: PageWanted): Promise<readonly KeptQr[]> {
  return queryable.query<KeptQr>({
    name: "dynamic-qrs-list",
    text: `select ${COLUMNS} ${FROM} where dynamic_qrs.place_group_id = $1 and ($2::text is null or users.key = $2) and qr_id > $3 order by qr_id limit $4`,
    values: [placeGroupId, userKey, page.afterId, page.limit + 1],
  });
}

export interface NumberedPage {
  readonly page: number;
  readonly size: number;
  readonly direction: "asc" | "desc";
}

/** One page by the time of making, and how many there are in all. */
export async function pageOfQrs(
  queryable: Queryable,
  { placeGroupId, userKey }: QrFilter,
  { page, size, direction }: NumberedPage,
): Promise<{ readonly rows: readonly KeptQr[]; readonly total: number }> {
  const where = "where dynamic_qrs.place_group_id = $1 and ($2::text is null or users.key = $2)";
  const [count] = await queryable.query<{ total: number }>(`select count(*) as total ${FROM} ${where}`, [placeGroupId, userKey]);
  const rows = await queryable.query<KeptQr>(
    `select ${COLUMNS} ${FROM} ${where} order by dynamic_qrs.made_at ${direction}, qr_id ${direction} limit $3 offset $4`,
    [placeGroupId, userKey, size, page * size],
  );
  return { rows, total: count?.total ?? 0 };
}

/** Locked until the commit. Call it under the group and the person. */
export async function lockQr(transaction: Transaction, qid: string): Promise<KeptQr | null> {
  const [row] = await transaction.query<KeptQr>(`select ${COLUMNS} ${FROM} where qid = $1 for update of dynamic_qrs`, [qid]);
  return row ?? null;
}

/** Keeps a person from being erased until the commit; false: they are gone. */
export async function sharePerson(transaction: Transaction, userId: number): Promise<boolean> {
  const rows = await transaction.query("select 1 from users where user_id = $1 for share", [userId]);
  return rows.length === 1;
}

export async function findPersonByKey(transaction: Transaction, placeGroupId: number, userKey: string): Promise<number | null> {
  const [row] = await transaction.query<{ user_id: number }>("select user_id from users where place_group_id = $1 and key = $2 for share", [
    placeGroupId,
    userKey,
  ]);
  return row?.user_id ?? null;
}

export async function bindQr(
  transaction: Transaction,
  { qrId, publicKey, nowMs }: { readonly qrId: number; readonly publicKey: string; readonly nowMs: number },
): Promise<void> {
  await transaction.execute("update dynamic_qrs set public_key = $2, bound_at = $3 where qr_id = $1", [qrId, publicKey, nowMs]);
}

/** Returns the ids of those that were there. */
export async function deleteQrs(
  transaction: Transaction,
  which: { readonly qid: string } | { readonly userId: number },
): Promise<readonly number[]> {
  const [column, value] = "qid" in which ? ["qid", which.qid] : ["user_id", which.userId];
  const rows = await transaction.query<{ qr_id: number }>(`delete from dynamic_qrs where ${column} = $1 returning qr_id`, [value]);
  return rows.map((row) => row.qr_id);
}

/** Groups with bound ones that ended before, which doors still hold. */
export async function groupsToRetire(queryable: Queryable, endedBeforeMs: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ place_group_id: number }>(
    "select distinct place_group_id from dynamic_qrs where valid_to < $1 and public_key is not null and retired_at is null",
    [endedBeforeMs],
  );
  return rows.map((row) => row.place_group_id);
}

/** Marks some of a group's; returns their ids. */
export async function retireQrs(
  transaction: Transaction,
  placeGroupId: number,
  { endedBeforeMs, nowMs, countMax }: { readonly endedBeforeMs: number; readonly nowMs: number; readonly countMax: number },
): Promise<readonly number[]> {
  const rows = await transaction.query<{ qr_id: number }>(
    `update dynamic_qrs set retired_at = $3 where qr_id in (
        select qr_id from dynamic_qrs where place_group_id = $1 and valid_to < $2 and public_key is not null and retired_at is null
        order by qr_id limit $4 for update skip locked)
      returning qr_id`,
    [placeGroupId, endedBeforeMs, nowMs, countMax],
  );
  return rows.map((row) => row.qr_id);
}

/** Those that no door holds any more, or ever held. */
export async function dropEndedQrs(queryable: Queryable, endedBeforeMs: number): Promise<void> {
  await queryable.query("delete from dynamic_qrs where valid_to < $1 and (retired_at is not null or public_key is null)", [endedBeforeMs]);
}
