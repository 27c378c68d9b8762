import type { DayWindow, Holiday, Schedule } from "../src/index.ts";

export type Weekday = "sunday" | "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday";

const WEEKDAYS: readonly Weekday[] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** `"22:00-06:00"`, as people write it. */
export function windowOf(text: string): DayWindow {
  const [from, to] = text.split("-").map((time) => {
    const [hours, minutes] = time.split(":");
    return Number(hours) * 60 + Number(minutes);
  });
  return { fromMinute: from ?? Number.NaN, toMinute: to ?? Number.NaN };
}

/** A schedule with windows on the named days only. */
export function scheduleOn(
  days: Partial<Record<Weekday, readonly string[]>>,
  holidays: Readonly<Record<string, readonly string[]>> = {},
): Schedule {
  return {
    weekly: WEEKDAYS.map((weekday) => (days[weekday] ?? []).map(windowOf)),
    holidays: Object.entries(holidays).map(([date, windows]): Holiday => ({ date, windows: windows.map(windowOf) })),
  };
}

export function scheduleDaily(...windows: readonly string[]): Schedule {
  return { weekly: WEEKDAYS.map(() => windows.map(windowOf)), holidays: [] };
}
