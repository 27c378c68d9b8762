import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isInSameWindow, isWithinSchedule, type Schedule, scheduleProblem, utcTransitionsOf, windowsAt } from "../src/index.ts";
import { scheduleDaily, scheduleOn } from "./schedule-builder.ts";

const UTC = [{ fromMs: 0, offsetSeconds: 0 }];
const at = (text: string): number => Date.parse(`${text}:00Z`);
const shares = (schedule: Schedule, one: string, other: string): boolean => isInSameWindow(schedule, UTC, at(one), at(other));

test("two moments of one window share it, up to its last millisecond, in either order", () => {
  const schedule = scheduleDaily("08:00-18:00");
  assert.equal(shares(schedule, "2026-07-08T08:00", "2026-07-08T17:59"), true);
  assert.equal(shares(schedule, "2026-07-08T17:59", "2026-07-08T08:00"), true);
  assert.equal(isInSameWindow(schedule, UTC, at("2026-07-08T08:00"), at("2026-07-08T18:00") - 1), true);
  assert.equal(isInSameWindow(schedule, UTC, at("2026-07-08T08:00"), at("2026-07-08T18:00")), false);
  assert.equal(isInSameWindow(schedule, UTC, at("2026-07-08T08:00") - 1, at("2026-07-08T08:00")), false);
});

test("the same window of another day is another window", () => {
  const schedule = scheduleDaily("08:00-18:00");
  assert.equal(shares(schedule, "2026-07-08T12:00", "2026-07-09T12:00"), false);
  assert.equal(shares(schedule, "2026-07-01T12:00", "2026-07-08T12:00"), false);
  assert.equal(shares(scheduleDaily("00:00-24:00"), "2026-07-08T23:59", "2026-07-09T00:00"), false);
});

test("windows of a day that overlap are one; windows that only touch are two", () => {
  const overlapping = scheduleDaily("10:00-14:00", "08:00-12:00", "09:00-10:00");
  assert.equal(shares(overlapping, "2026-07-08T08:00", "2026-07-08T13:59"), true);
  assert.equal(shares(overlapping, "2026-07-08T08:00", "2026-07-08T14:00"), false);
  assert.equal(shares(scheduleDaily("08:00-12:00", "12:00-18:00"), "2026-07-08T11:59", "2026-07-08T12:00"), false);
});

test("a window that crosses midnight is one, and is not carried on by the next day's", () => {
  const night = scheduleOn({ wednesday: ["22:00-06:00"], thursday: ["05:00-09:00"] });
  assert.equal(shares(night, "2026-07-08T22:00", "2026-07-09T05:59"), true);
  assert.equal(windowsAt(night, UTC, at("2026-07-09T05:30")).length, 2);
  assert.equal(shares(night, "2026-07-08T23:00", "2026-07-09T06:00"), false);
  assert.equal(shares(night, "2026-07-09T05:30", "2026-07-09T08:59"), true);
});

test("a holiday has windows of its own", () => {
  const schedule = scheduleOn({ wednesday: ["08:00-18:00"] }, { "2026-07-08": ["10:00-12:00"] });
  assert.deepEqual(windowsAt(schedule, UTC, at("2026-07-08T09:00")), []);
  assert.equal(shares(schedule, "2026-07-08T10:00", "2026-07-08T11:59"), true);
  assert.equal(shares(schedule, "2026-07-08T10:00", "2026-07-08T12:00"), false);
});

test("an hour that comes twice belongs to the same window both times", () => {
  const [fromMs, toMs] = [at("2026-10-24T00:00"), at("2026-10-27T00:00")];
  const berlin = utcTransitionsOf("Europe/Berlin", fromMs, toMs);
  assert.equal(isInSameWindow(scheduleDaily("02:00-03:00"), berlin, at("2026-10-25T00:30"), at("2026-10-25T01:30")), true);
});

const minute = fc.integer({ min: 0, max: 1_439 });
const windows = fc.array(fc.record({ fromMinute: minute, toMinute: fc.oneof(minute, fc.constant(1_440)) }), { maxLength: 4 });

test("there is a window at a moment exactly when the schedule is open then, and a moment shares one with itself", () => {
  fc.assert(
    fc.property(fc.array(windows, { minLength: 7, maxLength: 7 }), fc.integer({ min: 0, max: 14 * 86_400_000 }), (weekly, intoMs) => {
      const schedule: Schedule = { weekly, holidays: [] };
      assert.equal(scheduleProblem(schedule), null);
      const ms = at("2026-07-08T00:00") + intoMs;
      const isOpen = isWithinSchedule(schedule, UTC, ms);
      assert.equal(windowsAt(schedule, UTC, ms).length > 0, isOpen);
      assert.equal(isInSameWindow(schedule, UTC, ms, ms), isOpen);
    }),
    { numRuns: 2_000 },
  );
});
