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
      update auths set faces = '[]', faces_sealed = null, face_crops_sealed = null, fingerprints = '[]', fingerprints_sealed = null
      where auth_id in (select auth_id from auths where place_id = $1 and end_at < $2 and (faces_sealed is not null or fingerprints_sealed is not null) limit $3)
      returning auth_id`,
    values: [placeId, endedBeforeMs, countMax],
  });
  return rows.map((row) => row.auth_id);
}

/** Places that hold faces whose consent has ended, a few at a time. */
export async function placesWithEndedConsent(queryable: Queryable, nowMs: number, countMax: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ place_id: number }>({
    name: "auths-places-with-ended-consent",
    text: `select distinct place_id from auths where faces_sealed is not null and (face_consent ->> 'endsAt')::bigint <= $1 order by place_id limit $2`,
    values: [nowMs, countMax],
  });
  return rows.map((row) => row.place_id);
}

/** Takes faces whose consent has ended away, at a place whose roster is locked; returns whose. */
export async function endUnconsented(
  transaction: Transaction,
  placeId: number,
  nowMs: number,
  countMax: number,
): Promise<readonly number[]> {
  const rows = await transaction.query<{ auth_id: number }>({
    name: "auths-end-unconsented",
    text: `
      update auths set faces = '[]', faces_sealed = null, face_crops_sealed = null, last_modified_at = $2
      where auth_id in (
        select auth_id from auths where place_id = $1 and faces_sealed is not null and (face_consent ->> 'endsAt')::bigint <= $2 limit $3)
      returning auth_id`,
    values: [placeId, nowMs, countMax],
  });
  return rows.map((row) => row.auth_id);
}
