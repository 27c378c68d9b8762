import type { AuthItem, DoorItem } from "@postern/core";

export function authItem(id: number, changes: Partial<AuthItem> = {}): AuthItem {
  return {
    kind: "auth",
    id,
    userId: id + 10_000,
    name: `person ${id}`,
    status: "ACTIVE",
    startMs: 0,
    endMs: 2_000_000_000_000,
    doors: "all",
    scheduleId: null,
    chains: [["CARD"]],
    grants: [],
    pin: null,
    uniquePin: null,
    fingerprints: [],
    cards: [`CSN:${id}`],
    ...changes,
  };
}

export function doorItem(id: number, changes: Partial<DoorItem> = {}): DoorItem {
  return {
    kind: "door",
    id,
    name: `door ${id}`,
    entryDeviceId: id + 1_000,
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
