import type { ImportRowWanted } from "@postern/contract";
import type { Transaction } from "../../../platform/database.ts";
import type { KeptAuth } from "../auth-record.ts";
import { AUTH_COLUMNS, type AuthRow, keptAuth } from "../auth-row-store.ts";
import type { BatchFacts, GroupSize } from "./plan-batch.ts";

/*
 * None of these statements has a name: the tables grow tenfold while rows come in, and a plan that was made for their beginning would search where it
 * should look up.
 */

/** Everything that these rows depend on, in a fixed number of statements. Who has a right already may lose it until the roster is locked. */
export async function loadBatchFacts(
  transaction: Transaction,
  { placeId, placeGroupId }: { readonly placeId: number; readonly placeGroupId: number },
  rows: readonly ImportRowWanted[],
): Promise<BatchFacts> {
  const userKeys = rows.map((row) => row.userKey);
  const userIds = await findPeople(transaction, placeGroupId, userKeys);
  const auths = await findAuths(transaction, placeId, [...userIds.values()]);
  const groupIds = [...rows.flatMap((row) => row.groupIds ?? []), ...[...auths.values()].flatMap(({ record }) => record.groupIds)];
  const cardKeys = rows.flatMap(({ credentials }) => credentials.cards?.map(({ key }) => key) ?? []);
  const doorIds = rows.flatMap(({ doors }) => (doors === undefined || doors === "all" ? [] : doors));
  const scheduleIds = rows.flatMap(({ scheduleId }) => scheduleId ?? []);
  return {
    userIds,
    auths,
    doorIds: await findIds(transaction, DOORS, { placeId, ids: doorIds }),
    scheduleIds: await findIds(transaction, SCHEDULES, { placeId, ids: scheduleIds }),
    groups: await readGroupSizes(transaction, placeId, [...new Set(groupIds)]),
    cardHolders: await findCardHolders(transaction, placeId, cardKeys),
  };
}

async function findPeople(transaction: Transaction, placeGroupId: number, userKeys: readonly string[]): Promise<Map<string, number>> {
  const rows = await transaction.query<{ key: string; user_id: number }>(
    "select key, user_id from users where place_group_id = $1 and key = any($2)",
    [placeGroupId, userKeys],
  );
  return new Map(rows.map((row) => [row.key, row.user_id]));
}

async function findAuths(transaction: Transaction, placeId: number, userIds: readonly number[]): Promise<Map<string, KeptAuth>> {
  if (userIds.length === 0) return new Map();
  const rows = await transaction.query<AuthRow>(
    `select ${AUTH_COLUMNS} from auths join users using (user_id)
      where place_id = $1 and user_id = any($2) and deleted_at is null order by auth_id`,
    [placeId, userIds],
  );
  return new Map(rows.map((row) => [row.key, keptAuth(row)]));
}

const DOORS = "select door_id as id from doors where place_id = $1 and door_id = any($2) and deleted_at is null";
const SCHEDULES = "select schedule_id as id from schedules where place_id = $1 and schedule_id = any($2)";

async function findIds(
  transaction: Transaction,
  text: string,
  { placeId, ids }: { readonly placeId: number; readonly ids: readonly number[] },
): Promise<Set<number>> {
  if (ids.length === 0) return new Set();
  const rows = await transaction.query<{ id: number }>(text, [placeId, [...new Set(ids)]]);
  return new Set(rows.map((row) => row.id));
}

async function readGroupSizes(transaction: Transaction, placeId: number, groupIds: readonly number[]): Promise<Map<number, GroupSize>> {
  if (groupIds.length === 0) return new Map();
  const rows = await transaction.query<GroupSize & { readonly group_id: number }>(
    `select group_id, counts."grantCount", counts."doorCount",
        (select count(*) from access_group_members members where members.place_id = $1 and members.group_id = access_groups.group_id) as "memberCount"
      from access_groups cross join lateral (
        select count(*) as "grantCount", coalesce(sum(jsonb_array_length(nullif(granted -> 'doors', '"all"'))), 0) as "doorCount"
        from jsonb_array_elements(grants) granted
      ) as counts
      where place_id = $1 and group_id = any($2)`,
    [placeId, groupIds],
  );
  return new Map(rows.map(({ group_id, ...size }) => [group_id, size]));
}

async function findCardHolders(transaction: Transaction, placeId: number, cardKeys: readonly string[]): Promise<Map<string, number>> {
  if (cardKeys.length === 0) return new Map();
  const rows = await transaction.query<{ card_key: string; auth_id: number }>(
    "select card_key, auth_id from cards where place_id = $1 and card_key = any($2)",
    [placeId, cardKeys],
  );
  return new Map(rows.map((row) => [row.card_key, row.auth_id]));
}

/** Numbers for so many new people and auths at most; those that are not used are left out for ever. */
export async function drawIds(
  transaction: Transaction,
  { userCount, authCount }: { readonly userCount: number; readonly authCount: number },
): Promise<{ readonly userIds: readonly number[]; readonly authIds: readonly number[] }> {
  const [row] = await transaction.query<{ user_ids: readonly number[]; auth_ids: readonly number[] }>(
    `select array(select nextval('user_ids') from generate_series(1, $1::int)) as user_ids,
      array(select nextval('auth_ids') from generate_series(1, $2::int)) as auth_ids`,
    [userCount, authCount],
  );
  return { userIds: row?.user_ids ?? [], authIds: row?.auth_ids ?? [] };
}

/** The auth that a person has at a place, by their key; null: none. */
export async function findAuthOf(
  queryable: Pick<Transaction, "query">,
  { placeId, placeGroupId, userKey }: { readonly placeId: number; readonly placeGroupId: number; readonly userKey: string },
): Promise<number | null> {
  const [row] = await queryable.query<{ auth_id: number }>(
    `select auth_id from users join auths using (user_id)
      where place_group_id = $2 and key = $3 and place_id = $1 and deleted_at is null`,
    [placeId, placeGroupId, userKey],
  );
  return row?.auth_id ?? null;
}
