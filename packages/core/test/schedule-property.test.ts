import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type DayWindow, isWithinSchedule, type Schedule, scheduleProblem, utcTransitionsOf } from "../src/index.ts";
import { scheduledLabels, type WallMinute, wallMinutes } from "./wall-clock-oracle.ts";

interface Stretch {
  readonly timeZone: string;
  /** UTC, four days around a change of the clock or of the calendar. */
  readonly from: string;
  readonly to: string;
}

const STRETCHES: readonly Stretch[] = [
  { timeZone: "Europe/Berlin", from: "2026-03-27T00:00Z", to: "2026-03-31T00:00Z" },
  { timeZone: "Europe/Berlin", from: "2026-10-23T00:00Z", to: "2026-10-27T00:00Z" },
  { timeZone: "America/New_York", from: "2026-03-06T00:00Z", to: "2026-03-10T00:00Z" },
  { timeZone: "America/New_York", from: "2026-10-30T00:00Z", to: "2026-11-03T00:00Z" },
  { timeZone: "Australia/Lord_Howe", from: "2026-04-03T00:00Z", to: "2026-04-07T00:00Z" },
  { timeZone: "Australia/Lord_Howe", from: "2026-10-02T00:00Z", to: "2026-10-06T00:00Z" },
  { timeZone: "Asia/Seoul", from: "2026-12-30T00:00Z", to: "2027-01-03T00:00Z" },
  { timeZone: "Pacific/Apia", from: "2011-12-28T00:00Z", to: "2012-01-01T00:00Z" },
  // The clock goes forward at midnight here: the day starts at 01:00.
  { timeZone: "America/Santiago", from: "2025-09-05T00:00Z", to: "2025-09-09T00:00Z" },
];

const DAY_MS = 86_400_000;
const minuteOfDay = fc.oneof(
  fc.integer({ min: 0, max: 1_439 }),
  fc.integer({ min: 0, max: 240 }),
  fc.constantFrom(0, 60, 90, 120, 150, 180, 1_380),
);
const dayWindow: fc.Arbitrary<DayWindow> = fc.record({ fromMinute: minuteOfDay, toMinute: fc.oneof(minuteOfDay, fc.constant(1_440)) });
const dayWindows = fc.array(dayWindow, { maxLength: 3 });

function scheduleNear(fromMs: number): fc.Arbitrary<Schedule> {
  const dates = Array.from({ length: 7 }, (_unused, day) => new Date(fromMs + (day - 1) * DAY_MS).toISOString().slice(0, 10));
  const holidays = fc
    .tuple(fc.subarray(dates), fc.array(dayWindows, { minLength: dates.length, maxLength: dates.length }))
    .map(([chosen, windows]) => chosen.map((date, index) => ({ date, windows: windows[index] ?? [] })));
  return fc.record({ weekly: fc.array(dayWindows, { minLength: 7, maxLength: 7 }), holidays });
}

for (const { timeZone, from, to } of STRETCHES) {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];

  test(`around ${from} in ${timeZone} a schedule is open exactly in the minutes whose wall clock it names`, () => {
    const transitions = utcTransitionsOf(timeZone, fromMs, toMs);
    const minutes = wallMinutes(timeZone, fromMs, toMs);
    fc.assert(
      fc.property(scheduleNear(fromMs), fc.integer({ min: 0, max: 59_999 }), (schedule, intoMinuteMs) => {
        const labels = scheduledLabels(schedule, fromMs, toMs);
        const isWrong = ({ atMs, label }: WallMinute): boolean =>
          isWithinSchedule(schedule, transitions, atMs + intoMinuteMs) !== labels.has(label);
        assert.equal(minutes.find(isWrong)?.label, undefined);
      }),
      { numRuns: 60 },
    );
  });
}

test("every schedule that the properties above are about is a valid one", () => {
  fc.assert(fc.property(scheduleNear(Date.parse("2026-03-27T00:00Z")), (schedule) => assert.equal(scheduleProblem(schedule), null)));
});
