import type { PlaceGroup } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";

const COLUMNS = `place_group_id as "placeGroupId", name, access_type as "accessType", made_at as "madeAt"`;

export async function findPlaceGroup(queryable: Queryable, placeGroupId: number): Promise<PlaceGroup | null> {
  const text = `select ${COLUMNS} from place_groups where place_group_id = $1`;
  const [row] = await queryable.query<PlaceGroup>({ name: "place-groups-find", text, values: [placeGroupId] });
  return row ?? null;
}

/** In ascending id, with one row more than the page has. */
export async function listPlaceGroups(queryable: Queryable, page: PageWanted): Promise<readonly PlaceGroup[]> {
  return queryable.query<PlaceGroup>({
    name: "place-groups-list",
    text: `select ${COLUMNS} from place_groups where place_group_id > $1 order by place_group_id limit $2`,
    values: [page.afterId, page.limit + 1],
  });
}

export async function countPlaceGroups(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query<{ count: number }>("select count(*) as count from place_groups");
  return row?.count ?? 0;
}

/** Returns the new group's id. */
export async function insertPlaceGroup(transaction: Transaction, name: string, nowMs: number): Promise<number> {
  const [row] = await transaction.query<{ place_group_id: number }>(
    "insert into place_groups(place_group_id, name, made_at) values (nextval('place_group_ids'), $1, $2) returning place_group_id",
    [name, nowMs],
  );
  assert(row !== undefined, "an inserted place group returns its id");
  return row.place_group_id;
}

/** The group, and nobody else changes it, gives it a place or a key until the commit; null when there is none. */
export async function lockPlaceGroup(transaction: Transaction, placeGroupId: number): Promise<PlaceGroup | null> {
  const text = `select ${COLUMNS} from place_groups where place_group_id = $1 for update`;
  const [row] = await transaction.query<PlaceGroup>(text, [placeGroupId]);
  return row ?? null;
}

/**
 * The same, while places and people of it may still be added: whoever adds them holds a roster that is wanted next, and must not be waited for with the
 * group in hand.
 */
export async function lockToChange(transaction: Transaction, placeGroupId: number): Promise<PlaceGroup | null> {
  const text = `select ${COLUMNS} from place_groups where place_group_id = $1 for no key update`;
  const [row] = await transaction.query<PlaceGroup>(text, [placeGroupId]);
  return row ?? null;
}

export async function updatePlaceGroup(transaction: Transaction, { placeGroupId, name, accessType }: PlaceGroup): Promise<void> {
  await transaction.execute("update place_groups set name = $2, access_type = $3 where place_group_id = $1", [
    placeGroupId,
    name,
    accessType,
  ]);
}

export async function countPlaces(transaction: Transaction, placeGroupId: number): Promise<number> {
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from places where place_group_id = $1", [
    placeGroupId,
  ]);
  return row?.count ?? 0;
}

/** Takes a locked group without places away, with its people and their keys: what these protected can be read by nobody any more. */
export async function deletePlaceGroup(transaction: Transaction, placeGroupId: number): Promise<void> {
  await transaction.execute("delete from person_keys using users where users.user_id = person_keys.user_id and place_group_id = $1", [
    placeGroupId,
  ]);
  await transaction.execute("delete from users where place_group_id = $1", [placeGroupId]);
  await transaction.execute("delete from place_groups where place_group_id = $1", [placeGroupId]);
}
