import type { RosterFrame, WireItem } from "@postern/contract";
import {
  type AuthItem,
  alwaysSchedule,
  type DoorItem,
  type DoorModeItem,
  faceMark,
  itemKey,
  type PlaceItem,
  type RosterItem,
  type ScheduleItem,
} from "@postern/core";

/** 2026-06-01T12:00:00Z, a Monday. */
export const NOW_MS = Date.UTC(2026, 5, 1, 12);
export const DAY_MS = 86_400_000;

export function aPlace(changes: Partial<PlaceItem> = {}): PlaceItem {
  return {
    kind: "place",
    id: 178,
    timeZone: "UTC",
    utcTransitions: [{ fromMs: 0, offsetSeconds: 0 }],
    uniquePinSalt: "AAAAAAAAAAAAAAAAAAAAAA==",
    ...changes,
  };
}

export function aSchedule(changes: Partial<ScheduleItem> = {}): ScheduleItem {
  return { kind: "schedule", id: 333, schedule: alwaysSchedule, ...changes };
}

export function aDoor(changes: Partial<DoorItem> = {}): DoorItem {
  return {
    kind: "door",
    id: 234,
    name: "Entrance",
    entryDeviceId: 434,
    exitDeviceId: null,
    unlockMs: 3_000,
    lockType: "fail_secure",
    chains: [],
    scheduledUnlockId: null,
    scheduledLockId: null,
    firstPersonIn: false,
    sensorIgnore: false,
    heldOpenMs: null,
    forcedOpenAlarm: false,
    factorMs: 10_000,
    confirmations: [],
    beliefAgeMsMax: null,
    whenVendorSilent: "deny",
    ...changes,
  };
}

export function aMode(changes: Partial<DoorModeItem> = {}): DoorModeItem {
  return { kind: "mode", id: 234, operator: "none", lockdown: false, ...changes };
}

export function anAuth(changes: Partial<AuthItem> = {}): AuthItem {
  return {
    kind: "auth",
    id: 1000,
    userId: 2000,
    name: "Ada",
    status: "ACTIVE",
    startMs: NOW_MS - DAY_MS,
    endMs: NOW_MS + DAY_MS,
    doors: "all",
    scheduleId: null,
    chains: [["CARD"]],
    grants: [],
    pin: null,
    uniquePin: null,
    fingerprints: [],
    cards: ["CSN:12345"],
    ...changes,
  };
}

export function wire(item: RosterItem, revision: number): WireItem {
  return { key: itemKey(item), revision, item };
}

/** An auth that holds a face, with the template that comes beside it. */
export function withFace(changes: Partial<AuthItem>, revision = 2): WireItem {
  const template = `${changes.id ?? 1000}`;
  return { ...wire(anAuth({ ...changes, faces: [faceMark(template)] }), revision), faceTemplates: [template] };
}

export function gone(key: string, revision: number): WireItem {
  return { key, revision, gone: true };
}

export function rosterFrame(items: WireItem[], changes: Partial<RosterFrame> = {}): RosterFrame {
  return { batch: 1, items, ...changes };
}

/** All of a place with one door, at revision 1. */
export function basicRoster(): WireItem[] {
  return [aPlace(), aSchedule(), aDoor(), aMode()].map((item) => wire(item, 1));
}

export const SERVED = [{ doorId: 234, entryDeviceId: 434, exitDeviceId: null }];
