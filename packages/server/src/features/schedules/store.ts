import type { NamedHoliday } from "@postern/contract";
import { assert, type DayWindow } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import type { KeptSchedule, ScheduleRecord } from "./schedule-record.ts";

interface ScheduleRow {
  readonly schedule_id: number;
  readonly place_id: number;
  readonly name: string;
  readonly schedule: { readonly weekly: readonly (readonly DayWindow[])[]; readonly holidays: readonly NamedHoliday[] };
  readonly calendar_id: number | null;
}

const COLUMNS = "schedule_id, place_id, name, schedule, calendar_id";

function keptSchedule({ schedule_id, place_id, name, schedule, calendar_id }: ScheduleRow): KeptSchedule {
  return { scheduleId: schedule_id, placeId: place_id, record: { name, ...schedule, calendarId: calendar_id } };
}

export async function findSchedule(queryable: Queryable, scheduleId: number): Promise<KeptSchedule | null> {
  const text = `select ${COLUMNS} from schedules where schedule_id = $1`;
  const [row] = await queryable.query<ScheduleRow>({ name: "schedules-find", text, values: [scheduleId] });
  return row === undefined ? null : keptSchedule(row);
}

/** In ascending id, with one row more than the page has. */
export async function listSchedules(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly KeptSchedule[]> {
  const rows = await queryable.query<ScheduleRow>({
    name: "schedules-list",
    text: `select ${COLUMNS} from schedules where place_id = $1 and schedule_id > $2 order by schedule_id limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
  return rows.map(keptSchedule);
}

export async function countSchedules(transaction: Transaction, placeId: number): Promise<number> {
  const [row] = await transaction.query<{ count: number }>("select count(*) as count from schedules where place_id = $1", [placeId]);
  return row?.count ?? 0;
}

export async function hasCalendar(transaction: Transaction, placeId: number, calendarId: number): Promise<boolean> {
  const text = "select 1 from holiday_calendars where place_id = $1 and calendar_id = $2";
  return (await transaction.query(text, [placeId, calendarId])).length > 0;
}

/** Returns the new schedule's id. */
export async function insertSchedule(transaction: Transaction, placeId: number, record: ScheduleRecord): Promise<number> {
  const { name, weekly, holidays, calendarId } = record;
  const [row] = await transaction.query<{ schedule_id: number }>(
    `insert into schedules(schedule_id, place_id, name, schedule, calendar_id) values (nextval('schedule_ids'), $1, $2, $3, $4) returning schedule_id`,
    [placeId, name, JSON.stringify({ weekly, holidays }), calendarId],
  );
  assert(row !== undefined, "an inserted schedule returns its id");
  return row.schedule_id;
}

export async function updateSchedule(transaction: Transaction, scheduleId: number, record: ScheduleRecord): Promise<void> {
  const { name, weekly, holidays, calendarId } = record;
  await transaction.execute("update schedules set name = $2, schedule = $3, calendar_id = $4 where schedule_id = $1", [
    scheduleId,
    name,
    JSON.stringify({ weekly, holidays }),
    calendarId,
  ]);
}

/**
 * Keeps everybody from beginning to use a schedule until the commit. False: an enrolment that names it is under way. It is not waited for, because
 * that enrolment will want the roster's head, which the caller holds.
 */
export async function lockUnused(transaction: Transaction, scheduleId: number): Promise<boolean> {
  const text = "select 1 from schedules where schedule_id = $1 for update skip locked";
  return (await transaction.query(text, [scheduleId])).length > 0;
}

/** How many things decide by a schedule. */
export interface ScheduleUses {
  readonly auths: number;
  readonly groups: number;
  readonly doors: number;
}

const COUNT_USES = `
  select
    (select count(*) from auths where schedule_id = $2 and deleted_at is null) as auths,
    (select count(*) from access_groups where place_id = $1 and grants @> jsonb_build_array(jsonb_build_object('scheduleId', $2::bigint))) as groups,
    (select count(*) from doors where place_id = $1 and deleted_at is null
      and (settings @> jsonb_build_object('scheduledUnlockId', $2::bigint) or settings @> jsonb_build_object('scheduledLockId', $2::bigint))) as doors`;

export async function countUses(transaction: Transaction, placeId: number, scheduleId: number): Promise<ScheduleUses> {
  const [row] = await transaction.query<ScheduleUses>(COUNT_USES, [placeId, scheduleId]);
  assert(row !== undefined, "counts are one row");
  return row;
}

/** Auths that have ended let go of it: their rows are kept for their events alone. */
export async function deleteSchedule(transaction: Transaction, scheduleId: number): Promise<void> {
  await transaction.execute("update auths set schedule_id = null where schedule_id = $1 and deleted_at is not null", [scheduleId]);
  await transaction.execute("delete from schedules where schedule_id = $1", [scheduleId]);
}
