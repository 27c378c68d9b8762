import type { ControllerChange, ControllerResource, LostController, NewController } from "@postern/contract";
import type { Clock, Random } from "@postern/core";
import { endSessions, tellControllerChanged } from "../../gateway/controller-store.ts";
import type { ReachedPlace } from "../../platform/access/actor.ts";
import { type AuditActor, type AuditEntry, writeAudit } from "../../platform/audit/audit-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { deletedSince, makeOnce } from "../../platform/operations/make-once.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import type { RequestName } from "../../platform/operations/request-store.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import type { KeepEndedKey } from "./ended-keys.ts";
import * as limits from "./limits.ts";
import {
  assignDoors,
  deleteController,
  findController,
  findDoors,
  insertController,
  listControllers,
  lockAndCountControllers,
  lockController,
  loseKey,
  readToRenew,
  renameController,
} from "./store.ts";

export interface ControllersDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Called with the serial after a commit that makes a connection of the controller stale: the other processes hear of it by notification. */
  readonly controllerChanged: (serial: string) => void;
  /** Keeps apart from the database that a key has ended. */
  readonly keepEndedKey: KeepEndedKey;
}

/** Who changes what, at a place the actor was let into. */
export interface ControllerWriting {
  readonly place: ReachedPlace;
  readonly by: AuditActor;
}

export interface ExistingController extends ControllerWriting {
  readonly controllerId: number;
}

export interface ControllersService {
  /** The place of a controller, or null when there is no such controller. */
  placeOf(controllerId: number): Promise<number | null>;
  list(placeId: number, page: PageWanted): Promise<{ readonly items: readonly ControllerResource[]; readonly next?: string }>;
  /** Fails as `not_found` when it was deleted meanwhile; `change`, `remove` and `lose` too. */
  read(controllerId: number): Promise<ControllerResource>;
  /** A controller for doors that have none. */
  create(writing: ControllerWriting & { readonly once: RequestName | null }, body: NewController): Promise<ControllerResource>;
  /** Its connection ends when its doors become others, and it is welcomed to them when it comes back. */
  change(existing: ExistingController, body: ControllerChange): Promise<ControllerResource>;
  remove(existing: ExistingController): Promise<void>;
  /** Refuses its key at once, and says whose credentials stood on its disk. Again is harmless. */
  lose(existing: ExistingController): Promise<LostController>;
}

export function controllersService(deps: ControllersDeps): ControllersService {
  return {
    async placeOf(controllerId) {
      return (await findController(deps.database, controllerId))?.placeId ?? null;
    },
    async list(placeId, page) {
      const rows = await listControllers(deps.database, placeId, page);
      return pageOfRows(rows, page, { idOf: (row) => row.controllerId, item: (row) => row });
    },
    async read(controllerId) {
      const controller = await findController(deps.database, controllerId);
      if (controller === null) throw hidden("controllerId");
      return controller;
    },
    create: (writing, body) => create(deps, writing, body),
    change: (existing, body) => change(deps, existing, body),
    remove: (existing) => remove(deps, existing),
    lose: (existing) => lose(deps, existing),
  };
}

async function create(
  deps: ControllersDeps,
  { place, by, once }: ControllerWriting & { readonly once: RequestName | null },
  body: NewController,
): Promise<ControllerResource> {
  const { placeId } = place;
  return deps.database.transaction(async (tx) => {
    const id = await makeOnce(tx, once, async () => {
      if ((await lockAndCountControllers(tx, placeId)) >= limits.CONTROLLERS_PER_PLACE_MAX) {
        throw new NativeRefusal("conflict", { detail: `A place has at most ${limits.CONTROLLERS_PER_PLACE_MAX} controllers.` });
      }
      await refuseUnfitDoors(tx, { placeId, controllerId: null }, body.doorIds);
      const controllerId = await insertWithSerial(tx, deps, { placeId, name: body.name });
      await assignDoors(tx, controllerId, body.doorIds);
      await writeAudit(tx, entryOf(deps, { place, by, controllerId }, "controller.create"));
      return controllerId;
    });
    const made = await findController(tx, id);
    if (made === null) throw deletedSince();
    return made;
  });
}

async function change(deps: ControllersDeps, existing: ExistingController, body: ControllerChange): Promise<ControllerResource> {
  const { place, controllerId } = existing;
  const { changed, now } = await deps.database.transaction(async (tx) => {
    await lockAndCountControllers(tx, place.placeId);
    const before = await presentController(tx, controllerId);
    const names = [...(await rename(tx, before, body.name)), ...(await move(tx, before, body.doorIds))];
    if (names.length === 0) return { changed: names, now: before };
    await writeAudit(tx, { ...entryOf(deps, existing, "controller.change"), detail: { changed: names } });
    return { changed: names, now: await presentController(tx, controllerId) };
  });
  if (changed.includes("doorIds")) deps.controllerChanged(now.serial);
  return now;
}

/** The names of what became another: none, or this one. */
async function rename(tx: Transaction, { controllerId, name }: ControllerResource, wanted: string | undefined): Promise<string[]> {
  if (wanted === undefined || wanted === name) return [];
  await renameController(tx, controllerId, wanted);
  return ["name"];
}

async function move(tx: Transaction, before: ControllerResource, wanted: readonly number[] | undefined): Promise<string[]> {
  if (wanted === undefined || isSameSet(wanted, before.doorIds)) return [];
  const { controllerId, placeId } = before;
  await refuseUnfitDoors(tx, { placeId, controllerId }, wanted);
  await assignDoors(tx, controllerId, wanted);
  await endSessions(tx, [controllerId]);
  return ["doorIds"];
}

async function remove(deps: ControllersDeps, existing: ExistingController): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const { serial, claimedAt } = await deps.database.transaction(async (tx) => {
    const present = await presentController(tx, existing.controllerId);
    await deleteController(tx, existing.controllerId, nowMs);
    await writeAudit(tx, entryOf(deps, existing, "controller.delete"));
    await tellControllerChanged(tx, present.serial);
    return present;
  });
  deps.controllerChanged(serial);
  await deps.keepEndedKey({ serial, claimedAt, endedAt: nowMs });
}

async function lose(deps: ControllersDeps, existing: ExistingController): Promise<LostController> {
  const { controllerId, place } = existing;
  const { lost, present } = await deps.database.transaction(async (tx) => {
    const present = await presentController(tx, controllerId);
    const { toRenew, count } = await readToRenew(tx, {
      placeId: place.placeId,
      doorIds: present.doorIds,
      countMax: limits.TO_RENEW_COUNT_MAX,
    });
    const lostAt = present.lostAt ?? deps.clock.nowMs();
    if (present.lostAt === null) {
      await loseKey(tx, controllerId, lostAt);
      await writeAudit(tx, { ...entryOf(deps, existing, "controller.lose"), detail: { countToRenew: count } });
      await tellControllerChanged(tx, present.serial);
    }
    return { lost: { controllerId, lostAt, toRenew, toRenewCount: count }, present };
  });
  deps.controllerChanged(present.serial);
  await deps.keepEndedKey({ serial: present.serial, claimedAt: present.claimedAt, endedAt: lost.lostAt });
  return lost;
}

/** The controller, which nobody else changes until the commit. */
async function presentController(tx: Transaction, controllerId: number): Promise<ControllerResource> {
  const present = await lockController(tx, controllerId);
  if (present === null) throw hidden("controllerId");
  return present;
}

function entryOf(deps: ControllersDeps, { place, by, controllerId }: ExistingController, action: string): AuditEntry {
  const { placeId, placeGroupId } = place;
  return { by, placeGroupId, placeId, atMs: deps.clock.nowMs(), action, target: { kind: "controller", id: controllerId } };
}

function isSameSet(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}

interface ServingController {
  readonly placeId: number;
  /** null: one that is being made. */
  readonly controllerId: number | null;
}

/** A controller serves each of its doors wholly: a door that another one serves would be split. */
async function refuseUnfitDoors(tx: Transaction, { placeId, controllerId }: ServingController, doorIds: readonly number[]): Promise<void> {
  const found = new Map((await findDoors(tx, placeId, doorIds)).map((door) => [door.doorId, door]));
  const foreign = doorIds.find((doorId) => !found.has(doorId));
  if (foreign !== undefined) {
    const problem = { field: "doorIds", message: "names no door of this place", rejectedValue: foreign };
    throw new NativeRefusal("argument_invalid", { problems: [problem] });
  }
  const served = [...found.values()].find((door) => door.controllerId !== null && door.controllerId !== controllerId);
  if (served !== undefined) {
    const problem = { field: "doorIds", message: "names a door that another controller serves", rejectedValue: served.doorId };
    throw new NativeRefusal("conflict", { problems: [problem] });
  }
}

async function insertWithSerial(
  tx: Transaction,
  { random, clock }: ControllersDeps,
  { placeId, name }: { readonly placeId: number; readonly name: string },
): Promise<number> {
  for (let attempt = 1; attempt <= limits.SERIAL_ATTEMPTS_COUNT_MAX; attempt += 1) {
    const serial = String(100_000_000 + random.int(900_000_000));
    const controllerId = await insertController(tx, { placeId, serial, name, nowMs: clock.nowMs() });
    if (controllerId !== null) return controllerId;
  }
  throw new NativeRefusal("internal", { detail: "No free serial was found." });
}
