import { type DoorItem, type ItemKey, itemKey } from "@postern/core";
import type { Transaction } from "../platform/database.ts";
import { toDoorItem } from "./derive-roster.ts";
import { readDoorRows } from "./derive-store.ts";
import { PLACES_DERIVED_AT_ONCE_MAX } from "./limits.ts";
import { type HeldItem, planChange } from "./plan-change.ts";
import { loadHeldOf } from "./roster-store.ts";
import { writePlans } from "./write-plans.ts";

/**
 * Brings the doors of all places of a group in line with the tables, in the transaction of the cause and under `lockRostersOfGroup`, whose revisions it
 * takes: three statements for some hundreds of places.
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
  const plans = [...doors].map(([placeId, ofPlace]) => {
    const changes = ofPlace.map((item: DoorItem) => ({ key: itemKey(item), item }));
    return [placeId, planChange(heads.get(placeId) ?? 0, held.get(placeId) ?? NOTHING_HELD, changes)] as const;
  });
  const changed = plans.filter(([, plan]) => plan.rows.length > 0);
  if (changed.length > 0) await writePlans(transaction, changed);
}

const NOTHING_HELD: ReadonlyMap<ItemKey, HeldItem> = new Map();
