import { isDeepStrictEqual } from "node:util";
import { holidayProblems, type Problem, type ScheduleResource, type ScheduleWrite } from "@postern/contract";
import { type Clock, scheduleProblem } from "@postern/core";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { platformError } from "../../platform/platform-errors.ts";
import { publishSchedules } from "../../roster/publish-schedules.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { SCHEDULES_PER_PLACE_MAX } from "./limits.ts";
import { calendarProblem, changedSchedule, type ScheduleChange, type ScheduleRecord, scheduleResource } from "./schedule-record.ts";
import {
  countSchedules,
  countUses,
  deleteSchedule,
  findSchedule,
  hasCalendar,
  insertSchedule,
  listSchedules,
  lockUnused,
  type ScheduleUses,
  updateSchedule,
} from "./store.ts";

export interface SchedulesDeps {
  readonly database: Database;
  readonly clock: Clock;
}

/** Who changes what, at a place the actor was let into. */
export interface ScheduleWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ExistingSchedule extends ScheduleWriting {
  readonly scheduleId: number;
  readonly ifMatch: string | null;
}

export interface SchedulesPage {
  readonly items: readonly ScheduleResource[];
  readonly next?: string;
}

export interface SchedulesService {
  /** The place of a schedule, or null when there is no such schedule. */
  placeOf(scheduleId: number): Promise<number | null>;
  list(placeId: number, page: PageWanted): Promise<SchedulesPage>;
  /** Fails as `not_found` when it was deleted meanwhile; `change` and `remove` too. */
  read(scheduleId: number): Promise<ScheduleResource>;
  create(writing: ScheduleWriting & { readonly once: RequestName | null }, body: ScheduleWrite): Promise<ScheduleResource>;
  change(existing: ExistingSchedule, body: ScheduleChange): Promise<ScheduleResource>;
  /** Fails with `conflict` while something uses it. */
  remove(existing: ExistingSchedule): Promise<void>;
}

export function schedulesService(deps: SchedulesDeps): SchedulesService {
  return {
    async placeOf(scheduleId) {
      return (await findSchedule(deps.database, scheduleId))?.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listSchedules(deps.database, placeId, page);
      return pageOfRows(rows, page, { idOf: (row) => row.scheduleId, item: scheduleResource });
    },
    async read(scheduleId) {
      const kept = await findSchedule(deps.database, scheduleId);
      if (kept === null) throw hidden("scheduleId");
      return scheduleResource(kept);
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

const NO_SCHEDULE: ScheduleRecord = { name: "", weekly: [[], [], [], [], [], [], []], holidays: [], calendarId: null };

async function create(
  { database, clock }: SchedulesDeps,
  { place, by, once }: ScheduleWriting & { readonly once: RequestName | null },
  body: ScheduleWrite,
): Promise<ScheduleResource> {
  const wanted = judged(NO_SCHEDULE, body);
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    const headRevision = await lockRoster(tx, placeId);
    const scheduleId = await makeOnce(tx, once, async () => {
      await refuseUnknownCalendar(tx, placeId, wanted);
      if ((await countSchedules(tx, placeId)) >= SCHEDULES_PER_PLACE_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place has at most ${SCHEDULES_PER_PLACE_MAX} schedules.` });
      }
      const id = await insertSchedule(tx, placeId, wanted);
      const target = { kind: "schedule", id };
      await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "schedule.create", target });
      await publishSchedules(tx, placeId, { scheduleIds: [id], headRevision, nowMs });
      return id;
    });
    const made = await findSchedule(tx, scheduleId);
    if (made === null) throw deletedSince();
    return scheduleResource(made);
  });
}

async function change({ database, clock }: SchedulesDeps, existing: ExistingSchedule, body: ScheduleChange): Promise<ScheduleResource> {
  const { place, by, scheduleId } = existing;
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  return database.transaction(async (tx) => {
    const headRevision = await lockRoster(tx, placeId);
    const present = await presentSchedule(tx, existing);
    const record = judged(present.record, body);
    await refuseUnknownCalendar(tx, placeId, record);
    const changed = namesOfChanged(present.record, record);
    if (changed.length === 0) return scheduleResource(present);
    await updateSchedule(tx, scheduleId, record);
    const target = { kind: "schedule", id: scheduleId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "schedule.change", target, detail: { changed } });
    await publishSchedules(tx, placeId, { scheduleIds: [scheduleId], headRevision, nowMs });
    return scheduleResource({ ...present, record });
  });
}

async function remove({ database, clock }: SchedulesDeps, existing: ExistingSchedule): Promise<void> {
  const { place, by, scheduleId } = existing;
  const { placeId, placeGroupId } = place;
  const nowMs = clock.nowMs();
  await database.transaction(async (tx) => {
    const headRevision = await lockRoster(tx, placeId);
    await presentSchedule(tx, existing);
    const isLocked = await lockUnused(tx, scheduleId);
    refuseUsed(await countUses(tx, placeId, scheduleId));
    if (!isLocked) throw platformError("database_conflict", { detail: "An auth begins to use the schedule at this moment." });
    await deleteSchedule(tx, scheduleId);
    const target = { kind: "schedule", id: scheduleId };
    await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action: "schedule.delete", target });
    await publishSchedules(tx, placeId, { scheduleIds: [scheduleId], headRevision, nowMs });
  });
}

/** The schedule under the roster's lock, when it is still there and the version that was meant. */
async function presentSchedule(tx: Transaction, { scheduleId, ifMatch }: ExistingSchedule) {
  const present = await findSchedule(tx, scheduleId);
  if (present === null) throw hidden("scheduleId");
  refuseStale(ifMatch, scheduleResource(present));
  return present;
}

/** The schedule as it shall be. Fails with `argument_invalid`, naming what the client wrote. */
function judged(present: ScheduleRecord, change: ScheduleChange): ScheduleRecord {
  const problems: Problem[] = [...holidayProblems(change.holidays ?? [])];
  const wanted = changedSchedule(present, change);
  const ofCalendar = calendarProblem(wanted, change);
  if (ofCalendar !== null) problems.push(ofCalendar);
  const ofCore = problems.length === 0 ? scheduleProblem(wanted) : null;
  if (ofCore !== null) problems.push(ofCore);
  if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
  return wanted;
}

async function refuseUnknownCalendar(tx: Transaction, placeId: number, { calendarId }: ScheduleRecord): Promise<void> {
  if (calendarId === null || (await hasCalendar(tx, placeId, calendarId))) return;
  const problem = { field: "calendarId", message: "names no holiday calendar of this place", rejectedValue: calendarId };
  throw new NativeRefusal("argument_invalid", { problems: [problem] });
}

function namesOfChanged(before: ScheduleRecord, after: ScheduleRecord): readonly string[] {
  return (["name", "weekly", "holidays", "calendarId"] as const).filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

function refuseUsed(uses: ScheduleUses): void {
  const parts = [counted(uses.auths, "auth"), counted(uses.groups, "group"), counted(uses.doors, "door")].filter((part) => part !== null);
  if (parts.length === 0) return;
  throw new NativeRefusal("conflict", { problems: [{ field: "scheduleId", message: `is used by ${parts.join(", ")}` }] });
}

function counted(count: number, noun: string): string | null {
  if (count === 0) return null;
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
