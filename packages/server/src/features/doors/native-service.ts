import { isDeepStrictEqual } from "node:util";
import {
  DOOR_VERSION_LEAVES_OUT,
  DOORS_PER_CONTROLLER_MAX,
  type Door,
  type DoorChange,
  type EventType,
  eventCode,
  type NewDoor,
} from "@postern/contract";
import { type Clock, isBeliefTooOld, type Random } from "@postern/core";
import { endSessions } from "../../gateway/controller-store.ts";
import { appendServerEvents } from "../../ledger/append.ts";
import { ensurePeriod } from "../../ledger/ledger-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { refuseStale } from "../../platform/operations/version-tag.ts";
import { deriveRoster, type Touched } from "../../roster/derive-roster.ts";
import { DEFAULT_DOOR_SETTINGS, type DoorSettings } from "../../roster/door-settings.ts";
import { lockRoster } from "../../roster/roster-store.ts";
import { DOORS_PER_PLACE_MAX } from "./limits.ts";
import { findDevice, findDoor, type KeptDoor, listDoors, lockDoor, type SearchedPage, type StoredDoor } from "./native-store.ts";
import { describe, seat } from "./seat-device.ts";
import { changedSettings, type SettingsChange, settingsResource, sideProblems } from "./settings-resource.ts";
import {
  countDoors,
  deleteDoorRow,
  dropFromAuths,
  dropFromGroups,
  insertDoorRow,
  knownSchedules,
  lockAndCountServed,
  lockPlace,
  unseatDevice,
  updateDoorRow,
} from "./writing-store.ts";

export interface NativeDoorsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Called with the serial after a commit that makes a connection of the controller stale: the other processes hear of it by notification. */
  readonly controllerChanged: (serial: string) => void;
}

/** Who changes what, at a place the actor was let into. */
export interface DoorWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ExistingDoor extends DoorWriting {
  readonly doorId: number;
  readonly ifMatch: string | null;
}

export interface NativeDoorsService {
  /** The place of a door, or null when there is no such door. */
  placeOf(doorId: number): Promise<number | null>;
  list(placeId: number, page: SearchedPage): Promise<{ readonly items: readonly Door[]; readonly next?: string }>;
  /** Fails as `not_found` when it was deleted meanwhile; `change` and `remove` too. */
  read(doorId: number): Promise<Door>;
  create(writing: DoorWriting & { readonly once: RequestName | null }, body: NewDoor): Promise<Door>;
  change(existing: ExistingDoor, body: DoorChange): Promise<Door>;
  /** Auths and groups that named the door lose it, in the same commit. */
  remove(existing: ExistingDoor): Promise<void>;
}

export function nativeDoorsService(deps: NativeDoorsDeps): NativeDoorsService {
  const { database, clock } = deps;
  return {
    async placeOf(doorId) {
      return (await findDoor(database, doorId))?.door.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listDoors(database, placeId, page);
      const nowMs = clock.nowMs();
      return pageOfRows(rows, page, { idOf: (row) => row.door.doorId, item: (row) => shown(row.door, nowMs) });
    },
    async read(doorId) {
      const kept = await findDoor(database, doorId);
      if (kept === null) throw hidden("doorId");
      return shown(kept.door, clock.nowMs());
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
  };
}

/** A connected controller hears the server more often than any door may be told to want. */
function shown(door: StoredDoor, nowMs: number): Door {
  const { connected, lastHeardAt, settings } = door;
  const ageMs = lastHeardAt === null ? null : nowMs - lastHeardAt;
  return { ...door, beliefTooOld: !connected && isBeliefTooOld(settings, ageMs) };
}

/** One change to the doors of a place, under the locks of its roster and of the place. */
interface Work extends DoorWriting {
  readonly tx: Transaction;
  readonly nowMs: number;
  readonly headRevision: number;
  /** Of the controllers that must be told anew. */
  readonly serials: Set<string>;
}

/** Runs a change in one transaction, and ends the connections it made stale after the commit. */
async function working<Result>(
  deps: NativeDoorsDeps,
  { place, by }: DoorWriting,
  change: (work: Work) => Promise<Result>,
): Promise<Result> {
  const nowMs = deps.clock.nowMs();
  await ensurePeriod(deps.database, nowMs);
  const { result, serials } = await deps.database.transaction(async (tx) => {
    const headRevision = await lockRoster(tx, place.placeId);
    await lockPlace(tx, place.placeId);
    const work: Work = { place, by, tx, nowMs, headRevision, serials: new Set() };
    return { result: await change(work), serials: work.serials };
  });
  for (const serial of serials) deps.controllerChanged(serial);
  return result;
}

function create(
  deps: NativeDoorsDeps,
  { once, ...writing }: DoorWriting & { readonly once: RequestName | null },
  body: NewDoor,
): Promise<Door> {
  const { placeId } = writing.place;
  const { name, entryDevice = {}, exitDevice = null, controllerId = null } = body;
  const settings = judged(DEFAULT_DOOR_SETTINGS, body.settings ?? {}, exitDevice !== null);
  return working(deps, writing, async (work) => {
    const { tx, nowMs } = work;
    const doorId = await makeOnce(tx, once, async () => {
      if ((await countDoors(tx, placeId)) >= DOORS_PER_PLACE_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place has at most ${DOORS_PER_PLACE_MAX} doors.` });
      }
      await refuseUnknownSchedules(work, settings);
      await refuseUnfitController(work, controllerId);
      const id = await insertDoorRow(tx, placeId, { name, controllerId, settings }, nowMs);
      await seat(tx, deps.random, { placeId, doorId: id, side: "ENTRY" }, { field: "entryDevice", device: entryDevice, doorName: name });
      if (exitDevice !== null) {
        await seat(tx, deps.random, { placeId, doorId: id, side: "EXIT" }, { field: "exitDevice", device: exitDevice, doorName: name });
      }
      await endSessionsOf(work, [controllerId]);
      await record(work, { doorId: id, action: "door.create", event: "PLACE_DOOR_ADDED" });
      return id;
    });
    const made = await findDoor(tx, doorId);
    if (made === null) throw deletedSince();
    return shown(made.door, nowMs);
  });
}

function change(deps: NativeDoorsDeps, existing: ExistingDoor, body: DoorChange): Promise<Door> {
  return working(deps, existing, async (work) => {
    const { tx, nowMs } = work;
    const present = await presentDoor(tx, existing);
    const { door } = present;
    const { name = door.name, controllerId = door.controllerId } = body;
    const settings = judged(
      present.settings,
      body.settings ?? {},
      (body.exitDevice === undefined ? door.exitDeviceId : body.exitDevice) !== null,
    );
    await refuseUnknownSchedules(work, settings);
    if (controllerId !== door.controllerId) await refuseUnfitController(work, controllerId);
    const exit = await changeExit(work, deps.random, present, { wanted: body.exitDevice, doorName: name });
    const changed = [
      ...(name === door.name ? [] : ["name"]),
      ...(controllerId === door.controllerId ? [] : ["controllerId"]),
      ...(exit === "same" ? [] : ["exitDevice"]),
      ...namesOfChanged(present.settings, settings),
    ];
    if (changed.length === 0) return shown(door, nowMs);
    await updateDoorRow(tx, door.doorId, { name, controllerId, settings });
    if (controllerId !== door.controllerId || exit === "another") await endSessionsOf(work, [door.controllerId, controllerId]);
    await record(work, { doorId: door.doorId, action: "door.change", event: "PLACE_DOOR_MODIFY", detail: { changed } });
    return shown((await presentDoor(tx, { ...existing, ifMatch: null })).door, nowMs);
  });
}

function remove(deps: NativeDoorsDeps, existing: ExistingDoor): Promise<void> {
  return working(deps, existing, async (work) => {
    const { tx, nowMs } = work;
    const { door } = await presentDoor(tx, existing);
    const { doorId, placeId, controllerId } = door;
    const named = await dropFromAuths(tx, placeId, doorId, nowMs);
    const members = await dropFromGroups(tx, placeId, doorId);
    await deleteDoorRow(tx, doorId, nowMs);
    await endSessionsOf(work, [controllerId]);
    const auths = [...new Set([...named, ...members])];
    const detail = { name: door.name, countAuths: auths.length };
    await record(work, { doorId, action: "door.delete", event: "PLACE_DOOR_DELETED", detail, auths });
  });
}

/** The door, locked, when it is still there and the version that was meant. */
async function presentDoor(tx: Transaction, { doorId, ifMatch }: ExistingDoor): Promise<KeptDoor> {
  const present = await lockDoor(tx, doorId);
  if (present === null) throw hidden("doorId");
  refuseStale(ifMatch, present.door, DOOR_VERSION_LEAVES_OUT);
  return present;
}

/** The settings as they shall be. Fails with `argument_invalid`, naming what the client wrote. */
function judged(present: DoorSettings, change: SettingsChange, hasExit: boolean): DoorSettings {
  const { settings, problems } = changedSettings(present, change);
  const all = [...problems, ...sideProblems(settings, hasExit)];
  if (all.length > 0) throw new NativeRefusal("argument_invalid", { problems: all });
  return settings;
}

function namesOfChanged(before: DoorSettings, after: DoorSettings): readonly string[] {
  const former = new Map<string, unknown>(Object.entries(settingsResource(before)));
  const entries = Object.entries(settingsResource(after));
  return entries.filter(([name, value]) => !isDeepStrictEqual(former.get(name), value)).map(([name]) => `settings.${name}`);
}

async function refuseUnknownSchedules({ tx, place }: Work, settings: DoorSettings): Promise<void> {
  const named = (["scheduledUnlockId", "scheduledLockId"] as const).flatMap((name) => {
    const scheduleId = settings[name];
    return scheduleId === null ? [] : [{ field: `settings.${name}`, scheduleId }];
  });
  if (named.length === 0) return;
  const known = await knownSchedules(
    tx,
    place.placeId,
    named.map(({ scheduleId }) => scheduleId),
  );
  const problems = named
    .filter(({ scheduleId }) => !known.has(scheduleId))
    .map(({ field, scheduleId }) => ({ field, message: "names no schedule of this place", rejectedValue: scheduleId }));
  if (problems.length > 0) throw new NativeRefusal("argument_invalid", { problems });
}

async function refuseUnfitController({ tx, place }: Work, controllerId: number | null): Promise<void> {
  if (controllerId === null) return;
  const count = await lockAndCountServed(tx, place.placeId, controllerId);
  const problem = { field: "controllerId", rejectedValue: controllerId };
  if (count === null) {
    throw new NativeRefusal("argument_invalid", { problems: [{ ...problem, message: "names no controller of this place" }] });
  }
  if (count >= DOORS_PER_CONTROLLER_MAX) {
    throw new NativeRefusal("conflict", { problems: [{ ...problem, message: `serves ${DOORS_PER_CONTROLLER_MAX} doors already` }] });
  }
}

interface ExitWanted {
  /** null: none; absent: what is there. */
  readonly wanted: DoorChange["exitDevice"] | undefined;
  readonly doorName: string;
}

/** What became of the exit device: the `same`, `renamed`, or `another` or none, of which its controller must be told. */
async function changeExit(
  { tx }: Work,
  random: Random,
  { door }: KeptDoor,
  { wanted, doorName }: ExitWanted,
): Promise<"same" | "renamed" | "another"> {
  const { exitDeviceId, doorId, placeId } = door;
  if (wanted === undefined || (wanted === null && exitDeviceId === null)) return "same";
  if (exitDeviceId !== null && wanted !== null && (await keeps(tx, exitDeviceId, wanted.serial))) {
    return (await describe(tx, exitDeviceId, wanted)) ? "renamed" : "same";
  }
  if (exitDeviceId !== null) await unseatDevice(tx, exitDeviceId);
  if (wanted !== null) await seat(tx, random, { placeId, doorId, side: "EXIT" }, { field: "exitDevice", device: wanted, doorName });
  return "another";
}

/** Whether the device that is there is the one that is meant: the one of that serial, or any when none is named. */
async function keeps(tx: Transaction, deviceId: number, serial: string | undefined): Promise<boolean> {
  return serial === undefined || (await findDevice(tx, deviceId))?.serial === serial;
}

async function endSessionsOf({ tx, serials }: Work, controllerIds: readonly (number | null)[]): Promise<void> {
  const ids = controllerIds.filter((id) => id !== null);
  for (const serial of await endSessions(tx, ids)) serials.add(serial);
}

interface Recorded {
  readonly doorId: number;
  readonly action: string;
  readonly event: EventType;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Auths that the change touched as well. */
  readonly auths?: readonly number[];
}

/** Last in a change: who did it, what the doors must know now, and the events of it. Devices are told only when there is something to tell. */
async function record(
  { tx, place, by, nowMs, headRevision }: Work,
  { doorId, action, event, detail, auths = [] }: Recorded,
): Promise<void> {
  const { placeId, placeGroupId } = place;
  const target = { kind: "door", id: doorId };
  await writeAudit(tx, { by, placeGroupId, placeId, atMs: nowMs, action, target, ...(detail === undefined ? {} : { detail }) });
  const touched: Touched = { doors: [doorId], modes: [doorId], auths };
  const revision = await deriveRoster(tx, placeId, { touched, nowMs });
  const told = revision === headRevision ? [] : (["DOOR_INFO_UPDATED_REQ"] as const);
  await appendServerEvents(
    tx,
    placeId,
    [event, ...told].map((name) => ({ eventAt: nowMs, eventType: eventCode(name), doorId })),
  );
}
