import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { silentLog, systemTimers } from "@postern/core";
import fc from "fast-check";
import { appendServerEvents } from "../../src/ledger/append.ts";
import { Appender } from "../../src/ledger/appender.ts";
import { ensurePeriod } from "../../src/ledger/ledger-store.ts";
import { HASHED_AT_ONCE_MAX } from "../../src/ledger/limits.ts";
import { periodOf } from "../../src/ledger/period.ts";
import { dropOldPeriods } from "../../src/ledger/retention.ts";
import { BLOCK_EVENTS } from "../../src/ledger/summarise.ts";
import { openDatabase } from "../../src/platform/database.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import { ask, type BackupWorld, createBackupWorld } from "../platform/backup/backup-world.ts";
import { createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../support/index.ts";
import { assertWhole, chainInDatabase } from "./support/chain-of.ts";

const JANUARY = Date.UTC(2025, 0, 15);
const FEBRUARY = Date.UTC(2025, 1, 15);
const MARCH = Date.UTC(2025, 2, 15);

let world: BackupWorld;
let test_: TestDatabase;
let appender: Appender;
before(async () => {
  world = await createBackupWorld();
  test_ = world.test;
  appender = new Appender(test_.database, { nowMs: () => TEST_NOW_MS, monotonicMs: () => 0 });
});
after(() => world[Symbol.asyncDispose]());

let nextPlaceId = 740;
const newPlace = (): Promise<TestPlace> => {
  nextPlaceId += 1;
  return createTestPlace(test_.database, { placeId: nextPlaceId });
};

const opened = (atMs: number) => ({ eventAt: atMs, receivedAt: atMs, eventType: "DEV_DOOR_RELAY_ON" }) as const;

test("the head is the hash of every event, whoever appends them and however many do at once", async () => {
  const places = await Promise.all([newPlace(), newPlace()]);
  const [doors] = places.map((place) => ({ doorId: place.doorIds[0], deviceId: place.deviceIds[0] }));
  const event = { eventAt: TEST_NOW_MS, eventType: "DEV_DOOR_RELAY_ON", ...doors, detail: { b: 1, a: "ä" } };
  const appends = places.flatMap(({ placeId, controllerId }) =>
    [1, 2, 3, 4].map((generation) =>
      appender.append({
        ...{ placeId, controllerId, session: 1, generation, predecessor: null, first: 1, lost: [] },
        ...{ events: [event, "nonsense", event], sentAtMs: TEST_NOW_MS, receivedAtMs: TEST_NOW_MS },
      }),
    ),
  );
  const own = places.map(({ placeId }) =>
    test_.database.transaction((tx) => appendServerEvents(tx, placeId, [{ eventAt: TEST_NOW_MS, eventType: 1 }])),
  );
  await Promise.all([...appends, ...own]);
  // Four logs of three, three of them after the first one and said to be forks, and the server's own.
  for (const { placeId } of places) assert.equal((await assertWhole(test_.database, placeId, 16)).from, 1);
});

test("what is read back gives the line that was hashed, whatever a detail holds", async (t) => {
  const { placeId } = await newPlace();
  const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((each) => !each.includes("\0") && each !== "__proto__");
  const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), fc.boolean());
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const details = fc.sample(fc.dictionary(text, value, { maxKeys: 5 }), { numRuns: 300, seed });
  await writeEvents(
    test_.database,
    placeId,
    details.map((detail) => ({ ...opened(TEST_NOW_MS), detail })),
  );
  await assertWhole(test_.database, placeId, 300);
});

test("an append that is hashed in portions, and one that ends a block, have the same chain as many small ones", async () => {
  const { placeId } = await newPlace();
  await test_.database.query("update ledger_heads set next_sequence = $2 where place_id = $1", [placeId, BLOCK_EVENTS - 700]);
  const events = Array.from({ length: 2 * HASHED_AT_ONCE_MAX + 1 }, () => opened(TEST_NOW_MS));
  await writeEvents(test_.database, placeId, events);
  const { from, blocks } = await assertWhole(test_.database, placeId, events.length);
  assert.equal(from, BLOCK_EVENTS - 700);
  assert.deepEqual(
    blocks.map(({ first, last }) => [first, last]),
    [[BLOCK_EVENTS - 700, BLOCK_EVENTS - 1]],
  );
});

test("an append that fails leaves the head as it was", async () => {
  const { placeId } = await newPlace();
  await writeEvents(test_.database, placeId, [opened(TEST_NOW_MS)]);
  const before_ = await chainInDatabase(test_.database, placeId);
  const failing = test_.database.transaction(async (tx) => {
    await appendServerEvents(tx, placeId, [{ eventAt: TEST_NOW_MS, eventType: 1 }]);
    throw new RangeError("on purpose");
  });
  await assert.rejects(failing, RangeError);
  assert.deepEqual(await chainInDatabase(test_.database, placeId), before_);
});

test("a month that is dropped leaves the hash that the next one begins with, also where nothing has happened since", async () => {
  const [busy, idle] = [await newPlace(), await newPlace()];
  await writeEvents(test_.database, busy.placeId, [opened(JANUARY), opened(JANUARY), opened(FEBRUARY), opened(MARCH)]);
  await writeEvents(test_.database, idle.placeId, [opened(JANUARY), opened(JANUARY)]);
  const before_ = await assertWhole(test_.database, busy.placeId, 4);
  const kept = { nowMs: Date.UTC(2025, 2, 20), keptDays: 31, timers: systemTimers, log: silentLog };
  assert.deepEqual(await dropOldPeriods(test_.database, kept), [periodOf(JANUARY)]);
  const after_ = await assertWhole(test_.database, busy.placeId, 2);
  assert.equal(after_.hash, before_.hash);
  assert.deepEqual(
    after_.blocks.map(({ first, last, dropped }) => ({ first, last, dropped })),
    [
      { first: 1, last: 2, dropped: true },
      { first: 3, last: 3, dropped: false },
    ],
  );
  await assertWhole(test_.database, idle.placeId, 0);
  await writeEvents(test_.database, idle.placeId, [opened(MARCH)]);
  assert.equal((await assertWhole(test_.database, idle.placeId, 1)).blocks.length, 1);
});

test("a database that was brought back continues its chain", async () => {
  const { placeId } = await newPlace();
  await writeEvents(test_.database, placeId, [opened(TEST_NOW_MS), opened(TEST_NOW_MS)]);
  const url = await world.emptyDatabase();
  await world.restoreTo(url, await world.backUp());
  const random = { bytes: (count: number) => new Uint8Array(count), int: () => 0 };
  const database = openDatabase({ address: { url }, timers: systemTimers, random, log: silentLog, connectionCount: 2 });
  try {
    await writeEvents(database, placeId, [opened(TEST_NOW_MS)]);
    await assertWhole(database, placeId, 3);
  } finally {
    await database.close();
  }
  await assertWhole(test_.database, placeId, 2);
});

test("the application can neither change a block nor take one away, nor make a month's blocks undropped", async () => {
  await ensurePeriod(test_.database, TEST_NOW_MS);
  for (const text of ["update ledger_blocks set hash = '\\x00'", "update ledger_blocks set dropped = false", "delete from ledger_blocks"])
    await assert.rejects(test_.database.query(text), { code: "statement_refused" });
  assert.equal((await ask(test_.ownerUrl, "select 1 as one from ledger_blocks limit 1")).length, 1);
});
