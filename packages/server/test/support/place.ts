import { createLedger, ensurePeriod } from "../../src/ledger/ledger-store.ts";
import type { Database } from "../../src/platform/database.ts";
import { createRoster } from "../../src/roster/roster-store.ts";

export const TEST_NOW_MS = Date.UTC(2026, 5, 15, 12);

export interface TestPlace {
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly controllerId: number;
  readonly doorIds: readonly number[];
  /** One entry device a door, in the order of the doors. */
  readonly deviceIds: readonly number[];
}

/** A place with one controller that serves all its doors, written straight into the tables: for tests below the features. */
export async function createTestPlace(database: Database, options: { placeId?: number; doorCount?: number } = {}): Promise<TestPlace> {
  const placeId = options.placeId ?? 500;
  const base = placeId * 1_000;
  const placeGroupId = base + 1;
  const controllerId = base + 2;
  const doorIds = Array.from({ length: options.doorCount ?? 2 }, (_, index) => base + 10 + index);
  const deviceIds = doorIds.map((doorId) => doorId + 500);
  await ensurePeriod(database, TEST_NOW_MS);
  await database.transaction(async (tx) => {
    await tx.query("insert into deployment(epoch, made_at) values ('epoch-1', $1) on conflict do nothing", [TEST_NOW_MS]);
    await tx.query("insert into place_groups values ($1, 'group', $2)", [placeGroupId, TEST_NOW_MS]);
    await tx.query("insert into places values ($1, $2, 'place', 'Europe/Berlin', $3)", [placeId, placeGroupId, TEST_NOW_MS]);
    await tx.query(
      `insert into controllers(controller_id, place_id, serial, name, session_number, made_at, served_door_ids, served_device_ids)
        values ($1, $2, $3, 'controller', 1, $4, $5, $6)`,
      [controllerId, placeId, String(100_000_000 + controllerId), TEST_NOW_MS, doorIds, deviceIds],
    );
    for (const [index, doorId] of doorIds.entries()) {
      await tx.query("insert into doors values ($1, $2, $3, $4, '{}', $5)", [doorId, placeId, controllerId, `door ${doorId}`, TEST_NOW_MS]);
      await tx.query(
        "insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, side) values ($1, $2, $3, $4, 'Virtual', 'V', 'reader', 'ENTRY')",
        [deviceIds[index], placeId, doorId, String(200_000_000 + doorId)],
      );
    }
    await createRoster(tx, placeId);
    await createLedger(tx, placeId);
  });
  return { placeId, placeGroupId, controllerId, doorIds, deviceIds };
}
