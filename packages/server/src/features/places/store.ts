import type { Place } from "@postern/contract";
import { assert } from "@postern/core";
import type { Actor } from "../../platform/access/actor.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";

const COLUMNS = `place_id as "placeId", place_group_id as "placeGroupId", name, time_zone as "timeZone", face_duplicates as "faceDuplicates",
  face_crops as "faceCrops", face_consent as "faceConsent", made_at as "madeAt",
  (select access_type from place_groups where place_groups.place_group_id = places.place_group_id) as "accessType"`;

export async function findPlace(queryable: Queryable, placeId: number): Promise<Place | null> {
  const text = `select ${COLUMNS} from places where place_id = $1`;
  const [row] = await queryable.query<Place>({ name: "places-find", text, values: [placeId] });
  return row ?? null;
}

/** Those within the actor's reach in ascending id, with one row more than the page has. */
export async function listPlaces(queryable: Queryable, actor: Actor, page: PageWanted): Promise<readonly Place[]> {
  return queryable.query<Place>({
    name: "places-list",
    text: `select ${COLUMNS} from places
      where place_group_id = $1 and ($2::bigint[] is null or place_id = any($2)) and place_id > $3 order by place_id limit $4`,
    values: [actor.placeGroupId, actor.placeIds, page.afterId, page.limit + 1],
  });
}

/** Locks a group, so that its new places are counted one after the other, and returns how many it has; null when there is no such group. */
export async function lockAndCountPlaces(transaction: Transaction, placeGroupId: number): Promise<number | null> {
  const locked = await transaction.query("select 1 from place_groups where place_group_id = $1 for no key update", [placeGroupId]);
  if (locked.length === 0) return null;
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from places where place_group_id = $1", [
    placeGroupId,
  ]);
  return row?.count ?? 0;
}

/** Returns the new place's id. */
export async function insertPlace(transaction: Transaction, place: Omit<Place, "placeId" | "accessType">): Promise<number> {
  const [row] = await transaction.query<{ place_id: number }>(
    `insert into places(place_id, place_group_id, name, time_zone, face_duplicates, face_crops, face_consent, made_at)
      values (nextval('place_ids'), $1, $2, $3, $4, $5, $6, $7) returning place_id`,
    [place.placeGroupId, place.name, place.timeZone, place.faceDuplicates, place.faceCrops, place.faceConsent, place.madeAt],
  );
  assert(row !== undefined, "an inserted place returns its id");
  return row.place_id;
}

export async function updatePlace(transaction: Transaction, place: Place): Promise<void> {
  await transaction.execute(
    "update places set name = $2, time_zone = $3, face_duplicates = $4, face_crops = $5, face_consent = $6 where place_id = $1",
    [place.placeId, place.name, place.timeZone, place.faceDuplicates, place.faceCrops, place.faceConsent],
  );
}

/** Takes the crops of a place's faces away; the templates stay. */
export async function dropFaceCrops(transaction: Transaction, placeId: number): Promise<void> {
  await transaction.execute("update auths set face_crops_sealed = null where place_id = $1 and face_crops_sealed is not null", [placeId]);
}

/** What keeps a place from being deleted. */
export interface PlaceContents {
  readonly doors: number;
  readonly controllers: number;
  readonly people: number;
}

/** Waits for whoever adds something to the place, lets nobody begin to until the commit, and counts what is there. */
export async function lockAndCountContents(transaction: Transaction, placeId: number): Promise<PlaceContents> {
  await transaction.query("select 1 from places where place_id = $1 for update", [placeId]);
  const [row] = await transaction.query<PlaceContents>(
    `select (select count(*) from doors where place_id = $1 and deleted_at is null) as doors,
       (select count(*) from controllers where place_id = $1) as controllers,
       (select count(*) from auths where place_id = $1 and deleted_at is null) as people`,
    [placeId],
  );
  assert(row !== undefined, "counts are one row");
  return row;
}

/** What may stand in a place that has no doors, controllers and people any more; what names another comes first. */
const LEFT_BEHIND = [
  "credential_scans",
  "device_messages",
  "device_images",
  "door_commands",
  "door_modes",
  "devices",
  "doors",
  "access_group_members",
  "access_groups",
  "cards",
  "auths",
  "schedules",
  "holiday_calendars",
  "imports",
] as const;

/** Takes an empty, locked place away with what is left of its past. The ledger, which nothing refers to, stays. */
export async function deletePlace(transaction: Transaction, placeId: number): Promise<void> {
  for (const table of LEFT_BEHIND) await transaction.execute(`delete from ${table} where place_id = $1`, [placeId]);
  await transaction.execute("delete from places where place_id = $1", [placeId]);
}
