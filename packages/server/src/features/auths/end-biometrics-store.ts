import type { Queryable, Transaction } from "../../platform/database.ts";

/** Places that have templates of rights which ended before, a few at a time. */
export async function placesWithEnded(queryable: Queryable, endedBeforeMs: number, countMax: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ place_id: number }>({
    name: "auths-places-with-ended",
    text: `select distinct place_id from auths where end_at < $1 and (faces_sealed is not null or fingerprints_sealed is not null) order by place_id limit $2`,
    values: [endedBeforeMs, countMax],
  });
  return rows.map((row) => row.place_id);
}

/** Takes templates of rights that ended before away, at a place whose roster is locked; returns whose. */
export async function endTemplates(
  transaction: Transaction,
  placeId: number,
  endedBeforeMs: number,
  countMax: number,
): Promise<readonly number[]> {
  const rows = await transaction.query<{ auth_id: number }>({
    name: "auths-end-templates",
    text: `
      update auths set faces = '[]', faces_sealed = null, fingerprints = '[]', fingerprints_sealed = null
      where auth_id in (select auth_id from auths where place_id = $1 and end_at < $2 and (faces_sealed is not null or fingerprints_sealed is not null) limit $3)
      returning auth_id`,
    values: [placeId, endedBeforeMs, countMax],
  });
  return rows.map((row) => row.auth_id);
}
