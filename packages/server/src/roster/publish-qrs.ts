import type { Transaction } from "../platform/database.ts";
import { itemsOf, toQrItem } from "./derive-roster.ts";
import { readQrRowsOf } from "./derive-store.ts";
import { planChange } from "./plan-change.ts";
import { loadHeldOf, lockRostersOfGroup } from "./roster-store.ts";
import { writePlans } from "./write-plans.ts";

/**
 * Brings dynamic QRs, which concern every place of a group, to all its rosters within the caller's transaction: what is there and bound becomes an item, what
 * is not becomes a tombstone. The group must be locked, at least shared, so that no place is made meanwhile that would not hear of it. A fixed number of
 * statements, however many places there are.
 */
export async function publishQrs(transaction: Transaction, placeGroupId: number, qrIds: readonly number[]): Promise<void> {
  if (qrIds.length === 0) return;
  const heads = [...(await lockRostersOfGroup(transaction, placeGroupId))];
  const changes = itemsOf("qr", qrIds, (await readQrRowsOf(transaction, qrIds)).map(toQrItem));
  const held = await loadHeldOf(
    transaction,
    heads.flatMap(([placeId]) => changes.map(() => placeId)),
    heads.flatMap(() => changes.map(({ key }) => key)),
  );
  const plans = heads
    .map(([placeId, revision]) => [placeId, planChange(revision, held.get(placeId) ?? new Map(), changes)] as const)
    .filter(([, plan]) => plan.rows.length > 0);
  if (plans.length > 0) await writePlans(transaction, plans);
}
