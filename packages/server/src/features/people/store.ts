import type { Person, PersonExport } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import type { Reach } from "./reach.ts";

export interface KeptPerson {
  readonly userId: number;
  readonly userKey: string;
  readonly madeAt: number;
}

const COLUMNS = 'user_id as "userId", key as "userKey", made_at as "madeAt"';

/** $1 the group, $2 the places; null: all of it. */
const IN_REACH = `place_group_id = $1
  and ($2::bigint[] is null or exists (select from auths where auths.user_id = users.user_id and auths.place_id = any($2)))`;

export interface PeopleFilter {
  readonly userKey: string | null;
  /** A part of the key, or of a name within reach. */
  readonly text: string | null;
}

/** In ascending id, with one row more than the page has. */
export async function listPeople(
  queryable: Queryable,
  reach: Reach,
  { userKey, text, afterId, limit }: PeopleFilter & PageWanted,
): Promise<readonly KeptPerson[]> {
  return queryable.query({
    name: "people-list",
    text: `
      select ${COLUMNS} from users
      where ${IN_REACH} and user_id > $3 and ($4::text is null or key = $4)
        and ($5::text is null or strpos(lower(key), lower($5)) > 0 or exists (
          select from auths where auths.user_id = users.user_id and deleted_at is null and ($2 is null or auths.place_id = any($2)) and strpos(lower(name), lower($5)) > 0))
      order by user_id limit $6`,
    values: [reach.placeGroupId, reach.placeIds, afterId, userKey, text, limit + 1],
  });
}

export async function findPerson(queryable: Queryable, reach: Reach, userId: number): Promise<KeptPerson | null> {
  const [row] = await queryable.query<KeptPerson>({
    name: "people-find",
    text: `select ${COLUMNS} from users where ${IN_REACH} and user_id = $3`,
    values: [reach.placeGroupId, reach.placeIds, userId],
  });
  return row ?? null;
}

type Right = Person["auths"][number];

/** The rights of these people within reach that have not ended, by person and in ascending id. */
export async function rightsOf(
  queryable: Queryable,
  { placeIds }: Reach,
  userIds: readonly number[],
): Promise<ReadonlyMap<number, Right[]>> {
  const rows = await queryable.query<Right & { readonly userId: number }>({
    name: "people-rights",
    text: `
      select user_id as "userId", auth_id as "authId", place_id as "placeId", name, status, start_at as "startAt", end_at as "endAt"
      from auths where user_id = any($1) and deleted_at is null and ($2::bigint[] is null or place_id = any($2)) order by auth_id`,
    values: [userIds, placeIds],
  });
  const rights = new Map<number, Right[]>();
  for (const { userId, ...right } of rows) rights.set(userId, [...(rights.get(userId) ?? []), right]);
  return rights;
}

/** Dynamic QRs that were issued to a person and are kept. Their links are secrets until they are tapped, and of no use to anybody else afterwards. */
export async function qrsOf(queryable: Queryable, userId: number): Promise<PersonExport["dynamicQrs"]> {
  return queryable.query({
    name: "people-qrs",
    text: `select valid_from as "validFrom", valid_to as "validTo", made_at as "madeAt", bound_at as "boundAt" from dynamic_qrs where user_id = $1 order by qr_id`,
    values: [userId],
  });
}

export interface PersonEvent {
  readonly placeId: number;
  readonly sequence: number;
  readonly eventAt: number;
  readonly eventType: number;
  /** 0: none. */
  readonly deviceId: number;
  readonly doorId: number | null;
  readonly authId: number | null;
}

/** The newest events of a person at each place within reach where they have, or had, a right; as many as `limit` of each place, the newest first. */
export async function eventsOf(
  queryable: Queryable,
  { placeIds }: Reach,
  { userId, limit }: { readonly userId: number; readonly limit: number },
): Promise<readonly PersonEvent[]> {
  return queryable.query({
    name: "people-events",
    text: `
      select found.* from (
        select distinct place_id from auths where user_id = $1 and ($2::bigint[] is null or place_id = any($2))
      ) as places cross join lateral (
        select place_id as "placeId", sequence, event_at as "eventAt", event_type as "eventType", device_id as "deviceId", door_id as "doorId", auth_id as "authId"
        from events where events.place_id = places.place_id and events.user_id = $1 order by event_at desc, sequence desc limit $3
      ) as found order by found."eventAt" desc, found."placeId", found.sequence desc`,
    values: [userId, placeIds, limit],
  });
}
