import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DoorItem } from "@postern/core";
import { aDoor, aMode, anAuth, aSchedule, NOW_MS, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOUR_MS = 3_600_000;
const SHOP_HOURS = Array.from({ length: 7 }, () => [{ fromMinute: 10 * 60, toMinute: 18 * 60 }]);

/** Noon on a Monday; the shop's hours are 10:00 to 18:00. */
function start(
  context: TestContext,
  settings: Partial<DoorItem> = {},
  options: { folder?: string; time?: ManualTime } = {},
): Promise<DoorWorld> {
  const items = [
    wire(aSchedule({ id: 7, schedule: { weekly: SHOP_HOURS, holidays: [] } }), 2),
    wire(aDoor({ scheduledUnlockId: 7, firstPersonIn: true, ...settings }), 2),
    wire(anAuth({ startMs: NOW_MS - 86_400_000, endMs: NOW_MS + 30 * 86_400_000 }), 2),
  ];
  return DoorWorld.start(context, items, { ...options, doors: [{ doorId: 234, entryDeviceId: 434, exitDeviceId: 534 }] });
}

test("first in: the scheduled unlock waits for the first person, then holds to the window's end", async (context) => {
  const world = await start(context);
  world.time.advance(HOUR_MS);
  assert.equal(world.isOpen(), false);
  assert.equal((await world.present()).outcome, "opened");
  world.time.advance(5 * HOUR_MS - 1_000);
  assert.equal(world.isOpen(), true);
  world.time.advance(1_000);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), [
    "DEV_CARD_AUTH_SUCCESS",
    "DEV_DOOR_RELAY_ON",
    "DEV_DOOR_START_RELAY_ON_BY_SCHEDULE",
    "DEV_DOOR_RELAY_OFF",
    "DEV_DOOR_END_RELAY_ON_BY_SCHEDULE",
  ]);
});

test("first in: the next window waits for somebody anew, and nothing of the last is kept", async (context) => {
  const world = await start(context);
  await world.present();
  assert.deepEqual([...world.outbox.firstIns()], [[234, NOW_MS]]);
  world.time.advance(6 * HOUR_MS);
  assert.deepEqual([...world.outbox.firstIns()], []);
  world.time.advance(16 * HOUR_MS);
  assert.equal(world.isOpen(), false);
  await world.present();
  world.time.advance(60_000);
  assert.equal(world.isOpen(), true);
});

test("first in: somebody let in outside the window, refused, or leaving begins nothing", async (context) => {
  const world = await start(context, {}, { time: new ManualTime(NOW_MS - 3 * HOUR_MS) });
  assert.equal((await world.present()).outcome, "opened");
  assert.deepEqual([...world.outbox.firstIns()], []);
  world.time.advance(2 * HOUR_MS);
  assert.equal(world.isOpen(), false, "an hour before the window");
  assert.equal((await world.present("999")).outcome, "refused");
  assert.equal((await world.driver.present(234, "exit", aCard())).outcome, "opened");
  world.driver.pressExitButton(234);
  await world.controller.obey({ commandId: 1, command: "ONCE_OPEN", doorId: 234, notAfter: NOW_MS + HOUR_MS });
  world.time.advance(60_000);
  assert.equal(world.isOpen(), false);
  await world.present();
  world.time.advance(60_000);
  assert.equal(world.isOpen(), true);
});

test("first in: somebody at a door that an operator or a fire unlocks anyway has not been judged, and begins nothing", async (context) => {
  const world = await start(context);
  world.change(wire(aMode({ operator: "unlocked" }), 3));
  assert.equal((await world.present()).outcome, "unlocked");
  world.change(wire(aMode(), 4));
  world.driver.signalFire(234, true);
  assert.equal((await world.present()).outcome, "unlocked");
  world.driver.signalFire(234, false);
  assert.equal(world.isOpen(), false);
});

test("first in: a lockdown, an operator or a fire in between does not lose it", async (context) => {
  const world = await start(context);
  await world.present();
  for (const [revision, mode] of [aMode({ lockdown: true }), aMode({ operator: "locked" }), aMode({ operator: "unlocked" })].entries()) {
    world.change(wire(mode, 3 + 2 * revision));
    assert.equal(world.isOpen(), mode.operator === "unlocked");
    world.time.advance(60_000);
    world.change(wire(aMode(), 4 + 2 * revision));
    assert.equal(world.isOpen(), true);
  }
  world.driver.signalFire(234, true);
  world.driver.signalFire(234, false);
  assert.equal(world.isOpen(), true);
});

test("first in: a reboot inside the window finds it open, one in the next window does not", async (context) => {
  const folder = temporaryFolder(context);
  const before = await start(context, {}, { folder });
  await before.present();
  before.close();
  const inside = await start(context, {}, { folder, time: new ManualTime(NOW_MS + HOUR_MS) });
  assert.equal(inside.isOpen(), true);
  inside.close();
  const nextDay = await start(context, {}, { folder, time: new ManualTime(NOW_MS + 24 * HOUR_MS) });
  assert.equal(nextDay.isOpen(), false);
});

test("first in: a start without a clock keeps it until the time is known", async (context) => {
  const folder = temporaryFolder(context);
  const before = await start(context, {}, { folder });
  await before.present();
  before.close();
  const world = await start(context, {}, { folder, time: new ManualTime(1_000) });
  world.time.advance(10_000);
  assert.equal(world.isOpen(), false);
  world.clock.contact(NOW_MS + HOUR_MS);
  world.time.advance(1_000);
  assert.equal(world.isOpen(), true);
});

test("first in: a clock that lags behind does not forget it", async (context) => {
  const folder = temporaryFolder(context);
  const before = await start(context, {}, { folder });
  await before.present();
  before.close();
  const world = await start(context, {}, { folder, time: new ManualTime(NOW_MS - 24 * HOUR_MS) });
  world.time.advance(10_000);
  assert.equal(world.isOpen(), false);
  world.clock.contact(NOW_MS + HOUR_MS);
  world.time.advance(1_000);
  assert.equal(world.isOpen(), true);
});

test("first in: a person who could not be written down was not let in, and begins nothing", async (context) => {
  const world = await start(context);
  world.isDiskBroken = true;
  assert.equal((await world.present()).outcome, "refused");
  world.isDiskBroken = false;
  world.time.advance(10_000);
  assert.equal(world.isOpen(), false);
});

test("first in: without the setting the schedule unlocks by itself", async (context) => {
  const world = await start(context, { firstPersonIn: false });
  assert.equal(world.isOpen(), true);
});
