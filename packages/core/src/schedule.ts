/** A window of one day in minutes after local midnight. `toMinute` 1440 is 24:00; at or below `fromMinute` it ends on the next day. */
export interface DayWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
}

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
