import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventCode } from "@postern/contract";
import { silentLog, systemClock, systemTimers } from "@postern/core";
import fc from "fast-check";
import { EVERY_EVENT, type EventChoice, isChosen } from "../../src/following/event-choice.ts";
import { eventsAfter } from "../../src/following/follow-store.ts";
import { LedgerHints } from "../../src/following/ledger-hints.ts";
import { PlaceTails } from "../../src/following/place-tails.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import { createTestDatabase, createTestPlace, type TestDatabase, type TestPlace } from "../support/index.ts";

const TYPES = ["DEV_CARD_AUTH_SUCCESS", "DEV_CARD_AUTH_FAIL", "DEV_DEVICE_START"] as const;
const COUNT = 300;

let test_: TestDatabase;
let place: TestPlace;
before(async () => {
  test_ = await createTestDatabase();
  place = await createTestPlace(test_.database);
  const events = fc.sample(
    fc.record({
      eventType: fc.constantFrom(...TYPES),
      eventAt: fc.integer({ min: -5, max: 5 }),
      deviceId: fc.integer({ min: 0, max: 2 }),
      doorId: fc.constantFrom(null, 1, 2),
      authId: fc.constantFrom(null, 1, 2),
      userId: fc.constantFrom(null, 1, 2),
    }),
    { seed: 42, numRuns: COUNT },
  );
  await writeEvents(test_.database, place.placeId, events);
});
after(() => test_.drop());

const ids = fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }).map((list) => new Set(list)));
const choices: fc.Arbitrary<EventChoice> = fc.record({
  types: fc.option(fc.uniqueArray(fc.constantFrom(...TYPES.map(eventCode)), { minLength: 1 }).map((list) => new Set(list))),
  doorIds: ids,
  deviceIds: ids,
  authIds: ids,
  userIds: ids,
  fromMs: fc.option(fc.integer({ min: -6, max: 6 })),
  toMs: fc.option(fc.integer({ min: -6, max: 6 })),
});

test("a statement chooses the very events that are chosen in memory, page after page", async () => {
  const { events: all } = await eventsAfter(test_.database, place, { sequence: 0, countMax: COUNT });
  assert.equal(all.length, COUNT);
  await fc.assert(
    fc.asyncProperty(choices, fc.integer({ min: 1, max: 40 }), async (choice, countMax) => {
      const found: number[] = [];
      for (let sequence = 0; sequence < COUNT; ) {
        const { events, through } = await eventsAfter(test_.database, place, { sequence, countMax, choice });
        assert.ok(through > sequence);
        found.push(...events.map((event) => event.sequence));
        sequence = through;
      }
      const wanted = all.filter((event) => isChosen(choice, event)).map(({ sequence }) => sequence);
      assert.deepEqual(found, wanted);
    }),
    { numRuns: 60 },
  );
});

test("who is behind and who is not are told the same events, each once, whatever is kept for them", async () => {
  const hints = new LedgerHints(systemTimers);
  const tails = new PlaceTails({ database: test_.database, clock: systemClock, timers: systemTimers, log: silentLog, ledgerGrown: hints });
  const { signal } = new AbortController();
  using reader = tails.open(place);
  let [through, wanted] = [0, 0];
  const seen: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const more = round * 7;
    await writeEvents(
      test_.database,
      place.placeId,
      Array.from({ length: more }, (_, index) => ({ eventAt: index, eventType: "DEV_DEVICE_START" })),
    );
    hints.hint(String(place.placeId));
    wanted = wanted === 0 ? COUNT : wanted + more;
    while (through < wanted) {
      const ahead = await reader.next({ after: through, countMax: 25, waitMs: 10_000, choice: EVERY_EVENT, signal });
      seen.push(...ahead.entries.map(({ sequence }) => sequence));
      through = ahead.through;
    }
  }
  assert.deepEqual(
    seen,
    Array.from({ length: wanted }, (_, index) => index + 1),
  );
});
