import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alwaysSchedule,
  type DayWindow,
  SCHEDULE_HOLIDAYS_MAX,
  SCHEDULE_WINDOWS_PER_DAY_MAX,
  type Schedule,
  scheduleProblem,
} from "../src/index.ts";
import { scheduleDaily, scheduleOn } from "./schedule-builder.ts";

const LINK_PACKET_BYTES_MAX = 256 * 1_024;

function onWednesday(window: Partial<DayWindow>): Schedule {
  const week = scheduleDaily().weekly.map((windows, weekday) =>
    weekday === 3 ? [{ fromMinute: 540, toMinute: 1_080, ...window }] : windows,
  );
  return { weekly: week, holidays: [] };
}

function holidaysFrom(count: number, windows: readonly DayWindow[] = []): Schedule["holidays"] {
  return Array.from({ length: count }, (_unused, day) => ({
    date: new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
    windows,
  }));
}

const VALID: readonly (readonly [string, Schedule])[] = [
  ["every day", alwaysSchedule],
  ["no window at all", scheduleDaily()],
  ["a window across midnight", scheduleDaily("22:00-06:00")],
  ["a window to 24:00", onWednesday({ toMinute: 1_440 })],
  ["a window to 00:00", onWednesday({ toMinute: 0 })],
  ["a window from 23:59", onWednesday({ fromMinute: 1_439, toMinute: 1_440 })],
  ["a window of a whole day from noon to noon", scheduleDaily("12:00-12:00")],
  ["overlapping windows", scheduleDaily("09:00-12:00", "10:00-13:00")],
  ["holidays in order", scheduleOn({}, { "2026-12-24": ["09:00-12:00"], "2026-12-25": [] })],
  ["as many windows as a day may have", scheduleDaily(...Array.from({ length: SCHEDULE_WINDOWS_PER_DAY_MAX }, () => "09:00-10:00"))],
  ["as many holidays as there may be", { weekly: alwaysSchedule.weekly, holidays: holidaysFrom(SCHEDULE_HOLIDAYS_MAX) }],
];

for (const [what, schedule] of VALID) {
  test(`a schedule with ${what} is valid`, () => assert.equal(scheduleProblem(schedule), null));
}

const INVALID: readonly (readonly [string, Schedule, string])[] = [
  ["six days", { weekly: alwaysSchedule.weekly.slice(1), holidays: [] }, "weekly"],
  ["eight days", { weekly: [...alwaysSchedule.weekly, []], holidays: [] }, "weekly"],
  ["a start before midnight", onWednesday({ fromMinute: -1 }), "weekly[3][0].fromMinute"],
  ["a start at 24:00", onWednesday({ fromMinute: 1_440 }), "weekly[3][0].fromMinute"],
  ["half a minute", onWednesday({ fromMinute: 0.5 }), "weekly[3][0].fromMinute"],
  ["a start that is no number", onWednesday({ fromMinute: Number.NaN }), "weekly[3][0].fromMinute"],
  ["an end after 24:00", onWednesday({ toMinute: 1_441 }), "weekly[3][0].toMinute"],
  ["an end before midnight", onWednesday({ toMinute: -1 }), "weekly[3][0].toMinute"],
  ["an end without end", onWednesday({ toMinute: Number.POSITIVE_INFINITY }), "weekly[3][0].toMinute"],
  ["a wrong second window", scheduleDaily("09:00-12:00", "13:00-25:00"), "weekly[0][1].toMinute"],
  ["a window too many", scheduleDaily(...Array.from({ length: SCHEDULE_WINDOWS_PER_DAY_MAX + 1 }, () => "09:00-10:00")), "weekly[0]"],
  ["a holiday too many", { weekly: alwaysSchedule.weekly, holidays: holidaysFrom(SCHEDULE_HOLIDAYS_MAX + 1) }, "holidays"],
  ["a date that does not exist", scheduleOn({}, { "2026-02-29": [] }), "holidays[0].date"],
  ["a date in another form", scheduleOn({}, { "25.12.2026": [] }), "holidays[0].date"],
  ["dates out of order", scheduleOn({}, { "2026-12-25": [], "2026-12-24": [] }), "holidays[1].date"],
  ["a date twice", { weekly: alwaysSchedule.weekly, holidays: [...holidaysFrom(2), ...holidaysFrom(2).slice(1)] }, "holidays[2].date"],
  ["a wrong window on a holiday", scheduleOn({}, { "2026-12-24": [], "2026-12-25": ["24:00-24:00"] }), "holidays[1].windows[0].fromMinute"],
];

for (const [what, schedule, field] of INVALID) {
  test(`a schedule with ${what} is refused, naming ${field}`, () => {
    const problem = scheduleProblem(schedule);
    assert.equal(problem?.field, field);
    assert.match(problem?.message ?? "", /^[A-Z].*\.$/);
  });
}

test("the largest valid schedule fits one packet of the link with room to spare", () => {
  const windows = Array.from({ length: SCHEDULE_WINDOWS_PER_DAY_MAX }, () => ({ fromMinute: 1_438, toMinute: 1_440 }));
  const schedule: Schedule = { weekly: Array.from({ length: 7 }, () => windows), holidays: holidaysFrom(SCHEDULE_HOLIDAYS_MAX, windows) };
  assert.equal(scheduleProblem(schedule), null);
  assert.ok(JSON.stringify(schedule).length < 0.75 * LINK_PACKET_BYTES_MAX);
});
