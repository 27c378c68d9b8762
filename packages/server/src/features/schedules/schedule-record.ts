import {
  type NamedHoliday,
  type Problem,
  readHolidays,
  readWeek,
  type ScheduleResource,
  type ScheduleWrite,
  writeHolidays,
  writeWeek,
} from "@postern/contract";
import type { DayWindow } from "@postern/core";

/** A schedule as it is kept. */
export interface ScheduleRecord {
  readonly name: string;
  /** Seven lists, Sunday first. */
  readonly weekly: readonly (readonly DayWindow[])[];
  /** Of its own, in ascending order of date; none where it names a calendar. */
  readonly holidays: readonly NamedHoliday[];
  readonly calendarId: number | null;
}

export interface KeptSchedule {
  readonly scheduleId: number;
  readonly placeId: number;
  readonly record: ScheduleRecord;
}

export type ScheduleChange = Partial<ScheduleWrite>;

/** What a schedule is once `change` is carried out on it. What is absent stays. */
export function changedSchedule(present: ScheduleRecord, change: ScheduleChange): ScheduleRecord {
  return {
    name: change.name ?? present.name,
    weekly: change.weekly === undefined ? present.weekly : readWeek(change.weekly),
    holidays: change.holidays === undefined ? present.holidays : readHolidays(change.holidays),
    calendarId: change.calendarId === undefined ? present.calendarId : change.calendarId,
  };
}

/** A schedule has holidays of its own or those of a calendar: which ones would hold beside each other is nobody's guess. */
export function calendarProblem(wanted: ScheduleRecord, change: ScheduleChange): Problem | null {
  if (wanted.calendarId === null || wanted.holidays.length === 0) return null;
  if (change.holidays !== undefined) return { field: "holidays", message: "must be empty where calendarId names a calendar" };
  return { field: "calendarId", message: "the schedule has holidays of its own; send an empty list of holidays with it to give them up" };
}

export function scheduleResource({ scheduleId, placeId, record }: KeptSchedule): ScheduleResource {
  const { name, weekly, holidays, calendarId } = record;
  return { scheduleId, placeId, name, weekly: writeWeek(weekly), holidays: writeHolidays(holidays), calendarId };
}
