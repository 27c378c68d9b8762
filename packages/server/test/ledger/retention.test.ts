import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog, systemClock, systemTimers, type Timers } from "@postern/core";
import { LedgerFollowers } from "../../src/features/events/follow.ts";
import { pageOfEvents } from "../../src/features/events/store.ts";
import { EVERY_EVENT } from "../../src/following/event-choice.ts";
import { LedgerHints } from "../../src/following/ledger-hints.ts";
import { PlaceTails } from "../../src/following/place-tails.ts";
import { ensurePeriod } from "../../src/ledger/ledger-store.ts";
import { encodeLogId } from "../../src/ledger/log-id.ts";
import { periodOf } from "../../src/ledger/period.ts";
import { dropOldPeriods, makePeriodsAhead } from "../../src/ledger/retention.ts";
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

/** Pauses of a moment; says that one has begun. */
const tellingPauses = (told: () => void): Timers => ({
  after: (name, _delayMs, action) => {
    told();
    return systemTimers.after(name, 20, action);
  },
});

const hasty = tellingPauses(() => undefined);

const drop = (keptDays: number): Promise<readonly number[]> =>
  dropOldPeriods(test_.database, { nowMs: NOW_MS, keptDays, timers: hasty, log: silentLog });

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

test("a month that somebody goes on reading is left with those after it, and all go the next time", async () => {
  await placeWith(902, [3, 4]);
  await test_.database.transaction(async (reading) => {
    await reading.query("select count(*) from events", []);
    assert.deepEqual(await drop(31), []);
  });
  assert.deepEqual((await page(902)).total, 2);
  assert.deepEqual((await drop(31)).slice(-2), [periodOf(month(3)), periodOf(month(4))]);
  assert.deepEqual((await page(902)).total, 0);
});

test("a month that is read for a moment goes in the same round", async () => {
  await placeWith(903, [0]);
  let dropping: Promise<readonly number[]> | undefined;
  await test_.database.transaction(async (reading) => {
    await reading.query("select count(*) from events", []);
    const firstPause = new Promise<void>((resolve) => {
      dropping = dropOldPeriods(test_.database, { nowMs: NOW_MS, keptDays: 31, timers: tellingPauses(resolve), log: silentLog });
    });
    await firstPause;
  });
  assert.deepEqual(await dropping, [periodOf(month(0))]);
});

test("the month that begins soon is made beside those who read and append, a long backup too", async () => {
  const soon = Date.UTC(2031, 0, 28);
  await placeWith(904, [5]);
  await test_.database.transaction(async (reading) => {
    await reading.query("select count(*) from events", []);
    await test_.database.transaction(async (making) => {
      await making.query("set local lock_timeout = '1s'", []);
      await ensurePeriod(making, soon);
    });
  });
  await makePeriodsAhead(test_.database, soon);
  const parts = await test_.database.query<{ name: string }>("select relname as name from pg_class where relname like $1", [
    `events_p${periodOf(Date.UTC(2031, 1, 1))}`,
  ]);
  assert.equal(parts.length, 1);
  await writeEvents(test_.database, 904, [{ eventAt: soon, receivedAt: soon, eventType: "DEV_DOOR_RELAY_ON" }]);
  assert.deepEqual(await page(904), { total: 2, sequences: [1, 2] });
});

test("who goes on from before what was dropped is told so, and is taken to the first event that is kept at once", async () => {
  await placeWith(905, [...Array.from({ length: 60 }, () => 0), 5, 5]);
  await drop(31);
  const place = { placeId: 905, placeGroupId: 1 };
  const followers = new LedgerFollowers({
    database: test_.database,
    clock: systemClock,
    tails: new PlaceTails({
      database: test_.database,
      clock: systemClock,
      timers: systemTimers,
      log: silentLog,
      ledgerGrown: new LedgerHints(systemTimers),
    }),
  });
  const asked = { waitMs: 0, countMax: 2, choice: EVERY_EVENT };
  const next = async (after: number): Promise<unknown> => {
    const { events, next, droppedThrough } = await followers.next(place, { ...asked, after }, new AbortController().signal);
    return [events.map(({ logId }) => logId), next, droppedThrough];
  };
  const id = (sequence: number): string => encodeLogId({ placeId: 905, sequence });
  assert.deepEqual(await next(3), [[id(61), id(62)], id(62), id(60)]);
  assert.deepEqual(await next(60), [[id(61), id(62)], id(62), undefined]);
  // Who begins at the beginning asks for what there is.
  assert.deepEqual(await next(0), [[id(61), id(62)], id(62), undefined]);
});
