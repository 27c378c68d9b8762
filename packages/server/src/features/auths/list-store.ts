import type { AuthsQuery } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { AUTH_COLUMNS, type AuthRow, keptAuth } from "./auth-row-store.ts";
import type { FoundAuth } from "./store.ts";

const ORDERS = {
  "id,asc": "auth_id asc",
  "id,desc": "auth_id desc",
  "name,asc": `lower(name) collate "C" asc, auth_id asc`,
  "name,desc": `lower(name) collate "C" desc, auth_id desc`,
  "lastModifiedAt,asc": "last_modified_at asc, auth_id asc",
  "lastModifiedAt,desc": "last_modified_at desc, auth_id desc",
} as const;

/** $1 the place, $2 a text, $3 the cards it may be, $4 a status, $5 a door; null: whichever. */
const MATCHING = `
    select auths.*, users.key from auths join users using (user_id)
    where place_id = $1 and deleted_at is null
      and ($2::text is null or strpos(lower(name), lower($2)) > 0 or strpos(lower(users.key), lower($2)) > 0
        or exists (select from cards where cards.place_id = $1 and cards.auth_id = auths.auth_id and card_key = any($3::text[])))
      and ($4::text is null or status = $4)
      and ($5::bigint is null or door_access_type = 'ALL_DOOR' or $5 = any(door_ids)
        or exists (select from access_group_members members join access_groups using (group_id) cross join lateral jsonb_array_elements(access_groups.grants) granted
          where members.place_id = $1 and members.auth_id = auths.auth_id and (granted.value -> 'doors' = '"all"' or granted.value -> 'doors' @> to_jsonb($5::bigint))))`;

const LIST_AUTHS = (order: string): string => `
  with matching as (${MATCHING}
  ), matched as (
    select count(*) as total from matching
  ), page as (
    select * from matching order by ${order} limit $6 offset $7
  )
  select matched.total, page.* from matched left join lateral (select ${AUTH_COLUMNS} from page as auths) as page on true order by ${order}`;

export interface AuthsPage {
  /** How many auths match, whatever the page shows. */
  readonly total: number;
  readonly auths: readonly FoundAuth[];
}

/** One page of a place's auths and how many match, of one moment. */
export async function listAuths(queryable: Queryable, placeId: number, query: AuthsQuery): Promise<AuthsPage> {
  const order = `${query.order.by},${query.order.direction}` as const;
  const rows = await queryable.query<{ readonly total: number } & (AuthRow | { readonly auth_id: null })>({
    name: `auths-list-${order}`,
    text: LIST_AUTHS(ORDERS[order]),
    values: [placeId, query.text, query.cardKeys, query.status, query.doorId, query.size, query.page * query.size],
  });
  const auths = rows.flatMap((row) => (row.auth_id === null ? [] : [{ kept: keptAuth(row), doors: row.doors }]));
  return { total: rows[0]?.total ?? 0, auths };
}

export interface AuthsAfter extends PageWanted {
  readonly text: string | null;
  readonly cardKeys: readonly string[];
  readonly status: "ACTIVE" | "INACTIVE" | null;
  readonly doorId: number | null;
  readonly groupId: number | null;
}

const LIST_AUTHS_AFTER = `
  with matching as (${MATCHING}
      and ($6::bigint is null or exists (select from access_group_members members
        where members.place_id = $1 and members.auth_id = auths.auth_id and members.group_id = $6))
      and auth_id > $7 order by auth_id limit $8
  )
  select ${AUTH_COLUMNS} from matching as auths order by auth_id`;

/** In ascending id, with one row more than the page has. */
export async function listAuthsAfter(queryable: Queryable, placeId: number, wanted: AuthsAfter): Promise<readonly FoundAuth[]> {
  const { text, cardKeys, status, doorId, groupId, afterId, limit } = wanted;
  const rows = await queryable.query<AuthRow>({
    name: "auths-list-after",
    text: LIST_AUTHS_AFTER,
    values: [placeId, text, cardKeys, status, doorId, groupId, afterId, limit + 1],
  });
  return rows.map((row) => ({ kept: keptAuth(row), doors: row.doors }));
}
