import { type DayWindow, type Schedule, scheduleProblem } from "@postern/core";
import type { Problem } from "../errors/problem.ts";
import { type HolidayDay, WEEKDAYS, type Week, type Window } from "./schedule.ts";

/** A holiday as it is kept: windows in minutes, with the name that people gave it. */
export interface NamedHoliday {
  readonly date: string;
  readonly name?: string;
  readonly windows: readonly DayWindow[];
}

/** Seven lists in minutes, Sunday first, as the doors hold a week. A day left out has no windows. */
export function readWeek(week: Week): readonly (readonly DayWindow[])[] {
  return WEEKDAYS.map((day) => (week[day] ?? []).map(readWindow));
}

/** In ascending order of date, whatever the order they came in. */
export function readHolidays(days: readonly HolidayDay[]): readonly NamedHoliday[] {
  return inOrder(days).map(({ day }) => ({ ...day, windows: day.windows.map(readWindow) }));
}

/** Every day is written, so that nobody has to know what one left out means. */
export function writeWeek(weekly: Schedule["weekly"]): Required<Week> {
  const windowsOf = (weekday: number): Window[] => (weekly[weekday] ?? []).map(writeWindow);
  return {
    sunday: windowsOf(0),
    monday: windowsOf(1),
    tuesday: windowsOf(2),
    wednesday: windowsOf(3),
    thursday: windowsOf(4),
    friday: windowsOf(5),
    saturday: windowsOf(6),
  };
}

export function writeHolidays(holidays: readonly NamedHoliday[]): HolidayDay[] {
  return holidays.map(({ date, name, windows }) => ({ date, ...(name === undefined ? {} : { name }), windows: windows.map(writeWindow) }));
}

/**
 * What is wrong with days of the right shape, named where the client wrote it: dates that do not exist, and dates that stand there twice. The
 * judge is the rule that doors go by.
 */
export function holidayProblems(days: readonly HolidayDay[]): readonly Problem[] {
  const problems: Problem[] = [];
  let previous: HolidayDay | null = null;
  for (const { day, index } of inOrder(days)) {
    const field = `holidays[${index}].date`;
    const isDate = scheduleProblem({ weekly: WEEKDAYS.map(() => []), holidays: [{ date: day.date, windows: [] }] }) === null;
    if (!isDate) problems.push({ field, message: "must be a date that exists, such as 2026-12-25", rejectedValue: day.date });
    else if (previous?.date === day.date) problems.push({ field, message: "is there already: each date once", rejectedValue: day.date });
    previous = day;
  }
  return problems;
}

/** Equal dates keep the order they came in, so that the second of them is the one that is refused. */
function inOrder(days: readonly HolidayDay[]): { readonly day: HolidayDay; readonly index: number }[] {
  return days
    .map((day, index) => ({ day, index }))
    .sort((left, right) => (left.day.date < right.day.date ? -1 : Number(left.day.date > right.day.date)));
}

function readWindow({ from, to }: Window): DayWindow {
  return { fromMinute: minuteOf(from), toMinute: minuteOf(to) };
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function writeWindow({ fromMinute, toMinute }: DayWindow): Window {
  return { from: timeOf(fromMinute), to: timeOf(toMinute) };
}

function timeOf(minute: number): string {
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${part(Math.floor(minute / 60))}:${part(minute % 60)}`;
}
