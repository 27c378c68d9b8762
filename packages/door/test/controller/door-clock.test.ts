import assert from "node:assert/strict";
import { test } from "node:test";
import { DoorClock } from "../../src/controller/door-clock.ts";
import { CLOCK_PLAUSIBLE_FROM_MS, CLOCK_STEP_MS_MAX } from "../../src/limits.ts";
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
