import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { UNLOCK_MS_WITHOUT_SETTINGS } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, NOW_MS, wire, withFace } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DOORS = [{ doorId: 234, entryDeviceId: 434, exitDeviceId: 534 }];

function start(context: TestContext, options: { folder?: string; time?: ManualTime } = {}): Promise<DoorWorld> {
  const items = [wire(aDoor({ exitDeviceId: 534 }), 2), wire(anAuth({ chains: [["CARD"], ["FACE", "CARD"]] }), 2)];
  return DoorWorld.start(context, items, { ...options, doors: DOORS });
}

/** Each event as `<type> <device>`. */
const byDevice = (world: DoorWorld): string[] => world.events().map(({ eventType, deviceId }) => `${eventType} ${deviceId}`);

test("parts: the exit button lets people out of a lockdown and of an operator's lock, and neither lets anybody in", async (context) => {
  for (const mode of [aMode({ lockdown: true }), aMode({ operator: "locked" })]) {
    const world = await start(context);
    world.change(wire(mode, 3));
    world.driver.pressExitButton(234);
    assert.equal(world.isOpen(), true);
    world.time.advance(1_000);
    assert.equal((await world.present()).outcome, "refused");
    assert.equal(world.isOpen(), true, "whoever is refused at the entry locks nobody in");
    world.time.advance(2_000);
    assert.equal(world.isOpen(), false);
  }
});

test("parts: the exit button works before there is a roster, and without a clock", async (context) => {
  const world = new DoorWorld(context, { doors: DOORS, time: new ManualTime(1_000) });
  await world.controller.start(DOORS);
  assert.equal(world.replica.contents.door(234), null);
  world.driver.pressExitButton(234);
  assert.equal(world.isOpen(), true);
  world.time.advance(UNLOCK_MS_WITHOUT_SETTINGS - 1);
  assert.equal(world.isOpen(), true);
  world.time.advance(1);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(byDevice(world), ["DEV_DOOR_RELAY_ON 434", "DEV_DOOR_EXIT_BUTTON 534", "DEV_DOOR_RELAY_OFF 434"]);
});

test("parts: what happens at a device is filed under it, and what happens to the door under its entry device", async (context) => {
  const world = await start(context);
  const { driver } = world;
  await driver.present(234, "exit", aCard());
  await driver.present(234, "exit", aCard("999"));
  driver.moveDoor(234, true);
  driver.moveDoor(234, false);
  driver.signalFire(234, true);
  assert.deepEqual(byDevice(world), [
    "DEV_CARD_AUTH_SUCCESS 534",
    "DEV_DOOR_RELAY_ON 434",
    "DEV_CARD_AUTH_FAIL 534",
    "DEV_DOOR_SENSOR_OPEN 434",
    "DEV_DOOR_SENSOR_CLOSE 434",
    "DEV_DOOR_RELAY_OFF 434",
    "DEV_DOOR_RELAY_ON 434",
    "FIRE_SIGNAL_ON 434",
  ]);
});

test("parts: a factor begun at one device is not gone on with at the other", async (context) => {
  const world = await start(context);
  world.change(withFace({ chains: [["CARD", "FACE"]] }, 3));
  assert.equal((await world.driver.present(234, "entry", aCard())).outcome, "wait_factor");
  const face = { kind: "matched", factor: "FACE", authId: 1000 } as const;
  assert.equal((await world.driver.present(234, "exit", face)).outcome, "refused");
  assert.equal((await world.driver.present(234, "entry", face)).outcome, "opened");
});

test("parts: a device that is tampered with is reported once, with its end, and opens nothing", async (context) => {
  const world = await start(context);
  for (const isOn of [true, true, false, false]) world.driver.tamper(234, "exit", isOn);
  world.driver.tamper(234, "entry", true);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(byDevice(world), ["DEV_DOOR_TAMPER_ON 534", "DEV_DOOR_TAMPER_OFF 534", "DEV_DOOR_TAMPER_ON 434"]);
  assert.equal((await world.present()).outcome, "opened");
});

test("parts: an alarm that began before a reboot ends after it, once", async (context) => {
  const folder = temporaryFolder(context);
  const alarmed = { heldOpenMs: 1_000, forcedOpenAlarm: true, exitDeviceId: 534 };
  const before = await start(context, { folder });
  before.change(wire(aDoor(alarmed), 3));
  before.driver.tamper(234, "exit", true);
  before.driver.moveDoor(234, true);
  before.close();
  const world = await start(context, { folder, time: new ManualTime(NOW_MS + 60_000) });
  assert.deepEqual(byDevice(world), ["DEV_DOOR_TAMPER_OFF 534", "DEV_DOOR_FORCE_OPEN_ALARM_CLEAR 434"]);
  world.change(wire(aDoor(alarmed), 4));
  await world.present();
  world.driver.moveDoor(234, true);
  world.time.advance(1_000);
  world.close();
  const again = await start(context, { folder, time: new ManualTime(NOW_MS + 120_000) });
  assert.deepEqual(byDevice(again), ["DEV_DOOR_RELAY_OFF 434", "DEV_DOOR_HELD_OPEN_ALARM_CLEAR 434"]);
  assert.deepEqual(again.outbox.openAlarms(), []);
});

test("parts: a reboot repeats no alarm of a door that still stands open", async (context) => {
  const folder = temporaryFolder(context);
  const before = await start(context, { folder });
  before.change(wire(aDoor({ heldOpenMs: 1_000, forcedOpenAlarm: true }), 3));
  before.driver.moveDoor(234, true);
  before.close();
  const world = new DoorWorld(context, { folder, doors: DOORS });
  const { connect } = world.driver;
  world.driver.connect = (wiring) => {
    const ports = connect.call(world.driver, wiring);
    world.driver.moveDoor(234, true);
    return ports;
  };
  await world.controller.start(DOORS);
  world.time.advance(60_000);
  assert.deepEqual(byDevice(world), ["DEV_DOOR_SENSOR_OPEN 434"]);
  world.driver.moveDoor(234, false);
  assert.deepEqual(byDevice(world).slice(1), ["DEV_DOOR_SENSOR_CLOSE 434", "DEV_DOOR_FORCE_OPEN_ALARM_CLEAR 434"]);
});
