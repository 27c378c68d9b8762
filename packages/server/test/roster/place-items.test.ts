import assert from "node:assert/strict";
import { test } from "node:test";
import { readRosterItem } from "@postern/contract";
import { alwaysSchedule, offsetSecondsAt } from "@postern/core";
import { DEFAULT_DOOR_SETTINGS, readDoorSettings } from "../../src/roster/door-settings.ts";
import { doorItem, gmtOffsetSeconds, placeItem, restingMode, scheduleItem } from "../../src/roster/place-items.ts";

const NOW_MS = Date.UTC(2026, 5, 15);
const DOOR = { doorId: 234, name: "Entrance", entryDeviceId: 1, exitDeviceId: null, confirmed: [] };

test("settings that an older server did not know have their defaults", () => {
  assert.deepEqual(readDoorSettings({}), DEFAULT_DOOR_SETTINGS);
  assert.deepEqual(readDoorSettings({ lockType: "fail_safe" }), { ...DEFAULT_DOOR_SETTINGS, lockType: "fail_safe" });
});

test("settings that no server writes are our bug", () => {
  for (const stored of [{ autoLockTimeoutMs: "3000" }, { relay: null }, { chains: [["KEY"]] }, { unheardOf: 1 }, { beliefAgeMsMax: 5 }]) {
    assert.throws(() => readDoorSettings(stored), { name: "AssertionFailure" }, JSON.stringify(stored));
  }
});

test("what a place's doors are told is what a controller accepts", () => {
  const items = [
    doorItem({ ...DOOR, settings: DEFAULT_DOOR_SETTINGS }),
    doorItem({
      ...DOOR,
      exitDeviceId: 2,
      settings: { ...DEFAULT_DOOR_SETTINGS, chains: [["CARD", "PIN"]], beliefAgeMsMax: 60_000, scheduledLockId: 3 },
    }),
    restingMode(234),
    placeItem({ placeId: 178, timeZone: "Australia/Lord_Howe", uniquePinSalt: "AAAAAAAAAAAAAAAAAAAAAA==" }, NOW_MS),
    scheduleItem(333, alwaysSchedule),
  ];
  for (const item of items) assert.deepEqual(readRosterItem(JSON.parse(JSON.stringify(item))), item);
});

test("a grant lasts as long as the door's settings say", () => {
  assert.equal(doorItem({ ...DOOR, settings: { ...DEFAULT_DOOR_SETTINGS, autoLockTimeoutMs: 4_200 } }).unlockMs, 4_200);
});

test("a place's doors know its clock for five years", () => {
  const { utcTransitions } = placeItem({ placeId: 178, timeZone: "Europe/Berlin", uniquePinSalt: "AAAAAAAAAAAAAAAAAAAAAA==" }, NOW_MS);
  assert.equal(utcTransitions[0]?.fromMs, NOW_MS);
  for (let year = 2026; year <= 2030; year += 1) {
    assert.equal(offsetSecondsAt(utcTransitions, Date.UTC(year, 6, 1)), 7_200, String(year));
    assert.equal(offsetSecondsAt(utcTransitions, Date.UTC(year, 11, 1)), 3_600, String(year));
  }
  assert.equal(gmtOffsetSeconds("Europe/Berlin", NOW_MS), 7_200);
  assert.equal(gmtOffsetSeconds("Asia/Kolkata", NOW_MS), 19_800);
});
