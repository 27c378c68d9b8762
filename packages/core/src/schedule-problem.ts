import { epochDayOf } from "./calendar-date.ts";
import { SCHEDULE_HOLIDAYS_MAX, SCHEDULE_WINDOWS_PER_DAY_MAX } from "./limits.ts";
import { DAY_MINUTES, type DayWindow, type Holiday, type Schedule } from "./schedule.ts";

export interface ScheduleProblem {
  /** The wrong part as a dotted path: `weekly[3][0].toMinute`, `holidays[2].date`. */
  readonly field: string;
  /** What it has to be, as a sentence. */
  readonly message: string;
}

/** The first thing wrong with a schedule of the right shape, or null. Windows of a day may overlap: together they are one. */
export function scheduleProblem({ weekly, holidays }: Schedule): ScheduleProblem | null {
  if (weekly.length !== 7) return { field: "weekly", message: "A week has seven lists of windows, Sunday first." };
  for (const [weekday, windows] of weekly.entries()) {
    const problem = windowsProblem(`weekly[${weekday}]`, windows);
    if (problem !== null) return problem;
  }
  if (holidays.length > SCHEDULE_HOLIDAYS_MAX) {
    return { field: "holidays", message: `At most ${SCHEDULE_HOLIDAYS_MAX} holidays.` };
  }
  return holidaysProblem(holidays);
}

function holidaysProblem(holidays: readonly Holiday[]): ScheduleProblem | null {
  let previousDay = Number.NEGATIVE_INFINITY;
  for (const [index, { date, windows }] of holidays.entries()) {
    const field = `holidays[${index}]`;
    const epochDay = epochDayOf(date);
    if (epochDay === null) return { field: `${field}.date`, message: "A date is written as 2026-12-25 and exists." };
    if (epochDay <= previousDay) return { field: `${field}.date`, message: "Dates are in ascending order, each once." };
    previousDay = epochDay;
    const problem = windowsProblem(`${field}.windows`, windows);
    if (problem !== null) return problem;
  }
  return null;
}

function windowsProblem(field: string, windows: readonly DayWindow[]): ScheduleProblem | null {
  if (windows.length > SCHEDULE_WINDOWS_PER_DAY_MAX) {
    return { field, message: `At most ${SCHEDULE_WINDOWS_PER_DAY_MAX} windows start on one day.` };
  }
  for (const [index, { fromMinute, toMinute }] of windows.entries()) {
    if (!isWholeWithin(fromMinute, DAY_MINUTES - 1)) {
      return { field: `${field}[${index}].fromMinute`, message: "A window starts at a whole minute from 0 to 1439." };
    }
    if (!isWholeWithin(toMinute, DAY_MINUTES)) {
      return { field: `${field}[${index}].toMinute`, message: "A window ends at a whole minute from 0 to 1440 (24:00)." };
    }
  }
  return null;
}

function isWholeWithin(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}
