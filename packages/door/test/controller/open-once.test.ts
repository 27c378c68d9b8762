import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandFrame } from "@postern/contract";
import { aDoor, aMode, anAuth, aSchedule, NOW_MS, wire } from "../support/builders.ts";
import { DoorWorld } from "../support/door-world.ts";

const command = (changes: Partial<CommandFrame & { command: "ONCE_OPEN" }> = {}): CommandFrame => ({
  commandId: 9,
  command: "ONCE_OPEN",
  doorId: 234,
  notAfter: NOW_MS + 10_000,
  ...changes,
});

test("a command opens the door once, and a repeat opens nothing", async (context) => {
  const world = await DoorWorld.start(context);
  assert.deepEqual(await world.controller.obey(command()), { outcome: "done" });
  assert.equal(world.isOpen(), true);
  world.time.advance(3_000);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(await world.controller.obey(command()), { outcome: "done" });
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), ["DOOR_OPENED_BY_COMMAND", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"]);
  assert.deepEqual(world.events()[0]?.detail, { commandId: 9 });
});

test("a command that comes after its time opens nothing, at the very millisecond after", async (context) => {
  const world = await DoorWorld.start(context);
  world.time.advance(10_000);
  assert.deepEqual(await world.controller.obey(command({ commandId: 1 })), { outcome: "done" });
  world.time.advance(1);
  assert.deepEqual(await world.controller.obey(command({ commandId: 2 })), { outcome: "too_late", reason: "command_too_late" });
});

test("a door that is locked by lockdown, operator or schedule stays shut and says by what", async (context) => {
  const world = await DoorWorld.start(context);
  const refused = async (commandId: number) => (await world.controller.obey(command({ commandId }))).reason;
  world.change(wire(aMode({ lockdown: true, operator: "locked" }), 2));
  assert.equal(await refused(1), "lockdown");
  world.change(wire(aMode({ operator: "locked" }), 3));
  assert.equal(await refused(2), "locked_by_operator");
  world.change(wire(aMode(), 4), wire(aSchedule(), 4), wire(aDoor({ scheduledLockId: 333 }), 4));
  assert.equal(await refused(3), "locked_by_schedule");
  assert.equal(world.isOpen(), false);
});

test("a door that stands unlocked already is as was asked, without an event of its own", async (context) => {
  const world = await DoorWorld.start(context);
  world.change(wire(aMode({ operator: "unlocked" }), 2));
  assert.deepEqual(await world.controller.obey(command()), { outcome: "done" });
  assert.ok(!world.types().includes("DOOR_OPENED_BY_COMMAND"));
});

test("what cannot be written down is not opened", async (context) => {
  const world = await DoorWorld.start(context);
  world.isDiskBroken = true;
  assert.deepEqual(await world.controller.obey(command()), { outcome: "failed", reason: "not_recorded" });
  assert.equal(world.isOpen(), false);
});

test("a door that is not known here fails", async (context) => {
  const world = await DoorWorld.start(context);
  assert.deepEqual(await world.controller.obey(command({ doorId: 999 })), { outcome: "failed", reason: "door_unknown" });
});

const relays = (world: DoorWorld): unknown[] =>
  world
    .events()
    .filter(({ eventType }) => /RELAY/.test(eventType))
    .map(({ eventType, detail }) => [eventType, detail]);

test("the bolt's events name the command that it was released for, and no later one does", async (context) => {
  const world = await DoorWorld.start(context, [wire(anAuth(), 2)]);
  await world.controller.obey(command());
  world.time.advance(3_000);
  await world.present();
  world.time.advance(3_000);
  assert.deepEqual(relays(world), [
    ["DEV_DOOR_RELAY_ON", { commandId: 9 }],
    ["DEV_DOOR_RELAY_OFF", { commandId: 9 }],
    ["DEV_DOOR_RELAY_ON", undefined],
    ["DEV_DOOR_RELAY_OFF", undefined],
  ]);
});

test("a command that prolongs an opening says that the bolt was released already, and the bolt falls by it", async (context) => {
  const world = await DoorWorld.start(context, [wire(anAuth(), 2)]);
  await world.present();
  world.time.advance(1_000);
  await world.controller.obey(command());
  world.time.advance(3_000);
  const opened = world.events().find(({ eventType }) => eventType === "DOOR_OPENED_BY_COMMAND");
  assert.deepEqual(opened?.detail, { commandId: 9, wasOn: true });
  assert.deepEqual(relays(world), [
    ["DEV_DOOR_RELAY_ON", undefined],
    ["DEV_DOOR_RELAY_OFF", { commandId: 9 }],
  ]);
});

test("a command whose release the relay did not do names nobody else's opening", async (context) => {
  const world = await DoorWorld.start(context, [wire(anAuth(), 2)]);
  world.driver.setFault(234, "relay", true);
  assert.equal((await world.controller.obey(command())).outcome, "failed");
  world.driver.setFault(234, "relay", false);
  await world.present();
  assert.deepEqual(relays(world), [["DEV_DOOR_RELAY_ON", undefined]]);
});

test("a command that could not be written down names no later opening", async (context) => {
  const world = await DoorWorld.start(context);
  world.isDiskBroken = true;
  await world.controller.obey(command());
  world.isDiskBroken = false;
  world.driver.pressExitButton(234);
  assert.deepEqual(relays(world), [["DEV_DOOR_RELAY_ON", undefined]]);
});
