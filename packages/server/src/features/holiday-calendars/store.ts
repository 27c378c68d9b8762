import type { NamedHoliday } from "@postern/contract";
import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";

/** What a client says of a calendar, its days in minutes and in ascending order. */
export interface CalendarRecord {
  readonly name: string;
  readonly holidays: readonly NamedHoliday[];
}

export interface KeptCalendar {
  readonly calendarId: number;
  readonly placeId: number;
  readonly record: CalendarRecord;
}

interface CalendarRow extends CalendarRecord {
  readonly calendar_id: number;
  readonly place_id: number;
}

const COLUMNS = "calendar_id, place_id, name, holidays";

function keptCalendar({ calendar_id, place_id, name, holidays }: CalendarRow): KeptCalendar {
  return { calendarId: calendar_id, placeId: place_id, record: { name, holidays } };
}

export async function findCalendar(queryable: Queryable, calendarId: number): Promise<KeptCalendar | null> {
  const text = `select ${COLUMNS} from holiday_calendars where calendar_id = $1`;
  const [row] = await queryable.query<CalendarRow>({ name: "calendars-find", text, values: [calendarId] });
  return row === undefined ? null : keptCalendar(row);
}

/** In ascending id, with one row more than the page has. */
export async function listCalendars(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly KeptCalendar[]> {
  const rows = await queryable.query<CalendarRow>({
    name: "calendars-list",
    text: `select ${COLUMNS} from holiday_calendars where place_id = $1 and calendar_id > $2 order by calendar_id limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
  return rows.map(keptCalendar);
}

export async function countCalendars(transaction: Transaction, placeId: number): Promise<number> {
  const text = "select count(*) as count from holiday_calendars where place_id = $1";
  const [row] = await transaction.query<{ count: number }>(text, [placeId]);
  return row?.count ?? 0;
}

/** Returns the new calendar's id. */
export async function insertCalendar(transaction: Transaction, placeId: number, { name, holidays }: CalendarRecord): Promise<number> {
  const [row] = await transaction.query<{ calendar_id: number }>(
    `insert into holiday_calendars(calendar_id, place_id, name, holidays) values (nextval('holiday_calendar_ids'), $1, $2, $3) returning calendar_id`,
    [placeId, name, JSON.stringify(holidays)],
  );
  assert(row !== undefined, "an inserted calendar returns its id");
  return row.calendar_id;
}

export async function updateCalendar(transaction: Transaction, calendarId: number, { name, holidays }: CalendarRecord): Promise<void> {
  await transaction.execute("update holiday_calendars set name = $2, holidays = $3 where calendar_id = $1", [
    calendarId,
    name,
    JSON.stringify(holidays),
  ]);
}

export async function deleteCalendar(transaction: Transaction, calendarId: number): Promise<void> {
  await transaction.execute("delete from holiday_calendars where calendar_id = $1", [calendarId]);
}

/** The schedules that name a calendar, in ascending id. */
export async function schedulesNaming(transaction: Transaction, calendarId: number): Promise<readonly number[]> {
  const text = "select schedule_id from schedules where calendar_id = $1 order by schedule_id";
  const rows = await transaction.query<{ schedule_id: number }>(text, [calendarId]);
  return rows.map((row) => row.schedule_id);
}
