import { epochDayOf, weekdayOf } from "./calendar-date.ts";
import { offsetSecondsAt, type UtcTransition } from "./time-zone.ts";

/** A window of one day in minutes after local midnight. `toMinute` 1440 is 24:00; at or below `fromMinute` it ends on the next day. */
export interface DayWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** A window on the day it starts on. Beyond 1440, `endMinute` (exclusive) is on the next day. */
export interface WindowOfDay {
  readonly epochDay: number;
  readonly fromMinute: number;
  readonly endMinute: number;
}

/** Never changed once made: what is derived from it is remembered with it. */
export interface Schedule {
  /** Seven lists, Sunday first. */
  readonly weekly: readonly (readonly DayWindow[])[];
  /** Each replaces the windows that start on its date; dates as `2026-12-25`, unique, in ascending order. */
  readonly holidays: readonly Holiday[];
}

export interface Holiday {
  readonly date: string;
  readonly windows: readonly DayWindow[];
}

const MINUTE_MS = 60_000;
export const DAY_MINUTES = 1_440;

const wholeDay: readonly DayWindow[] = [{ fromMinute: 0, toMinute: DAY_MINUTES }];

/** Every day from 00:00 to 24:00. */
export const alwaysSchedule: Schedule = { weekly: Array.from({ length: 7 }, () => wholeDay), holidays: [] };

/**
 * Whether the wall clock of the place shows, at `nowMs`, a minute that belongs to one of the schedule's windows.
 *
 * A window is a set of wall-clock minutes of the day on which it starts and, if it crosses midnight, of the next calendar day. So an hour
 * that summer time skips never comes, one that comes twice counts twice, and a window that starts inside a skipped hour or day still
 * holds for what is left of it. A holiday replaces the windows that start on its date; what began the evening before runs on into it.
 */
export function isWithinSchedule(schedule: Schedule, transitions: readonly UtcTransition[], nowMs: number): boolean {
  const { today, minute } = localMinuteAt(transitions, nowMs);
  for (const window of windowsStartingOn(schedule, today)) {
    if (minute >= window.fromMinute && minute < endMinute(window)) return true;
  }
  for (const window of windowsStartingOn(schedule, today - 1)) {
    if (minute + DAY_MINUTES < endMinute(window)) return true;
  }
  return false;
}

/** Which windows hold at `ms`: none, one, or two when one that began the evening before runs on. Windows of a day that overlap are one. */
export function windowsAt(schedule: Schedule, transitions: readonly UtcTransition[], ms: number): readonly WindowOfDay[] {
  const { today, minute } = localMinuteAt(transitions, ms);
  return [
    ...windowsHolding(schedule, { epochDay: today - 1, minute: minute + DAY_MINUTES }),
    ...windowsHolding(schedule, { epochDay: today, minute }),
  ];
}

/** Whether both moments lie in one window, so that what happened in it at one of them still counts at the other. */
export function isInSameWindow(schedule: Schedule, transitions: readonly UtcTransition[], oneMs: number, otherMs: number): boolean {
  const others = windowsAt(schedule, transitions, otherMs);
  return windowsAt(schedule, transitions, oneMs).some((one) =>
    others.some(({ epochDay, fromMinute }) => epochDay === one.epochDay && fromMinute === one.fromMinute),
  );
}

function windowsHolding(schedule: Schedule, { epochDay, minute }: { readonly epochDay: number; readonly minute: number }): WindowOfDay[] {
  const holding: WindowOfDay[] = [];
  for (const { fromMinute, endMinute: end } of mergedWindows(windowsStartingOn(schedule, epochDay))) {
    if (minute >= fromMinute && minute < end) holding.push({ epochDay, fromMinute, endMinute: end });
  }
  return holding;
}

/** In ascending order; those that overlap as one. Windows that only touch stay two. */
function mergedWindows(windows: readonly DayWindow[]): Omit<WindowOfDay, "epochDay">[] {
  const merged: { fromMinute: number; endMinute: number }[] = [];
  for (const window of [...windows].sort((left, right) => left.fromMinute - right.fromMinute)) {
    const last = merged.at(-1);
    if (last !== undefined && window.fromMinute < last.endMinute) last.endMinute = Math.max(last.endMinute, endMinute(window));
    else merged.push({ fromMinute: window.fromMinute, endMinute: endMinute(window) });
  }
  return merged;
}

function localMinuteAt(transitions: readonly UtcTransition[], ms: number): { readonly today: number; readonly minute: number } {
  const localMinute = Math.floor((ms + offsetSecondsAt(transitions, ms) * 1_000) / MINUTE_MS);
  const today = Math.floor(localMinute / DAY_MINUTES);
  return { today, minute: localMinute - today * DAY_MINUTES };
}

/** Minutes after the midnight before the window's start: beyond 1440 it ends on the next day. */
function endMinute({ fromMinute, toMinute }: DayWindow): number {
  return toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES;
}

function windowsStartingOn(schedule: Schedule, epochDay: number): readonly DayWindow[] {
  return holidaysByDay(schedule).get(epochDay) ?? schedule.weekly[weekdayOf(epochDay)] ?? [];
}

type HolidaysByDay = ReadonlyMap<number, readonly DayWindow[]>;

/** A door decides thousands of times on one schedule; its dates are read once. */
const holidaysBySchedule = new WeakMap<Schedule, HolidaysByDay>();

function holidaysByDay(schedule: Schedule): HolidaysByDay {
  const known = holidaysBySchedule.get(schedule);
  if (known !== undefined) return known;
  const byDay = new Map<number, readonly DayWindow[]>();
  for (const { date, windows } of schedule.holidays) {
    const epochDay = epochDayOf(date);
    if (epochDay !== null) byDay.set(epochDay, windows);
  }
  holidaysBySchedule.set(schedule, byDay);
  return byDay;
}
