import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_CATALOGUE, readRosterItem } from "@postern/contract";
import { rosterDigest } from "@postern/core";
import { makeDemoPlace } from "../../../src/features/demo/make-demo-place.ts";
import { addDoor } from "../../../src/features/doors/add-door.ts";
import type { Database } from "../../../src/platform/database.ts";
import { readTotals } from "../../../src/roster/digest-store.ts";
import { placeItem, scheduleItem } from "../../../src/roster/place-items.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS } from "../../support/index.ts";

const doors = { addDoor, placeItem, scheduleItem };
const clock = { nowMs: () => TEST_NOW_MS, monotonicMs: () => 0 };
const WHEN_EMPTY = { make: "when_empty", timeZone: "Asia/Tokyo" } as const;

async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  const { database, drop } = await createTestDatabase();
  try {
    await work(database);
  } finally {
    await drop();
  }
}

test("an empty database gets the guide's place, with a roster that a controller accepts and a first event", () =>
  withDatabase(async (database) => {
    const demo = await makeDemoPlace({ database, clock, doors }, WHEN_EMPTY);
    assert.ok(demo?.isNew);
    assert.deepEqual([demo.placeId, demo.scheduleId, demo.timeZone], [178, 333, "Asia/Tokyo"]);
    assert.deepEqual(
      demo.doors.map((door) => door.doorId),
      [234, 235, 236],
    );
    for (const serial of [demo.controllerSerial, ...demo.doors.map((door) => door.deviceSerial)]) assert.match(serial, /^\d{9}$/);
    const items = await database.query<{ item_key: string; item: unknown; lane: number }>(
      "select item_key, item, lane from roster_items where place_id = 178 order by revision",
    );
    assert.deepEqual(
      items.map((row) => row.item_key),
      ["place:178", "schedule:333", "door:234", "mode:234", "door:235", "mode:235", "door:236", "mode:236"],
    );
    for (const { item, lane } of items) {
      assert.deepEqual(readRosterItem(item), item);
      assert.equal(lane, 1);
    }
    const events = await database.query<{ sequence: number; event_type: number }>(
      "select sequence, event_type from events where place_id = 178",
    );
    assert.deepEqual(events, [{ sequence: 1, event_type: EVENT_CATALOGUE.PLACE_SERVICE_START.code }]);
  }));

test("the demo is made once, also by two servers at once, and found again afterwards", () =>
  withDatabase(async (database) => {
    const made = await Promise.all([
      makeDemoPlace({ database, clock, doors }, WHEN_EMPTY),
      makeDemoPlace({ database, clock, doors }, WHEN_EMPTY),
    ]);
    assert.deepEqual(made.map((demo) => demo?.isNew).sort(), [false, true]);
    const digest = async (): Promise<string> =>
      rosterDigest([...(await readTotals(database, 178)).totals].map(([scope, sum]) => ({ scope, sum })));
    const before = await digest();
    for (const make of ["when_empty", "when_missing"] as const) {
      const again = await makeDemoPlace({ database, clock, doors }, { make, timeZone: "Europe/Berlin" });
      assert.deepEqual(again, { ...made.find((demo) => demo?.isNew === false) });
      assert.equal(again?.timeZone, "Asia/Tokyo");
    }
    assert.equal(await digest(), before);
  }));

test("a database with places of its own gets the demo only when asked for", () =>
  withDatabase(async (database) => {
    await createTestPlace(database);
    assert.equal(await makeDemoPlace({ database, clock, doors }, WHEN_EMPTY), null);
    assert.equal((await database.query("select from doors where place_id = 178")).length, 0);
    const demo = await makeDemoPlace({ database, clock, doors }, { make: "when_missing", timeZone: "Asia/Tokyo" });
    assert.equal(demo?.isNew, true);
  }));

test("a time zone that the runtime does not know is taken as UTC", () =>
  withDatabase(async (database) => {
    const demo = await makeDemoPlace({ database, clock, doors }, { make: "when_empty", timeZone: "Mars/Olympus" });
    assert.equal(demo?.timeZone, "UTC");
  }));

test("the ids of the demo are never given to anything else", () =>
  withDatabase(async (database) => {
    const demo = await makeDemoPlace({ database, clock, doors }, WHEN_EMPTY);
    assert.ok(demo !== null);
    const ids = [
      demo.placeGroupId,
      demo.placeId,
      demo.scheduleId,
      demo.controllerId,
      ...demo.doors.flatMap((door) => [door.doorId, door.deviceId]),
    ];
    for (const id of ids) assert.ok(id < 1_000, String(id));
  }));
