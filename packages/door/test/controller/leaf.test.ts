import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DoorItem } from "@postern/core";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { OPENED_LATE_MS } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, aSchedule, NOW_MS, SERVED, wire } from "../support/builders.ts";
import { DoorWorld } from "../support/door-world.ts";

const ALARMS = ["DEV_DOOR_FORCE_OPEN", "DEV_DOOR_HELD_OPEN"];

async function start(context: TestContext, settings: Partial<DoorItem> = {}): Promise<DoorWorld> {
  const door = aDoor({ heldOpenMs: 2_500, forcedOpenAlarm: true, ...settings });
  return await DoorWorld.start(context, [wire(anAuth(), 2), wire(door, 2)]);
}

/** The alarms and their ends, as `<type> <ms since the start>`. */
function alarms(world: DoorWorld): string[] {
  const told = world.events().filter(({ eventType }) => ALARMS.some((name) => eventType.startsWith(name)));
  return told.map(({ eventType, eventAt }) => `${eventType} ${eventAt - NOW_MS}`);
}

test("leaf: a door that stands open for longer than it may is held open, to the millisecond, until it is shut", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(2_499);
  assert.deepEqual(alarms(world), []);
  world.time.advance(10_000);
  world.driver.moveDoor(234, false);
  assert.deepEqual(alarms(world), ["DEV_DOOR_HELD_OPEN 2500", "DEV_DOOR_HELD_OPEN_ALARM 2500", "DEV_DOOR_HELD_OPEN_ALARM_CLEAR 12499"]);
});

test("leaf: a door that is shut in time, or that may stand open for ever, is not held open", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(2_499);
  world.driver.moveDoor(234, false);
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(2_499);
  world.driver.moveDoor(234, false);
  world.change(wire(aDoor({ heldOpenMs: null }), 3));
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(100_000);
  assert.deepEqual(alarms(world), []);
});

test("leaf: a time shorter than the regular look is kept too", async (context) => {
  const world = await start(context, { heldOpenMs: 100 });
  world.time.advance(50);
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(1_000);
  assert.deepEqual(alarms(world), ["DEV_DOOR_HELD_OPEN 150", "DEV_DOOR_HELD_OPEN_ALARM 150"]);
});

test("leaf: a clock that jumps neither holds a door open nor lets it stand", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.moveDoor(234, true);
  world.clock.contact(NOW_MS + 3_600_000);
  world.time.advance(2_000);
  assert.deepEqual(alarms(world), []);
  world.clock.contact(NOW_MS);
  world.time.advance(500);
  assert.equal(alarms(world).length, 2);
});

test("leaf: opening without the bolt being up is forced, and shutting it ends the alarm", async (context) => {
  const world = await start(context);
  world.driver.moveDoor(234, true);
  world.time.advance(60_000);
  world.driver.moveDoor(234, false);
  assert.deepEqual(world.types(), [
    "DEV_DOOR_SENSOR_OPEN",
    "DEV_DOOR_FORCE_OPEN",
    "DEV_DOOR_FORCE_OPEN_ALARM",
    "DEV_DOOR_SENSOR_CLOSE",
    "DEV_DOOR_FORCE_OPEN_ALARM_CLEAR",
  ]);
});

test("leaf: nobody who was let in, pressed the button or was opened for forces the door, and without the setting nobody does", async (context) => {
  const openers: ((world: DoorWorld) => unknown)[] = [
    (world) => world.present(),
    (world) => world.driver.pressExitButton(234),
    (world) => world.controller.obey({ commandId: 1, command: "ONCE_OPEN", doorId: 234, notAfter: NOW_MS + 1_000 }),
    (world) => world.change(wire(aDoor(), 3)),
  ];
  for (const opener of openers) {
    const world = await start(context);
    await opener(world);
    world.driver.moveDoor(234, true);
    assert.deepEqual(alarms(world), []);
  }
});

test("leaf: somebody who pulled in the last moment is not a burglar, and nobody else profits from it", async (context) => {
  const late = await start(context, { heldOpenMs: null });
  await late.present();
  late.time.advance(3_000 + OPENED_LATE_MS - 1);
  late.driver.moveDoor(234, true);
  assert.deepEqual(alarms(late), []);
  late.driver.moveDoor(234, false);
  late.driver.moveDoor(234, true);
  assert.equal(alarms(late).length, 2, "the one passage has been used");
  const tooLate = await start(context, { heldOpenMs: null });
  await tooLate.present();
  tooLate.time.advance(3_000 + OPENED_LATE_MS);
  tooLate.driver.moveDoor(234, true);
  assert.equal(alarms(tooLate).length, 2);
});

test("leaf: behind whoever was let in the bolt falls as soon as the leaf is shut, and the next opening is forced", async (context) => {
  const world = await start(context);
  await world.present();
  world.time.advance(200);
  world.driver.moveDoor(234, true);
  assert.equal(world.isOpen(), true);
  world.time.advance(800);
  world.driver.moveDoor(234, false);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types().slice(-2), ["DEV_DOOR_SENSOR_CLOSE", "DEV_DOOR_RELAY_OFF"]);
  world.driver.moveDoor(234, true);
  assert.deepEqual(alarms(world), ["DEV_DOOR_FORCE_OPEN 1000", "DEV_DOOR_FORCE_OPEN_ALARM 1000"]);
});

test("leaf: shutting the door behind the one before does not lock out somebody let in while it stood open", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.moveDoor(234, true);
  await world.present();
  world.driver.moveDoor(234, false);
  assert.equal(world.isOpen(), true);
  world.driver.moveDoor(234, true);
  world.driver.moveDoor(234, false);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(alarms(world), []);
});

test("leaf: an ignored sensor is recorded and judges nothing", async (context) => {
  const world = await start(context, { sensorIgnore: true });
  world.driver.moveDoor(234, true);
  world.driver.moveDoor(234, false);
  await world.present();
  world.driver.moveDoor(234, true);
  world.driver.moveDoor(234, false);
  assert.equal(world.isOpen(), true, "the bolt falls by time alone");
  world.driver.moveDoor(234, true);
  world.time.advance(60_000);
  assert.deepEqual(alarms(world), []);
  assert.equal(world.types().filter((type) => type.startsWith("DEV_DOOR_SENSOR")).length, 5);
});

test("leaf: whatever holds the door unlocked lets it stand open, and the time counts anew from its end", async (context) => {
  const always = wire(aSchedule(), 3);
  const ways: [string, (world: DoorWorld) => void, (world: DoorWorld) => void][] = [
    ["fire", ({ driver }) => driver.signalFire(234, true), ({ driver }) => driver.signalFire(234, false)],
    ["operator", (world) => world.change(wire(aMode({ operator: "unlocked" }), 3)), (world) => world.change(wire(aMode(), 4))],
    [
      "schedule",
      (world) => world.change(always, wire(aDoor({ heldOpenMs: 2_500, forcedOpenAlarm: true, scheduledUnlockId: 333 }), 3)),
      (world) => world.change(wire(aDoor({ heldOpenMs: 2_500, forcedOpenAlarm: true }), 4)),
    ],
  ];
  for (const [by, begin, end] of ways) {
    const world = await start(context);
    begin(world);
    world.driver.moveDoor(234, true);
    world.time.advance(60_000);
    world.driver.moveDoor(234, false);
    assert.equal(world.isOpen(), true, `${by}: a leaf that is shut locks nothing`);
    world.driver.moveDoor(234, true);
    end(world);
    world.time.advance(2_499);
    assert.deepEqual(alarms(world), [], by);
    world.time.advance(1);
    assert.deepEqual(alarms(world), ["DEV_DOOR_HELD_OPEN 62500", "DEV_DOOR_HELD_OPEN_ALARM 62500"], by);
  }
});

test("leaf: what lets the door stand open ends both alarms", async (context) => {
  for (const [letIn, clear] of [
    [true, "DEV_DOOR_HELD_OPEN_ALARM_CLEAR 10000"],
    [false, "DEV_DOOR_FORCE_OPEN_ALARM_CLEAR 10000"],
  ] as const) {
    const world = await start(context);
    if (letIn) await world.present();
    world.driver.moveDoor(234, true);
    world.time.advance(10_000);
    world.change(wire(aMode({ operator: "unlocked" }), 3));
    assert.deepEqual(alarms(world).slice(2), [clear]);
  }
});

test("leaf: a lockdown forgives nobody: a door that stands open in one is held open", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.moveDoor(234, true);
  world.change(wire(aMode({ lockdown: true }), 3));
  world.time.advance(2_500);
  assert.deepEqual(alarms(world), ["DEV_DOOR_HELD_OPEN 2500", "DEV_DOOR_HELD_OPEN_ALARM 2500"]);
});

test("leaf: a stopped controller leaves no look at the leaf behind", async (context) => {
  const world = await start(context, { heldOpenMs: 100 });
  await world.present();
  world.driver.moveDoor(234, true);
  await world.controller.stop();
  assert.deepEqual(world.time.running(), []);
});

test("leaf: a door found open was not forced, but it may not stand open for longer than others", async (context) => {
  const world = await start(context);
  await world.controller.serve([]);
  world.driver.connect = (wiring) => {
    const ports = VirtualDriver.prototype.connect.call(world.driver, wiring);
    world.driver.moveDoor(234, true);
    return ports;
  };
  await world.controller.serve(SERVED);
  world.time.advance(2_500);
  assert.deepEqual(alarms(world), ["DEV_DOOR_HELD_OPEN 2500", "DEV_DOOR_HELD_OPEN_ALARM 2500"]);
});
