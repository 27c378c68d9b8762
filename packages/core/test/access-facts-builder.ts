import type { AccessFacts, AuthItem, Decision, DenialReason, DoorItem, DoorModeItem } from "../src/index.ts";

/** The defaults grant: a test sets only what it is about. */
export const START_MS = 1_700_000_000_000;
export const NOW_MS = START_MS + 3_600_000;
export const END_MS = NOW_MS + 3_600_000;

export function doorWith(changes: Partial<DoorItem> = {}): DoorItem {
  return {
    kind: "door",
    id: 234,
    name: "Front",
    entryDeviceId: 1_343,
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

export function authWith(changes: Partial<AuthItem> = {}): AuthItem {
  return {
    kind: "auth",
    id: 1_000,
    userId: 1_001,
    name: "Ada",
    status: "ACTIVE",
    startMs: START_MS,
    endMs: END_MS,
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

export function modeWith(changes: Partial<DoorModeItem> = {}): DoorModeItem {
  return { kind: "mode", id: 234, operator: "none", lockdown: false, ...changes };
}

export function factsWith(changes: Partial<AccessFacts> = {}): AccessFacts {
  return {
    nowMs: NOW_MS,
    door: doorWith(),
    mode: { kind: "credentials" },
    auth: authWith(),
    schedules: new Map(),
    utcTransitions: [{ fromMs: 0, offsetSeconds: 0 }],
    proven: ["CARD"],
    confirmation: "not_asked",
    beliefAgeMs: 0,
    ...changes,
  };
}

export const GRANTED: Decision = { kind: "granted", because: "auth" };

export function denied(because: DenialReason): Decision {
  return { kind: "denied", because };
}
