import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog } from "@postern/core";
import { pageOfEvents } from "../../src/features/events/store.ts";
import { ensurePeriod } from "../../src/ledger/ledger-store.ts";
import { periodOf } from "../../src/ledger/period.ts";
import { dropOldPeriods } from "../../src/ledger/retention.ts";
import { summarise } from "../../src/ledger/summarise.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import { createTestDatabase, createTestPlace, type TestDatabase } from "../support/index.ts";

const NOW_MS = Date.UTC(2025, 6, 15);
const month = (index: number, day = 15): number => Date.UTC(2025, index, day);
const WHOLE = { fromMs: null, toMs: null, eventTypes: null, doorIds: null, deviceIds: null, text: null, page: 0, size: 50 } as const;

let test_: TestDatabase;
before(async () => {
  test_ = await createTestDatabase();
});
after(() => test_.drop());

async function placeWith(placeId: number, months: readonly number[]): Promise<void> {
  await createTestPlace(test_.database, { placeId });
  await writeEvents(
    test_.database,
    placeId,
    months.map((index) => ({ eventAt: month(index), receivedAt: month(index), eventType: "DEV_DOOR_RELAY_ON" })),
  );
}

async function page(placeId: number): Promise<{ total: number; sequences: readonly number[] }> {
  const filter = { ...WHOLE, order: { by: "id", direction: "asc" } } as const;
  const { total, events } = await pageOfEvents(test_.database, { placeId, placeGroupId: 1 }, filter);
  return { total, sequences: events.map(({ sequence }) => sequence) };
}

const drop = (keptDays: number): Promise<readonly number[]> => dropOldPeriods(test_.database, { nowMs: NOW_MS, keptDays, log: silentLog });

test("a month goes once all of it is older than events are kept, with its counts, and the others stay exact", async () => {
  await placeWith(901, [0, 1, 1, 2, 5]);
  await summarise(test_.database, 901, 4);
  assert.deepEqual(await drop(365), []);
  // 134 days before the 15th of July is the 3rd of March.
  assert.deepEqual(await drop(134), [periodOf(month(0)), periodOf(month(1))]);
  assert.deepEqual(await page(901), { total: 2, sequences: [4, 5] });
  assert.deepEqual(await drop(134), []);
});

test("what was received in the last 31 days cannot be dropped, whatever asks for it", async () => {
  const nowMs = Date.now();
  await ensurePeriod(test_.database, nowMs);
  await assert.rejects(test_.database.query("select drop_ledger_period($1)", [periodOf(nowMs)]));
  await assert.rejects(test_.database.query("select drop_ledger_period($1)", [periodOf(nowMs - 31 * 86_400_000)]));
});

test("a month that somebody reads is not waited for, and goes the next time", async () => {
  await placeWith(902, [3]);
  await test_.database.transaction(async (reading) => {
    await reading.query("select count(*) from events", []);
    await assert.rejects(drop(31));
  });
  assert.deepEqual((await page(902)).total, 1);
  assert.ok((await drop(31)).includes(periodOf(month(3))));
  assert.deepEqual((await page(902)).total, 0);
});
