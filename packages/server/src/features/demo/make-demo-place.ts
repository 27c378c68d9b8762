import { eventCode } from "@postern/contract";
import { alwaysSchedule, type Clock, isTimeZone, itemKey, type PlaceItem, type Schedule, type ScheduleItem } from "@postern/core";
import { appendServerEvents } from "../../ledger/append.ts";
import { createLedger, ensurePeriod } from "../../ledger/ledger-store.ts";
import type { Database, Transaction } from "../../platform/database.ts";
import type { RosterChange } from "../../roster/plan-change.ts";
import { changeRoster, createRoster } from "../../roster/roster-store.ts";
import {
  DEMO_CONTROLLER_ID,
  DEMO_CONTROLLER_SERIAL,
  DEMO_DOORS,
  DEMO_PLACE_GROUP_ID,
  DEMO_PLACE_ID,
  DEMO_SCHEDULE_ID,
} from "./demo-ids.ts";
import { findTimeZone, hasPlace, insertController, insertPlace, insertSchedule } from "./store.ts";

export interface DemoDevice {
  readonly deviceId: number;
  readonly serial: string;
  readonly deviceType: string;
  readonly modelName: string;
  readonly name: string;
  readonly side: "ENTRY" | "EXIT";
}

/** What the doors' feature does for the demo; app.ts hands it over. */
export interface DemoDoors {
  /** Writes a door with settings as they come, and says what the roster must learn of it. */
  addDoor(
    transaction: Transaction,
    door: {
      readonly placeId: number;
      readonly doorId: number;
      readonly controllerId: number;
      readonly name: string;
      readonly devices: readonly DemoDevice[];
      readonly madeAtMs: number;
    },
  ): Promise<readonly RosterChange[]>;
  placeItem(place: { readonly placeId: number; readonly timeZone: string; readonly uniquePinSalt: string }, nowMs: number): PlaceItem;
  scheduleItem(scheduleId: number, schedule: Schedule): ScheduleItem;
}

export interface DemoDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly doors: DemoDoors;
}

export interface DemoRequest {
  /** `when_empty`: only in a database without any place. */
  readonly make: "when_empty" | "when_missing";
  /** IANA; one that this runtime does not know is taken as UTC. */
  readonly timeZone: string;
}

/** What a client needs to use the demo. */
export interface DemoPlace {
  /** False: it was there already. */
  readonly isNew: boolean;
  readonly placeGroupId: number;
  readonly placeId: number;
  readonly timeZone: string;
  readonly scheduleId: number;
  readonly controllerId: number;
  readonly controllerSerial: string;
  readonly doors: readonly { readonly doorId: number; readonly name: string; readonly deviceId: number; readonly deviceSerial: string }[];
}

/** The zone of the machine, for the demo's place. */
export function machineTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Makes the place of CLUe's guide with its doors, schedule, roster and ledger, in one transaction, or finds the one made before. Null: there is
 * none, and the database holds other places, which the demo must not join unasked.
 */
export async function makeDemoPlace(deps: DemoDeps, request: DemoRequest): Promise<DemoPlace | null> {
  const nowMs = deps.clock.nowMs();
  await ensurePeriod(deps.database, nowMs);
  const timeZone = isTimeZone(request.timeZone) ? request.timeZone : "UTC";
  const isNew = await deps.database.transaction(async (transaction) => {
    if (request.make === "when_empty" && (await hasPlace(transaction))) return false;
    return writeDemoPlace(transaction, deps.doors, { timeZone, nowMs });
  });
  const known = await findTimeZone(deps.database, DEMO_PLACE_ID);
  return known === null ? null : demoPlace(known, isNew);
}

async function writeDemoPlace(
  transaction: Transaction,
  doors: DemoDoors,
  { timeZone, nowMs }: { readonly timeZone: string; readonly nowMs: number },
): Promise<boolean> {
  const placeId = DEMO_PLACE_ID;
  const place = { placeGroupId: DEMO_PLACE_GROUP_ID, placeId, name: "Demo", timeZone, madeAtMs: nowMs };
  const inserted = await insertPlace(transaction, place);
  if (inserted === null) return false;
  await insertController(transaction, {
    placeId,
    controllerId: DEMO_CONTROLLER_ID,
    serial: DEMO_CONTROLLER_SERIAL,
    name: "Demo controller",
    madeAtMs: nowMs,
  });
  await insertSchedule(transaction, { placeId, scheduleId: DEMO_SCHEDULE_ID, name: "Always", schedule: alwaysSchedule });
  await createRoster(transaction, placeId);
  await createLedger(transaction, placeId);
  const items = [doors.placeItem({ ...place, ...inserted }, nowMs), doors.scheduleItem(DEMO_SCHEDULE_ID, alwaysSchedule)];
  const changes: RosterChange[] = items.map((item) => ({ key: itemKey(item), item }));
  for (const door of DEMO_DOORS) changes.push(...(await writeDoor(transaction, doors, { door, nowMs })));
  await changeRoster(transaction, placeId, { changes, nowMs });
  await appendServerEvents(transaction, placeId, [{ eventAt: nowMs, eventType: eventCode("PLACE_SERVICE_START") }]);
  return true;
}

function writeDoor(
  transaction: Transaction,
  doors: DemoDoors,
  { door, nowMs }: { readonly door: (typeof DEMO_DOORS)[number]; readonly nowMs: number },
): Promise<readonly RosterChange[]> {
  const { doorId, name, deviceId, deviceSerial } = door;
  const device = {
    deviceId,
    serial: deviceSerial,
    deviceType: "Virtual",
    modelName: "VIRTUAL_1",
    name: `${name} reader`,
    side: "ENTRY",
  } as const;
  return doors.addDoor(transaction, {
    placeId: DEMO_PLACE_ID,
    doorId,
    controllerId: DEMO_CONTROLLER_ID,
    name,
    devices: [device],
    madeAtMs: nowMs,
  });
}

function demoPlace(timeZone: string, isNew: boolean): DemoPlace {
  return {
    isNew,
    placeGroupId: DEMO_PLACE_GROUP_ID,
    placeId: DEMO_PLACE_ID,
    timeZone,
    scheduleId: DEMO_SCHEDULE_ID,
    controllerId: DEMO_CONTROLLER_ID,
    controllerSerial: DEMO_CONTROLLER_SERIAL,
    doors: DEMO_DOORS,
  };
}
