import { isDeepStrictEqual } from "node:util";
import { type HolidayCalendar, type HolidayCalendarWrite, holidayProblems, readHolidays, writeHolidays } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { publishSchedules } from "../../roster/publish-schedules.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { CALENDARS_PER_PLACE_MAX } from "./limits.ts";
import {
  type CalendarRecord,
  countCalendars,
  deleteCalendar,
  findCalendar,
  insertCalendar,
  type KeptCalendar,
  listCalendars,
  schedulesNaming,
  updateCalendar,
} from "./store.ts";

export interface HolidayCalendarsDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** Who changes what, at a place the actor was let into. */
export interface CalendarWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ExistingCalendar extends CalendarWriting {
  readonly calendarId: number;
  readonly ifMatch: string | null;
}

export interface CalendarsPage {
  readonly items: readonly HolidayCalendar[];
  readonly next?: string;
}

export interface HolidayCalendarsService {
  /** The place of a calendar, or null when there is no such calendar. */
  placeOf(calendarId: number): Promise<number | null>;
  list(placeId: number, page: PageWanted): Promise<CalendarsPage>;
  /** Fails as `not_found` when it was deleted meanwhile; `change` and `remove` too. */
  read(calendarId: number): Promise<HolidayCalendar>;
  create(writing: CalendarWriting & { readonly once: RequestName | null }, body: HolidayCalendarWrite): Promise<HolidayCalendar>;
  /** Every schedule that names it follows in the same transaction. */
  change(existing: ExistingCalendar, body: Partial<HolidayCalendarWrite>): Promise<HolidayCalendar>;
  /** Fails with `conflict` while a schedule names it. */
  remove(existing: ExistingCalendar): Promise<void>;
}

export function holidayCalendarsService(deps: HolidayCalendarsDeps): HolidayCalendarsService {
  return {
    async placeOf(calendarId) {
      return (await findCalendar(deps.database, calendarId))?.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listCalendars(deps.database, placeId, page);
      return pageOfRows(rows, page, { idOf: (row) => row.calendarId, item: calendarResource });
    },
    async read(calendarId) {
      const kept = await findCalendar(deps.database, calendarId);
      if (kept === null) throw hidden("calendarId");
      return calendarResource(kept);
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

function calendarResource({ calendarId, placeId, record }: KeptCalendar): HolidayCalendar {
  return { calendarId, placeId, name: record.name, holidays: writeHolidays(record.holidays) };
}

async function create(
  { database, clock }: HolidayCalendarsDeps,
  { place, by, once }: CalendarWriting & { readonly once: RequestName | null },
  body: HolidayCalendarWrite,
): Promise<HolidayCalendar> {
  const wanted = judged({ name: "", holidays: [] }, body);
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    // No door knows a calendar by itself; the head is what all who change schedules or calendars of the place wait for.
    await lockRoster(tx, placeId);
    const calendarId = await makeOnce(tx, once, async () => {
      if ((await countCalendars(tx, placeId)) >= CALENDARS_PER_PLACE_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place has at most ${CALENDARS_PER_PLACE_MAX} holiday calendars.` });
      }
      const id = await insertCalendar(tx, placeId, wanted);
      const target = { kind: "holiday_calendar", id };
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "holiday_calendar.create", target });
      return id;
    });
    const made = await findCalendar(tx, calendarId);
    if (made === null) throw deletedSince();
    return calendarResource(made);
  });
}

async function change(
  { database, clock }: HolidayCalendarsDeps,
  existing: ExistingCalendar,
  body: Partial<HolidayCalendarWrite>,
): Promise<HolidayCalendar> {
  const { place, by, calendarId } = existing;
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    const headRevision = await lockRoster(tx, placeId);
    const present = await presentCalendar(tx, existing);
    const record = judged(present.record, body);
    const changed = (["name", "holidays"] as const).filter((name) => !isDeepStrictEqual(present.record[name], record[name]));
    if (changed.length === 0) return calendarResource(present);
    await updateCalendar(tx, calendarId, record);
    const target = { kind: "holiday_calendar", id: calendarId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "holiday_calendar.change", target, detail: { changed } });
    const scheduleIds = changed.includes("holidays") ? await schedulesNaming(tx, calendarId) : [];
    await publishSchedules(tx, placeId, { scheduleIds, headRevision, nowMs });
    return calendarResource({ ...present, record });
  });
}

async function remove({ database, clock }: HolidayCalendarsDeps, existing: ExistingCalendar): Promise<void> {
  const { place, by, calendarId } = existing;
  const { placeId, placeGroupId } = place;
  await database.transaction(async (tx) => {
    await lockRoster(tx, placeId);
    await presentCalendar(tx, existing);
    const { length: count } = await schedulesNaming(tx, calendarId);
    if (count > 0) {
      const message = `is named by ${count} ${count === 1 ? "schedule" : "schedules"}`;
      throw new NativeRefusal("conflict", { problems: [{ field: "calendarId", message }] });
    }
    await deleteCalendar(tx, calendarId);
    const target = { kind: "holiday_calendar", id: calendarId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: clock.nowMs(), action: "holiday_calendar.delete", target });
  });
}

/** The calendar under the roster's lock, when it is still there and the version that was meant. */
async function presentCalendar(tx: Transaction, { calendarId, ifMatch }: ExistingCalendar): Promise<KeptCalendar> {
  const present = await findCalendar(tx, calendarId);
  if (present === null) throw hidden("calendarId");
  refuseStale(ifMatch, calendarResource(present));
  return present;
}

/** The calendar as it shall be. Fails with `argument_invalid`, naming what the client wrote. */
function judged(present: CalendarRecord, change: Partial<HolidayCalendarWrite>): CalendarRecord {
  const problems = holidayProblems(change.holidays ?? []);
  if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
  const holidays = change.holidays === undefined ? present.holidays : readHolidays(change.holidays);
  return { name: change.name ?? present.name, holidays };
}
