import { GRANT_DOORS_PER_AUTH_MAX, GRANTS_PER_AUTH_MAX, GROUPS_PER_AUTH_MAX } from "@postern/contract";
import type { Transaction } from "../platform/database.ts";
import { GROUP_MEMBERS_MAX } from "./limits.ts";

/** An auth whose groups give it more than the link carries, and how. */
export interface ExcessOfGrants {
  readonly authId: number;
  /** Continues the name of what is at fault. */
  readonly message: string;
}

interface ExcessRow {
  readonly auth_id: number;
  readonly groups: number;
  readonly grants: number;
}

/**
 * Call it after writing groups or memberships, under the roster's lock, for the auths they concern: the first of them that is over a limit, or null. An
 * item that the link does not carry would stop at the server, and its doors would go on with an older one.
 */
export async function findExcessOfGrants(
  transaction: Transaction,
  placeId: number,
  authIds: readonly number[],
): Promise<ExcessOfGrants | null> {
  const [row] = await transaction.query<ExcessRow>({
    name: "grants-find-excess",
    text: `
      select auth_id, count(*) as groups, sum(grant_count)::bigint as grants
      from access_group_members members join access_groups using (group_id)
      cross join lateral (
        select count(*) as grant_count, coalesce(sum(jsonb_array_length(nullif(granted -> 'doors', '"all"'))), 0) as door_count
        from jsonb_array_elements(grants) granted
      ) as counts
      where members.place_id = $1 and auth_id = any($2) group by auth_id
      having count(*) > $3 or sum(grant_count) > $4 or sum(door_count) > $5 order by auth_id limit 1`,
    values: [placeId, authIds, GROUPS_PER_AUTH_MAX, GRANTS_PER_AUTH_MAX, GRANT_DOORS_PER_AUTH_MAX],
  });
  return row === undefined ? null : { authId: row.auth_id, message: excessMessage(row) };
}

function excessMessage({ auth_id, groups, grants }: ExcessRow): string {
  if (groups > GROUPS_PER_AUTH_MAX) return `auth ${auth_id} would belong to more than ${GROUPS_PER_AUTH_MAX} groups`;
  if (grants > GRANTS_PER_AUTH_MAX) return `auth ${auth_id} would have more than ${GRANTS_PER_AUTH_MAX} grants through all its groups`;
  return `auth ${auth_id} would have grants that name more than ${GRANT_DOORS_PER_AUTH_MAX} doors through all its groups`;
}

/** Call it after memberships were added, under the roster's lock: the first of these groups that has more members than a change can bring to the doors at once, or null. */
export async function findCrowdedGroup(
  transaction: Transaction,
  placeId: number,
  groupIds: readonly number[],
): Promise<{ readonly message: string } | null> {
  const [row] = await transaction.query<{ group_id: number }>({
    name: "grants-find-crowded",
    text: `select group_id from access_group_members where place_id = $1 and group_id = any($2) group by group_id having count(*) > $3 order by group_id limit 1`,
    values: [placeId, groupIds, GROUP_MEMBERS_MAX],
  });
  return row === undefined ? null : { message: `group ${row.group_id} would have more than ${GROUP_MEMBERS_MAX} members` };
}
