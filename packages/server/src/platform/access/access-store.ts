import type { Queryable } from "../database.ts";
import type { ReachedPlace } from "./actor.ts";

interface PlaceRow {
  readonly place_id: number;
  readonly place_group_id: number;
  readonly name: string;
  readonly time_zone: string;
}

export async function findPlace(database: Queryable, placeId: number): Promise<ReachedPlace | null> {
  const [row] = await database.query<PlaceRow>({
    name: "access-find-place",
    text: "select place_id, place_group_id, name, time_zone from places where place_id = $1",
    values: [placeId],
  });
  return row === undefined ? null : placeOf(row);
}

/** Places of a group in ascending id; `placeIds` null: all of them. */
export async function listPlaces(
  database: Queryable,
  placeGroupId: number,
  placeIds: readonly number[] | null,
): Promise<readonly ReachedPlace[]> {
  const rows = await database.query<PlaceRow>({
    name: "access-list-places",
    text: `select place_id, place_group_id, name, time_zone from places
      where place_group_id = $1 and ($2::bigint[] is null or place_id = any($2)) order by place_id`,
    values: [placeGroupId, placeIds],
  });
  return rows.map(placeOf);
}

function placeOf(row: PlaceRow): ReachedPlace {
  return { placeId: row.place_id, placeGroupId: row.place_group_id, name: row.name, timeZone: row.time_zone };
}
