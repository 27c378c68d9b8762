import assert from "node:assert/strict";
import { test } from "node:test";
import { DoorClock } from "../../src/controller/door-clock.ts";
import { CLOCK_PERSIST_MS, CLOCK_PLAUSIBLE_FROM_MS, CLOCK_STEP_MS_MAX } from "../../src/limits.ts";
import { DAY_MS, NOW_MS } from "../support/builders.ts";
import { ManualTime } from "../support/manual-time.ts";

const NOTHING = { newestMs: null, heardMs: null };

test("clock: it counts on from the server's time by a clock that never jumps", () => {
  const time = new ManualTime();
  const clock = new DoorClock(time, NOTHING);
  clock.contact(NOW_MS + 3_000);
  time.advance(500);
  time.stepWall(0);
  assert.equal(clock.nowMs(), NOW_MS + 3_500);
});

test("clock: a system clock that was never set is no clock", () => {
  const time = new ManualTime(CLOCK_PLAUSIBLE_FROM_MS - 1);
  const clock = new DoorClock(time, NOTHING);
  assert.equal(clock.nowMs(), null);
  assert.equal(clock.stampMs(), CLOCK_PLAUSIBLE_FROM_MS - 1, "events are dated nevertheless");
  assert.equal(clock.contact(NOW_MS), null, "setting a clock for the first time is no step");
  assert.equal(clock.nowMs(), NOW_MS);
});

test("clock: after a restart it is never below the newest time written down", () => {
  for (const wallMs of [0, NOW_MS - DAY_MS]) {
    assert.equal(new DoorClock(new ManualTime(wallMs), { newestMs: NOW_MS, heardMs: null }).nowMs(), NOW_MS);
  }
  assert.equal(new DoorClock(new ManualTime(NOW_MS + 5), { newestMs: NOW_MS, heardMs: null }).nowMs(), NOW_MS + 5);
  assert.equal(
    new DoorClock(new ManualTime(0), { newestMs: 70_000, heardMs: null }).nowMs(),
    null,
    "a time written down without a clock is none either",
  );
});

test("clock: a step beyond the limit is told by how much, in both directions", () => {
  for (const stepMs of [CLOCK_STEP_MS_MAX + 1, -(CLOCK_STEP_MS_MAX + 1)]) {
    const clock = new DoorClock(new ManualTime(), NOTHING);
    assert.equal(clock.contact(NOW_MS + stepMs), stepMs);
    assert.equal(clock.nowMs(), NOW_MS + stepMs);
  }
});

test("clock: a small difference backwards is waited out, so that time does not go back", () => {
  const clock = new DoorClock(new ManualTime(), NOTHING);
  assert.equal(clock.contact(NOW_MS - CLOCK_STEP_MS_MAX), null);
  assert.equal(clock.nowMs(), NOW_MS);
});

test("clock: the age of the belief counts from the last time the server was heard, over restarts too", () => {
  const time = new ManualTime();
  assert.equal(new DoorClock(time, NOTHING).beliefAgeMs(), null);
  const clock = new DoorClock(time, { newestMs: null, heardMs: NOW_MS - DAY_MS });
  assert.equal(clock.beliefAgeMs(), DAY_MS);
  clock.contact(NOW_MS);
  time.advance(700);
  assert.equal(clock.beliefAgeMs(), 700);
  assert.equal(clock.heardMs(), NOW_MS);
});

test("clock: power that is cut again and again never makes a belief younger, with a clock that is somewhat behind each time", () => {
  const behindMs = NOW_MS - 1_000;
  let remembered = { newestMs: NOW_MS, heardMs: NOW_MS - 1_000 };
  let ageMs = 1_000;
  for (let start = 0; start < 5; start += 1) {
    const time = new ManualTime(behindMs);
    const clock = new DoorClock(time, remembered);
    // Written down at the start, and the power goes before the next time.
    remembered = { newestMs: clock.nowMs() ?? 0, heardMs: clock.heardMs() ?? 0 };
    time.advance(CLOCK_PERSIST_MS - 1);
    assert.ok((clock.beliefAgeMs() ?? 0) > ageMs, `start ${start}`);
    ageMs += CLOCK_PERSIST_MS;
    assert.ok((new DoorClock(new ManualTime(behindMs), remembered).beliefAgeMs() ?? 0) >= ageMs, `start ${start}`);
  }
});

test("clock: a clock that was lost with the power does not tell how long it was away, so its belief has no age until the server is heard", () => {
  const clock = new DoorClock(new ManualTime(0), { newestMs: NOW_MS, heardMs: NOW_MS - 1_000 });
  assert.equal(clock.nowMs(), NOW_MS);
  assert.equal(clock.beliefAgeMs(), null);
  assert.equal(clock.heardMs(), null);
  clock.contact(NOW_MS + 30 * DAY_MS);
  assert.equal(clock.beliefAgeMs(), 0);
});

test("clock: a belief that was heard in what is still to come is of no age that can be told, until the server is heard", () => {
  const clock = new DoorClock(new ManualTime(), { newestMs: NOW_MS - 5, heardMs: NOW_MS + DAY_MS });
  assert.equal(clock.beliefAgeMs(), null);
  clock.contact(NOW_MS);
  assert.equal(clock.beliefAgeMs(), 0);
});

test("clock: a controller that starts without a known time has a belief of no age that can be told", () => {
  assert.equal(new DoorClock(new ManualTime(0), { newestMs: null, heardMs: NOW_MS }).beliefAgeMs(), null);
});

test("clock: a system clock that jumps backwards while the controller runs leaves the age of its belief alone", () => {
  const time = new ManualTime();
  const clock = new DoorClock(time, NOTHING);
  clock.contact(NOW_MS);
  time.advance(60_000);
  time.stepWall(-DAY_MS);
  assert.equal(clock.beliefAgeMs(), 60_000);
});

test("clock: an answer that was long on its way leaves a right clock alone, and one that is wrong beyond it is set to the nearest that can be", () => {
  const clock = new DoorClock(new ManualTime(), NOTHING);
  assert.equal(clock.contact(NOW_MS - 20_000, 20_000), null);
  assert.equal(clock.nowMs(), NOW_MS);
  assert.equal(clock.contact(NOW_MS - 20_000, 10_000), -10_000);
  assert.equal(clock.nowMs(), NOW_MS - 10_000);
  assert.equal(clock.contact(NOW_MS, 30_000), 10_000, "it cannot be earlier than the server said");
  assert.equal(clock.nowMs(), NOW_MS);
});
