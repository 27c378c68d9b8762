import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog, systemTimers, type Timers } from "@postern/core";
import { LedgerFollowers } from "../../src/features/events/follow.ts";
import { FOLLOWERS_WAITING_COUNT_MAX } from "../../src/features/events/limits.ts";
import { EVERY_EVENT } from "../../src/following/event-choice.ts";
import { LedgerHints } from "../../src/following/ledger-hints.ts";
import { PlaceTails } from "../../src/following/place-tails.ts";
import type { Database, Queryable } from "../../src/platform/database.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import { createTestDatabase, createTestPlace, eventually, type TestDatabase, type TestPlace } from "../support/index.ts";

let test_: TestDatabase;
let place: TestPlace;
before(async () => {
  test_ = await createTestDatabase();
  place = await createTestPlace(test_.database);
});
after(() => test_.drop());

/** Time stands still, so that only a hint can end a wait. */
const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const stopped: Timers = {
  after: (name, delayMs, action) => (name === "tail gap" ? systemTimers.after(name, delayMs, action) : { cancel: () => undefined }),
};

const QUERY = { after: "now", waitMs: 30_000, countMax: 10, choice: EVERY_EVENT } as const;

function followers(hints: LedgerHints, database: Database = test_.database): LedgerFollowers {
  const tails = new PlaceTails({ database, clock, timers: stopped, log: silentLog, ledgerGrown: hints });
  return new LedgerFollowers({ database, clock, tails });
}

async function settled<Value>(promise: Promise<Value>): Promise<Value> {
  let value: { readonly is: Value } | undefined;
  void promise.then((is) => {
    value = { is };
  });
  return (await eventually("it is answered", () => value, 5_000)).is;
}

function append(): Promise<void> {
  return writeEvents(test_.database, place.placeId, [{ eventAt: 1, eventType: "DEV_DEVICE_START" }]);
}

test("a hint for its place ends a wait when there is something, and one for another place does not", async () => {
  const hints = new LedgerHints(stopped);
  const waiting = followers(hints).next(place, QUERY, new AbortController().signal);
  await eventually("it waits", () => hints.waitingCount === 1);
  await append();
  hints.hint("1");
  assert.equal(hints.waitingCount, 1);
  hints.hint(String(place.placeId));
  assert.equal((await settled(waiting)).events.length, 1);
  assert.equal(hints.waitingCount, 0);
});

test("a notification that may have been missed wakes everybody", async () => {
  const hints = new LedgerHints(stopped);
  const waiting = followers(hints).next(place, QUERY, new AbortController().signal);
  await eventually("it waits", () => hints.waitingCount === 1);
  await append();
  hints.hint(null);
  assert.equal((await settled(waiting)).events.length, 1);
});

/** The first look finds where `now` is; the second one is the first of the place's tail, for all who wait. */
for (const during of [1, 2]) {
  test(`what is appended during look ${during} is not missed`, async () => {
    const hints = new LedgerHints(stopped);
    let looks = 0;
    const query: Queryable["query"] = async (statement, values) => {
      const rows = await test_.database.query<never>(statement, values);
      looks += 1;
      if (looks === during) {
        await append();
        hints.hint(String(place.placeId));
      }
      return rows;
    };
    const waiting = followers(hints, { ...test_.database, query } as Database).next(place, QUERY, new AbortController().signal);
    assert.equal((await settled(waiting)).events.length, 1);
  });
}

test("a wait ends with its time or its signal, and then nothing of it stays", async () => {
  const hints = new LedgerHints(systemTimers);
  await hints.wait(1, 1, new AbortController().signal);
  assert.equal(hints.waitingCount, 0);
  await hints.wait(1, 60_000, AbortSignal.abort());
  const over = new AbortController();
  const waiting = hints.wait(1, 60_000, over.signal);
  assert.equal(hints.waitingCount, 1);
  over.abort();
  await waiting;
  assert.equal(hints.waitingCount, 0);
});

test("a wait that a hint has ended keeps no timer", async () => {
  const running = new Set<object>();
  const counted: Timers = {
    after: () => {
      const timer = { cancel: () => void running.delete(timer) };
      running.add(timer);
      return timer;
    },
  };
  const hints = new LedgerHints(counted);
  const waiting = hints.wait(1, 60_000, new AbortController().signal);
  assert.equal(running.size, 1);
  hints.hint("1");
  await waiting;
  assert.equal(running.size, 0);
});

test("beyond the most that may wait at once, a request is answered at once; all that wait look together", async () => {
  const hints = new LedgerHints(stopped);
  const over = new AbortController();
  let looks = 0;
  const query: Queryable["query"] = async <Row>(...asked: Parameters<Queryable["query"]>) => {
    const rows = await test_.database.query<Row>(...asked);
    // Once it is answered: answers of several connections come in any order, and one that has not looked yet does not wait yet.
    looks += 1;
    return rows;
  };
  const one = followers(hints, { ...test_.database, query } as Database);
  const waiting = Array.from({ length: FOLLOWERS_WAITING_COUNT_MAX }, () => one.next(place, QUERY, over.signal));
  await eventually("all of them have looked for themselves, and their place once more", () => looks === FOLLOWERS_WAITING_COUNT_MAX + 1);
  assert.deepEqual((await settled(one.next(place, QUERY, AbortSignal.abort()))).events, []);
  assert.deepEqual((await settled(one.next(place, QUERY, over.signal))).events, []);
  assert.equal(hints.waitingCount, 1);
  await append();
  hints.hint(String(place.placeId));
  for (const { events } of await Promise.all(waiting)) assert.equal(events.length, 1);
  assert.equal(looks, FOLLOWERS_WAITING_COUNT_MAX + 4);
  assert.equal(hints.waitingCount, 0);
});
