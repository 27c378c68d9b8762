import type { GroupMember } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import type { GroupRecord, KeptGroup, NamedInGrants } from "./group-record.ts";

interface GroupRow extends GroupRecord {
  readonly group_id: number;
  readonly place_id: number;
  readonly member_count: number;
}

const COLUMNS = `group_id, place_id, name, grants,
  (select count(*) from access_group_members members where members.place_id = access_groups.place_id and members.group_id = access_groups.group_id) as member_count`;

function keptGroup({ group_id, place_id, name, grants, member_count }: GroupRow): KeptGroup {
  return { groupId: group_id, placeId: place_id, record: { name, grants }, memberCount: member_count };
}

export async function findGroup(queryable: Queryable, groupId: number): Promise<KeptGroup | null> {
  const text = `select ${COLUMNS} from access_groups where group_id = $1`;
  const [row] = await queryable.query<GroupRow>({ name: "groups-find", text, values: [groupId] });
  return row === undefined ? null : keptGroup(row);
}

/** In ascending id, with one row more than the page has. */
export async function listGroups(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly KeptGroup[]> {
  const rows = await queryable.query<GroupRow>({
    name: "groups-list",
    text: `select ${COLUMNS} from access_groups where place_id = $1 and group_id > $2 order by group_id limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
  return rows.map(keptGroup);
}

export async function countGroups(transaction: Transaction, placeId: number): Promise<number> {
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from access_groups where place_id = $1", [placeId]);
  return row?.count ?? 0;
}

/** Which of the things that are named the place has. */
export async function knownAmong(transaction: Transaction, placeId: number, named: NamedInGrants): Promise<NamedInGrants> {
  const [row] = await transaction.query<{ door_ids: number[]; schedule_ids: number[] }>(
    `select array(select door_id from doors where place_id = $1 and door_id = any($2) and deleted_at is null) as door_ids,
      array(select schedule_id from schedules where place_id = $1 and schedule_id = any($3)) as schedule_ids`,
    [placeId, [...named.doorIds], [...named.scheduleIds]],
  );
  assert(row !== undefined, "what is known is one row");
  return { doorIds: new Set(row.door_ids), scheduleIds: new Set(row.schedule_ids) };
}

/** Returns the new group's id. */
export async function insertGroup(transaction: Transaction, placeId: number, { name, grants }: GroupRecord): Promise<number> {
  const [row] = await transaction.query<{ group_id: number }>(
    "insert into access_groups(group_id, place_id, name, grants) values (nextval('access_group_ids'), $1, $2, $3) returning group_id",
    [placeId, name, JSON.stringify(grants)],
  );
  assert(row !== undefined, "an inserted group returns its id");
  return row.group_id;
}

export async function updateGroup(transaction: Transaction, groupId: number, { name, grants }: GroupRecord): Promise<void> {
  const text = "update access_groups set name = $2, grants = $3 where group_id = $1";
  await transaction.execute(text, [groupId, name, JSON.stringify(grants)]);
}

/** With all its memberships. */
export async function deleteGroup(transaction: Transaction, { placeId, groupId }: KeptGroup): Promise<void> {
  await transaction.execute("delete from access_group_members where place_id = $1 and group_id = $2", [placeId, groupId]);
  await transaction.execute("delete from access_groups where group_id = $1", [groupId]);
}

/** The auths that belong to a group, in ascending id. */
export async function memberIds(transaction: Transaction, { placeId, groupId }: KeptGroup): Promise<readonly number[]> {
  const text = "select auth_id from access_group_members where place_id = $1 and group_id = $2 order by auth_id";
  const rows = await transaction.query<{ auth_id: number }>(text, [placeId, groupId]);
  return rows.map((row) => row.auth_id);
}

export interface GroupOfPlace {
  readonly placeId: number;
  readonly groupId: number;
}

/** In ascending id of the auths, with one row more than the page has. */
export async function listMembers(queryable: Queryable, { placeId, groupId }: GroupOfPlace, page: PageWanted): Promise<GroupMember[]> {
  return queryable.query({
    name: "groups-list-members",
    text: `
      select auth_id as "authId", user_id as "userId", users.key as "userKey", auths.name
      from access_group_members members join auths using (place_id, auth_id) join users using (user_id)
      where members.place_id = $1 and members.group_id = $2 and auth_id > $3 and deleted_at is null order by auth_id limit $4`,
    values: [placeId, groupId, page.afterId, page.limit + 1],
  });
}

/** Whether the place has the auth, not deleted. */
export async function hasAuth(transaction: Transaction, placeId: number, authId: number): Promise<boolean> {
  const text = "select 1 from auths where place_id = $1 and auth_id = $2 and deleted_at is null";
  return (await transaction.query(text, [placeId, authId])).length > 0;
}

/** False: it belongs to the group already. */
export async function insertMember(transaction: Transaction, { placeId, groupId }: GroupOfPlace, authId: number): Promise<boolean> {
  const text = "insert into access_group_members(place_id, group_id, auth_id) values ($1, $2, $3) on conflict do nothing";
  return (await transaction.execute(text, [placeId, groupId, authId])) > 0;
}

/** False: it did not belong to the group. */
export async function deleteMember(transaction: Transaction, { placeId, groupId }: GroupOfPlace, authId: number): Promise<boolean> {
  const text = "delete from access_group_members where place_id = $1 and group_id = $2 and auth_id = $3";
  return (await transaction.execute(text, [placeId, groupId, authId])) > 0;
}
