import { eventCode, eventLine, isEventType, type LinkEvent, type RecordedEvent } from "@postern/contract";
import {
  type AuthItem,
  addSums,
  alwaysSchedule,
  bucketOf,
  chainHash,
  chainOrigin,
  hashToSum,
  itemHash,
  itemKey,
  itemScopes,
  type RosterItem,
} from "@postern/core";
import { judge } from "../../src/torture/checkers/judge.ts";
import { digestOf } from "../../src/torture/checkers/replica-checker.ts";
import type { DatabaseDisk, DoorDisk, Evidence, ItemVersion, StoredAuth } from "../../src/torture/evidence/evidence.ts";
import type { Change, Confirmed, Presented } from "../../src/torture/people/journal.ts";
import { cardOf, nameOf } from "../../src/torture/people/people-actor.ts";

/** The moments of the evidence, a second each. */
export const at = (second: number): number => Date.UTC(2026, 0, 5, 9) + second * 1_000;

export const [DOOR_ID, DEVICE_ID, CONTROLLER_ID, AUTH_ID] = [100, 300, 10, 1_000];
const [PLACE_ID, GENERATION, EPOCH] = [1, 77, "epoch"];

/** As `Evidence`, for a test that spoils it. */
export interface Spoilable {
  readonly journal: { changes: Change[]; presented: Presented[]; confirmed: Confirmed[]; commands: Map<number, number> };
  doors: DoorDisk[];
  database: { -readonly [Field in keyof DatabaseDisk]: DatabaseDisk[Field] };
}

export function authOf(change: number, changes: Partial<AuthItem> = {}): AuthItem {
  return {
    kind: "auth",
    id: AUTH_ID,
    userId: 5,
    name: nameOf(1, change),
    status: "ACTIVE",
    startMs: at(-1_000),
    endMs: at(10_000),
    doors: [DOOR_ID],
    scheduleId: null,
    chains: [["CARD"]],
    grants: [],
    cards: [`CSN:${cardOf(1)}`],
    pin: null,
    uniquePin: null,
    fingerprints: [],
    ...changes,
  };
}

const PLACE_ITEMS: readonly RosterItem[] = [
  { kind: "place", id: PLACE_ID, timeZone: "UTC", utcTransitions: [{ fromMs: 0, offsetSeconds: 0 }], uniquePinSalt: "" },
  { kind: "schedule", id: 9, schedule: alwaysSchedule },
  {
    ...{ kind: "door", id: DOOR_ID, name: "Door", entryDeviceId: DEVICE_ID, exitDeviceId: null, unlockMs: 400, lockType: "fail_secure" },
    ...{ chains: [], scheduledUnlockId: null, scheduledLockId: null, firstPersonIn: false, sensorIgnore: true, heldOpenMs: null },
    ...{ forcedOpenAlarm: false, factorMs: 10_000, confirmations: [], beliefAgeMsMax: null, whenVendorSilent: "deny" },
  },
  { kind: "mode", id: DOOR_ID, operator: "none", lockdown: false },
];

export const version = (second: number, revision: number, item: RosterItem): ItemVersion => ({
  ...{ key: itemKey(item), revision, item, atMs: at(second) },
});

export const gone = (second: number, revision: number): ItemVersion => ({
  ...{ key: `auth:${AUTH_ID}`, revision, item: null, atMs: at(second) },
});

export const change = (number: number, second: number, changes: Partial<Change> = {}): Change => ({
  ...{ change: number, kind: "enrol", api: "v2", person: 1, askedMs: at(second), answeredMs: at(second + 1), outcome: "done" },
  ...{ authId: AUTH_ID, wanted: { status: "ACTIVE", doors: [DOOR_ID], card: cardOf(1) }, code: null },
  ...changes,
});

export const presented = (second: number, changes: Partial<Presented> = {}): Presented => ({
  ...{ controllerId: CONTROLLER_ID, doorId: DOOR_ID, card: cardOf(1), askedMs: at(second), answeredMs: at(second) + 50 },
  ...{ outcome: "opened", authId: AUTH_ID },
  ...changes,
});

export const granted = (second: number): LinkEvent => ({
  ...{ eventAt: at(second) + 10, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: DOOR_ID, deviceId: DEVICE_ID, userId: 5, authId: AUTH_ID },
});
export const relay = (second: number, isOn: boolean): LinkEvent => ({
  ...{ eventAt: at(second) + 20, eventType: isOn ? "DEV_DOOR_RELAY_ON" : "DEV_DOOR_RELAY_OFF", doorId: DOOR_ID, deviceId: DEVICE_ID },
});
export const opened = (second: number, commandId: number): LinkEvent => ({
  ...{ eventAt: at(second), eventType: "DOOR_OPENED_BY_COMMAND", doorId: DOOR_ID, deviceId: DEVICE_ID, detail: { commandId } },
});

/** What a door has written down, in one generation, and the ledger with all of it. */
export function written(evidence: Spoilable, events: readonly LinkEvent[]): void {
  const logged = [{ eventAt: at(0), eventType: "DEV_DEVICE_START" }, ...events].map((event, index) => {
    return { number: index + 1, generation: GENERATION, event };
  });
  const generations = [{ generation: GENERATION, predecessor: null, first: 1, last: logged.length }];
  evidence.doors = evidence.doors.map((door) => ({ ...door, generations, events: logged, storedThrough: logged.length }));
  evidence.database.events = logged.map(({ number, event }) => eventRow(number, number, event));
  evidence.database.nextSequence = logged.length + 1;
}

export function eventRow(sequence: number, localLogId: number, event: LinkEvent): RecordedEvent {
  const { eventType, eventAt, deviceId = 0, doorId = null, userId = null, authId = null, detail = null } = event;
  if (!isEventType(eventType)) throw new TypeError(eventType);
  return {
    sequence,
    localLogId,
    eventAt,
    receivedAt: eventAt,
    deviceId,
    doorId,
    userId,
    authId,
    eventType: eventCode(eventType),
    generation: GENERATION,
    detail,
  };
}

/** Puts these versions behind those of the place, and everything that follows from them where it belongs: rows, sums, replica, digests. */
export function rostered(evidence: Spoilable, versions: readonly ItemVersion[]): void {
  const { database } = evidence;
  database.history = [...PLACE_ITEMS.map((item, index) => version(-10, index + 1, item)), ...versions];
  database.items = [...new Map(database.history.map((each) => [each.key, each])).values()];
  database.revision = Math.max(...database.history.map(({ revision }) => revision));
  const sums = new Map<string, bigint>();
  for (const { item } of database.items) {
    for (const scope of item === null ? [] : itemScopes(item)) {
      const key = `${scope}:${item === null ? 0 : bucketOf(itemKey(item))}`;
      sums.set(key, addSums(sums.get(key) ?? 0n, item === null ? 0n : hashToSum(itemHash(item))));
    }
  }
  database.sums = sums;
  database.auths = database.items.flatMap((each) => (each.key.startsWith("auth:") ? storedAuth(each) : []));
  const held = database.items.flatMap(({ key, revision, item }) => (item === null ? [] : [{ kind: "item" as const, key, revision, item }]));
  const position = { epoch: EPOCH, urgentTo: database.revision, completeTo: database.revision, filling: null };
  evidence.doors = evidence.doors.map((door) => ({ ...door, replica: { position, items: held } }));
  database.controllers = evidence.doors.map((door) => ({
    ...{ controllerId: door.controllerId, confirmedRevision: database.revision, confirmedDigest: digestOf(door) },
  }));
}

function storedAuth({ item }: ItemVersion): StoredAuth {
  if (item?.kind === "auth") return { ...item, authId: item.id, userKey: "person-1", isDeleted: false };
  const auth = authOf(0);
  return { ...auth, authId: auth.id, userKey: "person-1", cards: [], isDeleted: true };
}

/** A run in which somebody is enrolled, confirmed, let in once, revoked, confirmed and refused. */
export function soundEvidence(): Spoilable {
  const door: DoorDisk = {
    ...{ name: "controller 0", controllerId: CONTROLLER_ID, doorIds: [DOOR_ID], generations: [], events: [], storedThrough: 0 },
    replica: { position: { epoch: EPOCH, urgentTo: 0, completeTo: 0, filling: null }, items: [] },
  };
  const evidence: Spoilable = {
    journal: {
      changes: [change(1, 1), change(2, 5, { kind: "revoke", wanted: "gone" })],
      presented: [presented(3), presented(8, { outcome: "refused", authId: null })],
      confirmed: [
        { controllerId: CONTROLLER_ID, revision: 11, knownMs: at(2) },
        { controllerId: CONTROLLER_ID, revision: 12, knownMs: at(7) },
      ],
      commands: new Map(),
    },
    doors: [door],
    database: {
      ...{ epoch: EPOCH, placeId: PLACE_ID, revision: 0, nextSequence: 1, chain: null, blocks: [], events: [], history: [], items: [] },
      ...{ sums: new Map(), auths: [], controllers: [] },
    },
  };
  rostered(evidence, [version(1, 11, authOf(1)), gone(5, 12)]);
  written(evidence, [granted(3), relay(3, true), relay(4, false)]);
  return evidence;
}

/** The head as an append leaves it behind these events. */
export function chained(evidence: Spoilable): void {
  const { database } = evidence;
  const from = database.events[0]?.sequence ?? 1;
  const hash = database.events.reduce((before, event) => chainHash(before, eventLine(event)), chainOrigin(PLACE_ID, from));
  database.chain = database.events.length === 0 ? null : { hash, from, period: 0, blockFirst: from };
}

/** What the checkers say of evidence with one flaw, as `checker: what`. The flaw is older than the chain, unless it is said that it came after. */
export function accusations(spoil: (evidence: Spoilable) => void, { isChained = false } = {}): string[] {
  const evidence = soundEvidence();
  if (isChained) chained(evidence);
  spoil(evidence);
  if (!isChained) chained(evidence);
  const said: string[] = [];
  const whole: Evidence = evidence;
  judge(whole, (checker, what) => said.push(`${checker}: ${what}`));
  return said;
}
