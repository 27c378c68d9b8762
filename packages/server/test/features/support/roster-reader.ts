import type { RosterItem } from "@postern/core";
import type { Queryable } from "../../../src/platform/database.ts";

/** What the doors of a place are to hold under a key: the item, null for a tombstone, undefined for what never was. */
export async function rosterItem(queryable: Queryable, placeId: number, key: string): Promise<RosterItem | null | undefined> {
  const text = "select item from roster_items where place_id = $1 and item_key = $2";
  const [row] = await queryable.query<{ item: RosterItem | null }>(text, [placeId, key]);
  return row?.item;
}

export async function rosterRevision(queryable: Queryable, placeId: number): Promise<number> {
  const [row] = await queryable.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [placeId]);
  return row?.revision ?? -1;
}
