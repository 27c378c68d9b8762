const DAY_MS = 86_400_000;

/** Days from 1970-01-01 to a date written as `2026-12-25`, or null when there is no such date in the years 1970 to 9999. */
export function epochDayOf(date: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (match === null) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1970 || month < 1 || month > 12) return null;
  const monthStartMs = Date.UTC(year, month - 1);
  const dayCount = (Date.UTC(year, month) - monthStartMs) / DAY_MS;
  return day >= 1 && day <= dayCount ? monthStartMs / DAY_MS + day - 1 : null;
}

/** The weekday of an epoch day, 0 for Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(epochDay: number): number {
  return (((epochDay + 4) % 7) + 7) % 7;
}
