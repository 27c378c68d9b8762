import type { DayWindow, Schedule } from "../src/index.ts";

/** One minute of UTC and what a clock on the wall shows then, `2026-03-29 03:00`. */
export interface WallMinute {
  readonly atMs: number;
  readonly label: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** `00:00` to `23:59`. */
const CLOCK_TEXTS = Array.from({ length: 1_440 }, (_unused, minute) => {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
});

/** Every minute of UTC from `fromMs` to before `toMs`, with the platform's own wall clock. Knows nothing of offsets. */
export function wallMinutes(timeZone: string, fromMs: number, toMs: number): WallMinute[] {
  // Swedish writes a date and a time as the labels below do.
  const wallClock = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  const minutes: WallMinute[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) minutes.push({ atMs, label: wallClock.format(atMs) });
  return minutes;
}

/**
 * The schedule as its plain meaning: the labels of all the minutes its windows name, walked one by one over the paper calendar from the
 * day before `fromMs` to the day after `toMs`.
 */
export function scheduledLabels(schedule: Schedule, fromMs: number, toMs: number): Set<string> {
  const labels = new Set<string>();
  const firstDayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
  for (let dayMs = firstDayMs - 3 * DAY_MS; dayMs <= toMs + 2 * DAY_MS; dayMs += DAY_MS) {
    const date = paperDate(dayMs);
    const holiday = schedule.holidays.find((candidate) => candidate.date === date);
    const windows = holiday?.windows ?? schedule.weekly[new Date(dayMs).getUTCDay()] ?? [];
    for (const window of windows) addWindow(labels, dayMs, window);
  }
  return labels;
}

function addWindow(labels: Set<string>, dayMs: number, { fromMinute, toMinute }: DayWindow): void {
  const [date, nextDate] = [paperDate(dayMs), paperDate(dayMs + DAY_MS)];
  let minute = fromMinute;
  do {
    labels.add(`${minute < 1_440 ? date : nextDate} ${CLOCK_TEXTS[minute % 1_440]}`);
    minute += 1;
  } while (minute !== toMinute && minute !== toMinute + 1_440);
}

function paperDate(dayMs: number): string {
  return new Date(dayMs).toISOString().slice(0, 10);
}
