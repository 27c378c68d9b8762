import { type DoorItem, type ItemKey, itemKey } from "@postern/core";
import type { Transaction } from "../platform/database.ts";
import { toDoorItem } from "./derive-roster.ts";
import { readDoorRows } from "./derive-store.ts";
import { PLACES_DERIVED_AT_ONCE_MAX } from "./limits.ts";
import { type HeldItem, planChange } from "./plan-change.ts";
import { loadHeldOf, writePlan } from "./roster-store.ts";

/**
 * Brings the doors of all places of a group in line with the tables, in the transaction of the cause and under `lockRostersOfGroup`, whose revisions it
 * takes: two statements for some hundreds of places, and one more for each place where something changed.
 */
export async function deriveDoors(transaction: Transaction, heads: ReadonlyMap<number, number>): Promise<void> {
  const placeIds = [...heads.keys()];
  for (let first = 0; first < placeIds.length; first += PLACES_DERIVED_AT_ONCE_MAX) {
    await deriveSome(transaction, heads, placeIds.slice(first, first + PLACES_DERIVED_AT_ONCE_MAX));
  }
}

async function deriveSome(transaction: Transaction, heads: ReadonlyMap<number, number>, placeIds: readonly number[]): Promise<void> {
  const rows = await readDoorRows(transaction, placeIds, "all");
  const items = rows.map(toDoorItem);
  const held = await loadHeldOf(
    transaction,
    rows.map((row) => row.place_id),
    items.map(itemKey),
  );
  const doors = Map.groupBy(items, (_item, index) => rows[index]?.place_id ?? 0);
  for (const [placeId, ofPlace] of doors) {
    const changes = ofPlace.map((item: DoorItem) => ({ key: itemKey(item), item }));
    const plan = planChange(heads.get(placeId) ?? 0, held.get(placeId) ?? NOTHING_HELD, changes);
    if (plan.rows.length > 0) await writePlan(transaction, placeId, plan);
  }
}

const NOTHING_HELD: ReadonlyMap<ItemKey, HeldItem> = new Map();
