import type { Queryable } from "../database.ts";

/** An auth whose item at the doors changed, with what is sealed of its faces; null: it holds none now. */
export interface ChangedFaces {
  readonly authId: number;
  /** Of the place's roster. */
  readonly revision: number;
  readonly userId: number | null;
  readonly facesSealed: Uint8Array | null;
}

/*
 * Every change of a face is a change of its auth's item: the roster's revision tells what is new, here as to a controller. Whoever reads all begins with
 * those that have faces.
 */
const CHANGED = `
  select auths.auth_id, items.revision, auths.user_id, auths.faces_sealed, items.item_key
  from roster_items items
  left join auths on auths.auth_id = substr(items.item_key, 6)::bigint and auths.place_id = $1 and auths.deleted_at is null
  where items.place_id = $1 and items.revision > $2 and starts_with(items.item_key, 'auth:') and (not $3 or auths.faces_sealed is not null)
  order by items.revision limit $4`;

/** 0 for a place without a roster, which has nobody either. */
export async function headRevision(queryable: Queryable, placeId: number): Promise<number> {
  const text = "select revision from roster_heads where place_id = $1";
  const [row] = await queryable.query<{ revision: number }>({ name: "faces-head", text, values: [placeId] });
  return row?.revision ?? 0;
}

/** Those that changed after a revision, in the order of their revisions; `isFirst`: all that have faces. */
export async function changedFaces(
  queryable: Queryable,
  placeId: number,
  { afterRevision, isFirst, countMax }: { readonly afterRevision: number; readonly isFirst: boolean; readonly countMax: number },
): Promise<readonly ChangedFaces[]> {
  const rows = await queryable.query<{ item_key: string; revision: number; user_id: number | null; faces_sealed: Uint8Array | null }>({
    name: "faces-changed",
    text: CHANGED,
    values: [placeId, afterRevision, isFirst, countMax],
  });
  return rows.map((row) => ({
    authId: Number(row.item_key.slice("auth:".length)),
    revision: row.revision,
    userId: row.user_id,
    facesSealed: row.faces_sealed,
  }));
}

/** Those of the auths that open a door. */
export async function authsOfDoor(
  queryable: Queryable,
  placeId: number,
  doorId: number,
  authIds: readonly number[],
): Promise<ReadonlySet<number>> {
  if (authIds.length === 0) return new Set();
  const rows = await queryable.query<{ item_key: string }>({
    name: "faces-auths-of-door",
    text: "select item_key from roster_items where place_id = $1 and item_key = any($2) and scopes && array[0, $3::bigint]",
    values: [placeId, authIds.map((authId) => `auth:${authId}`), doorId],
  });
  return new Set(rows.map((row) => Number(row.item_key.slice("auth:".length))));
}
