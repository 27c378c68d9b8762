import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alwaysSchedule, type DoorMode, type DoorModeFacts, doorMode, type Schedule } from "../src/index.ts";
import { modeWith } from "./access-facts-builder.ts";
import { scheduleDaily } from "./schedule-builder.ts";

const NOON_MS = Date.parse("2026-07-08T12:00:00Z");
const neverSchedule = scheduleDaily();

function modeFacts(changes: Partial<DoorModeFacts> = {}): DoorModeFacts {
  return {
    isFireSignalled: false,
    mode: modeWith(),
    scheduledLock: null,
    scheduledUnlock: null,
    firstIn: "not_needed",
    utcTransitions: [{ fromMs: 0, offsetSeconds: 0 }],
    nowMs: NOON_MS,
    ...changes,
  };
}

const CASES: readonly (readonly [string, Partial<DoorModeFacts>, DoorMode])[] = [
  ["with nothing that holds it, a door leaves it to credentials", {}, { kind: "credentials" }],
  ["without a mode item, a door leaves it to credentials", { mode: null }, { kind: "credentials" }],
  ["fire unlocks", { isFireSignalled: true }, { kind: "unlocked", by: "fire" }],
  ["fire is stronger than lockdown", { isFireSignalled: true, mode: modeWith({ lockdown: true }) }, { kind: "unlocked", by: "fire" }],
  [
    "fire is stronger than an operator's lock",
    { isFireSignalled: true, mode: modeWith({ operator: "locked" }) },
    { kind: "unlocked", by: "fire" },
  ],
  [
    "fire needs no mode item, no schedule and no clock",
    { isFireSignalled: true, mode: null, nowMs: null },
    { kind: "unlocked", by: "fire" },
  ],
  ["lockdown locks", { mode: modeWith({ lockdown: true }) }, { kind: "locked", by: "lockdown" }],
  [
    "lockdown is stronger than an operator's unlock",
    { mode: modeWith({ lockdown: true, operator: "unlocked" }) },
    { kind: "locked", by: "lockdown" },
  ],
  [
    "lockdown is stronger than a scheduled unlock",
    { mode: modeWith({ lockdown: true }), scheduledUnlock: alwaysSchedule },
    { kind: "locked", by: "lockdown" },
  ],
  ["an operator locks", { mode: modeWith({ operator: "locked" }) }, { kind: "locked", by: "operator" }],
  ["an operator unlocks", { mode: modeWith({ operator: "unlocked" }) }, { kind: "unlocked", by: "operator" }],
  [
    "an operator's unlock is stronger than a scheduled lock",
    { mode: modeWith({ operator: "unlocked" }), scheduledLock: alwaysSchedule },
    { kind: "unlocked", by: "operator" },
  ],
  [
    "an operator's lock is stronger than a scheduled unlock",
    { mode: modeWith({ operator: "locked" }), scheduledUnlock: alwaysSchedule },
    { kind: "locked", by: "operator" },
  ],
  ["a scheduled lock locks inside its windows", { scheduledLock: alwaysSchedule }, { kind: "locked", by: "schedule" }],
  ["a scheduled lock locks nothing outside its windows", { scheduledLock: neverSchedule }, { kind: "credentials" }],
  ["a scheduled unlock unlocks inside its windows", { scheduledUnlock: alwaysSchedule }, { kind: "unlocked", by: "schedule" }],
  ["a scheduled unlock unlocks nothing outside its windows", { scheduledUnlock: neverSchedule }, { kind: "credentials" }],
  [
    "a scheduled lock is stronger than a scheduled unlock",
    { scheduledLock: alwaysSchedule, scheduledUnlock: alwaysSchedule },
    { kind: "locked", by: "schedule" },
  ],
  [
    "outside the scheduled lock the scheduled unlock holds",
    { scheduledLock: neverSchedule, scheduledUnlock: alwaysSchedule },
    { kind: "unlocked", by: "schedule" },
  ],
  [
    "without a clock a scheduled lock locks, even outside its windows",
    { scheduledLock: neverSchedule, nowMs: null },
    { kind: "locked", by: "schedule" },
  ],
  ["without a clock a scheduled unlock does not unlock", { scheduledUnlock: alwaysSchedule, nowMs: null }, { kind: "credentials" }],
  [
    "without the place's offsets a scheduled lock locks",
    { scheduledLock: neverSchedule, utcTransitions: [] },
    { kind: "locked", by: "schedule" },
  ],
  [
    "without the place's offsets a scheduled unlock does not unlock",
    { scheduledUnlock: alwaysSchedule, utcTransitions: [] },
    { kind: "credentials" },
  ],
  [
    "a scheduled unlock that waits for the first person unlocks nothing",
    { scheduledUnlock: alwaysSchedule, firstIn: "nobody" },
    { kind: "credentials" },
  ],
  [
    "once the first person is in, it unlocks",
    { scheduledUnlock: alwaysSchedule, firstIn: NOON_MS - 1 },
    { kind: "unlocked", by: "schedule" },
  ],
  [
    "a first person of another day's window unlocks nothing",
    { scheduledUnlock: alwaysSchedule, firstIn: NOON_MS - 86_400_000 },
    { kind: "credentials" },
  ],
  ["a first person unlocks nothing outside the windows", { scheduledUnlock: neverSchedule, firstIn: NOON_MS }, { kind: "credentials" }],
  [
    "a first person unlocks nothing without a clock",
    { scheduledUnlock: alwaysSchedule, firstIn: NOON_MS, nowMs: null },
    { kind: "credentials" },
  ],
  [
    "lockdown is stronger than a first person",
    { mode: modeWith({ lockdown: true }), scheduledUnlock: alwaysSchedule, firstIn: NOON_MS },
    { kind: "locked", by: "lockdown" },
  ],
  [
    "without a clock an operator still unlocks",
    { mode: modeWith({ operator: "unlocked" }), nowMs: null },
    { kind: "unlocked", by: "operator" },
  ],
];

for (const [guarantee, changes, expected] of CASES) {
  test(guarantee, () => assert.deepEqual(doorMode(modeFacts(changes)), expected));
}

test("schedules hold a door by the wall clock of its place", () => {
  const scheduledUnlock = scheduleDaily("09:00-18:00");
  const seoul = [{ fromMs: 0, offsetSeconds: 9 * 3_600 }];
  const opensMs = Date.parse("2026-07-08T00:00:00Z");
  assert.deepEqual(doorMode(modeFacts({ scheduledUnlock, utcTransitions: seoul, nowMs: opensMs })), { kind: "unlocked", by: "schedule" });
  assert.deepEqual(doorMode(modeFacts({ scheduledUnlock, utcTransitions: seoul, nowMs: opensMs - 1 })), { kind: "credentials" });
});

test("of everything that may hold a door at once, the first in the order of strength does", () => {
  // In the order of design: each holder with what it makes of the door.
  const strongestFirst = [
    ["fire", { kind: "unlocked", by: "fire" }],
    ["lockdown", { kind: "locked", by: "lockdown" }],
    ["operator_locked", { kind: "locked", by: "operator" }],
    ["operator_unlocked", { kind: "unlocked", by: "operator" }],
    ["scheduled_lock", { kind: "locked", by: "schedule" }],
    ["scheduled_unlock", { kind: "unlocked", by: "schedule" }],
  ] as const;
  const operator = fc.constantFrom("none", "locked", "unlocked");
  const schedule = fc.constantFrom<Schedule | null>(null, alwaysSchedule, neverSchedule);
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      operator,
      schedule,
      schedule,
      (isFireSignalled, lockdown, byOperator, scheduledLock, scheduledUnlock) => {
        const present = new Set<string>();
        if (isFireSignalled) present.add("fire");
        if (lockdown) present.add("lockdown");
        if (byOperator !== "none") present.add(`operator_${byOperator}`);
        if (scheduledLock === alwaysSchedule) present.add("scheduled_lock");
        if (scheduledUnlock === alwaysSchedule) present.add("scheduled_unlock");
        const expected = strongestFirst.find(([holder]) => present.has(holder))?.[1] ?? { kind: "credentials" };
        const mode = modeWith({ lockdown, operator: byOperator });
        assert.deepEqual(doorMode(modeFacts({ isFireSignalled, mode, scheduledLock, scheduledUnlock })), expected);
      },
    ),
  );
});
