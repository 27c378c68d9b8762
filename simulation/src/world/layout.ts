import {
  alwaysSchedule,
  type DoorItem,
  type DoorModeItem,
  type PlaceItem,
  type RosterItem,
  type ScheduleItem,
  type VendorSilencePolicy,
} from "@postern/core";
import type { Tables } from "../database/memory-tables.ts";

/** The one place of every world. */
export const PLACE_ID = 500;

/** What a world is made of, before anything happens in it. */
export interface Shape {
  readonly controllerCount: number;
  readonly doorsPerController: number;
  readonly serverCount: number;
  /** How long the doors believe what they hold without having heard from a server. */
  readonly beliefMsMax: number;
  /** Absent: no door asks the customer's own server. */
  readonly vendor?: VendorShape;
}

/** How doors ask the customer's own server about cards. */
export interface VendorShape {
  readonly policy: VendorSilencePolicy;
  /** It also names people whom nobody here knows. */
  readonly identifies: boolean;
}

/** Longer than a world lasts. */
const KNOWN_MS = 3_600_000;

/** A controller as the place knows it; its serial may be answered to by more than one machine. */
export interface ControllerLayout {
  readonly controllerId: number;
  readonly serial: string;
  readonly doors: readonly DoorLayout[];
}

export interface DoorLayout {
  readonly doorId: number;
  readonly entryDeviceId: number;
  readonly exitDeviceId: null;
}

export function controllersOf({ controllerCount, doorsPerController }: Shape): ControllerLayout[] {
  return Array.from({ length: controllerCount }, (_, index) => ({
    controllerId: 1_000 + index,
    serial: String(100_000_000 + index),
    doors: Array.from({ length: doorsPerController }, (_door, door) => {
      const doorId = 10_000 + index * doorsPerController + door;
      return { doorId, entryDeviceId: 100_000 + doorId, exitDeviceId: null };
    }),
  }));
}

export const ALWAYS_ID = 301;
export const OFFICE_ID = 302;

/** What stands in the roster from the beginning. */
export function firstItems(controllers: readonly ControllerLayout[], shape: Shape): RosterItem[] {
  const doors = controllers.flatMap((controller) => controller.doors);
  return [
    placeItem(),
    scheduleItem(ALWAYS_ID, true),
    scheduleItem(OFFICE_ID, true),
    ...doors.flatMap((door): RosterItem[] => [doorItem(door, shape), modeItem(door.doorId, "none")]),
  ];
}

function placeItem(): PlaceItem {
  return {
    kind: "place",
    id: PLACE_ID,
    timeZone: "Europe/Berlin",
    utcTransitions: [{ fromMs: 0, offsetSeconds: 7_200 }],
    uniquePinSalt: "AAAAAAAAAAAAAAAAAAAAAA==",
  };
}

/** Open all day, or on no day at all. */
export function scheduleItem(id: number, isOpen: boolean): ScheduleItem {
  const closed = { weekly: Array.from({ length: 7 }, () => []), holidays: [] };
  return { kind: "schedule", id, schedule: isOpen ? alwaysSchedule : closed };
}

function doorItem({ doorId, entryDeviceId, exitDeviceId }: DoorLayout, { beliefMsMax: beliefAgeMsMax, vendor }: Shape): DoorItem {
  return {
    kind: "door",
    id: doorId,
    name: `door ${doorId}`,
    entryDeviceId,
    exitDeviceId,
    unlockMs: 3_000,
    lockType: "fail_secure",
    chains: [],
    scheduledUnlockId: null,
    scheduledLockId: null,
    firstPersonIn: false,
    sensorIgnore: true,
    heldOpenMs: null,
    forcedOpenAlarm: false,
    factorMs: 20_000,
    confirmations: vendor === undefined ? [] : [{ credential: "card", identifies: vendor.identifies }],
    beliefAgeMsMax,
    whenVendorSilent: vendor?.policy ?? "deny",
    ...(vendor?.policy === "allow_known" ? { vendorKnownMs: KNOWN_MS } : {}),
  };
}

export function modeItem(doorId: number, mode: "none" | "locked" | "unlocked" | "lockdown"): DoorModeItem {
  return { kind: "mode", id: doorId, operator: mode === "lockdown" ? "none" : mode, lockdown: mode === "lockdown" };
}

export function emptyTables(controllers: readonly ControllerLayout[]): Tables {
  return {
    placeId: PLACE_ID,
    epoch: "epoch-1",
    controllers: new Map(
      controllers.map(({ controllerId, serial }) => [
        controllerId,
        {
          controllerId,
          placeId: PLACE_ID,
          serial,
          publicKey: JSON.stringify({ key: 1 }),
          session: 0,
          connectedInstance: null,
          urgentRevision: 0,
          confirmedRevision: 0,
          confirmedDigest: null,
          heldDoorIds: [],
          offeredTo: 0,
        },
      ]),
    ),
    doors: controllers.flatMap(({ controllerId, doors }) =>
      doors.map(({ doorId, entryDeviceId }) => ({ doorId, controllerId, entryDeviceId })),
    ),
    revision: 0,
    items: new Map(),
    sums: new Map(),
    deltas: [],
    revocations: [],
    receipts: [],
    nextSequence: 1,
    chain: null,
    blocks: [],
    events: [],
    marks: new Map(),
    commands: new Map(),
  };
}
