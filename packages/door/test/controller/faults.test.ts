import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DoorItem } from "@postern/core";
import type { DoorPart, DoorPorts } from "../../src/drivers/driver.ts";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { VirtualRelay } from "../../src/drivers/virtual/virtual-relay.ts";
import { DRIVER_RETRY_MS_MAX } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, NOW_MS, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";

const DOORS = [{ doorId: 234, entryDeviceId: 434, exitDeviceId: 534 }];

function start(context: TestContext, settings: Partial<DoorItem> = {}): Promise<DoorWorld> {
  const items = [wire(aDoor({ exitDeviceId: 534, forcedOpenAlarm: true, ...settings }), 2), wire(anAuth(), 2)];
  return DoorWorld.start(context, items, { doors: DOORS });
}

/** Failures and recoveries, as `<type> <part> <device> <ms since the start>`. */
function faults(world: DoorWorld): string[] {
  const told = world.events().filter(({ eventType }) => eventType.startsWith("DRIVER_"));
  return told.map(({ eventType, eventAt, deviceId, detail }) => `${eventType} ${String(detail?.["part"])} ${deviceId} ${eventAt - NOW_MS}`);
}

/** Lets time pass in small steps, with what was promised in between. */
async function pass(world: DoorWorld, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    world.time.advance(Math.min(left, 500));
    await new Promise(setImmediate);
  }
}

test("faults: a relay that fails is recorded once, tried with growing pauses, and recorded when it works again", async (context) => {
  const world = await start(context);
  const tries: number[] = [];
  const { lock } = VirtualRelay.prototype;
  context.mock.method(VirtualRelay.prototype, "lock", function (this: never) {
    tries.push(world.time.nowMs() - NOW_MS);
    return Reflect.apply(lock, this, []);
  });
  world.driver.setFault(234, "relay", true);
  await pass(world, 40_000);
  assert.deepEqual(tries, [1_000, 3_000, 7_000, 15_000, 25_000, 35_000]);
  assert.equal(tries[5], (tries[4] ?? 0) + DRIVER_RETRY_MS_MAX);
  world.driver.setFault(234, "relay", false);
  await pass(world, 10_000);
  assert.deepEqual(faults(world), ["DRIVER_FAILED relay 434 0", "DRIVER_RECOVERED relay 434 45000"]);
  await pass(world, 60_000);
  assert.equal(tries.length, 7, "nothing is tried that works");
});

test("faults: with a broken relay the door stays locked, the person is told so, and a mode takes hold once it works", async (context) => {
  const world = await start(context);
  await world.present();
  world.driver.setFault(234, "relay", true);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "error", person: { authId: 1000, userId: 2000 } });
  assert.equal(world.controller.doors()[0]?.last?.outcome.outcome, "refused");
  assert.deepEqual(await world.controller.obey({ commandId: 1, command: "ONCE_OPEN", doorId: 234, notAfter: NOW_MS + 5_000 }), {
    outcome: "failed",
    reason: "command_failed",
  });
  world.change(wire(aMode({ operator: "unlocked" }), 3));
  await pass(world, 3_000);
  assert.equal(world.isOpen(), false);
  world.driver.setFault(234, "relay", false);
  await pass(world, 10_000);
  assert.equal(world.isOpen(), true);
  assert.equal(faults(world).length, 2, "asked six times, recorded once");
  const timeOf = (type: string) => world.events().findLast(({ eventType }) => eventType === type)?.eventAt;
  assert.equal(timeOf("DEV_DOOR_RELAY_ON"), timeOf("DRIVER_RECOVERED"));
});

test("faults: an opening that a broken relay missed is not made up for", async (context) => {
  const world = await start(context);
  world.driver.setFault(234, "relay", true);
  await world.present();
  world.driver.setFault(234, "relay", false);
  await pass(world, 10_000);
  assert.equal(world.isOpen(), false);
  assert.ok(!world.types().includes("DEV_DOOR_RELAY_ON"));
});

test("faults: somebody for whom a mended relay opens first is not locked out by its next try", async (context) => {
  const world = await start(context);
  world.driver.setFault(234, "relay", true);
  world.driver.setFault(234, "relay", false);
  assert.equal((await world.present()).outcome, "opened");
  await pass(world, 2_500);
  assert.equal(world.isOpen(), true);
  assert.deepEqual(faults(world), ["DRIVER_FAILED relay 434 0", "DRIVER_RECOVERED relay 434 0"]);
});

test("faults: a relay that comes back open is locked, and one that reports when all is over wakes nothing", async (context) => {
  const world = await start(context);
  const wirings = world.controller.doors().map(({ wiring }) => wiring);
  await world.controller.serve([]);
  const boards: DoorPorts[] = [];
  const reports: ((part: DoorPart) => void)[] = [];
  world.driver.connect = (wiring) => {
    const ports = VirtualDriver.prototype.connect.call(world.driver, wiring);
    boards.push(ports);
    const faultsOf = { listen: (report: (part: DoorPart) => void) => void reports.push(report), revive: () => Promise.resolve() };
    return { ...ports, faults: faultsOf };
  };
  await world.controller.serve(wirings);
  reports[0]?.("connection");
  await boards[0]?.relay.hold(true);
  assert.equal(world.isOpen(), true);
  await pass(world, 1_000);
  assert.equal(world.isOpen(), false);
  await world.controller.stop();
  reports[0]?.("sensor");
  assert.deepEqual(world.time.running(), []);
});

test("faults: a reader that fails is filed under its device, the other goes on, and it is tried until it works", async (context) => {
  const world = await start(context);
  world.driver.setFault(234, "exit_reader", true);
  assert.throws(() => world.driver.present(234, "exit", aCard()), { code: "part_dead" });
  assert.equal((await world.present()).outcome, "opened");
  await pass(world, 5_000);
  world.driver.setFault(234, "exit_reader", false);
  await pass(world, 5_000);
  assert.deepEqual(faults(world), ["DRIVER_FAILED exit_reader 534 0", "DRIVER_RECOVERED exit_reader 534 7000"]);
  assert.equal((await world.driver.present(234, "exit", aCard())).outcome, "opened");
});

test("faults: a sensor that was dead says how the leaf stands once it works, and parts fail and recover side by side", async (context) => {
  const world = await start(context);
  world.driver.setFault(234, "sensor", true);
  world.driver.setFault(234, "entry_reader", true);
  world.driver.moveDoor(234, true);
  await pass(world, 500);
  assert.deepEqual(world.types(), ["DRIVER_FAILED", "DRIVER_FAILED"]);
  world.driver.setFault(234, "sensor", false);
  await pass(world, 500);
  assert.deepEqual(world.types().slice(2), [
    "DEV_DOOR_SENSOR_OPEN",
    "DEV_DOOR_FORCE_OPEN",
    "DEV_DOOR_FORCE_OPEN_ALARM",
    "DRIVER_RECOVERED",
  ]);
  assert.deepEqual(faults(world).at(-1), "DRIVER_RECOVERED sensor 434 1000");
});

test("faults: without power a fail-secure door is shut and a fail-safe one open, and with it both are locked", async (context) => {
  for (const lockType of ["fail_secure", "fail_safe"] as const) {
    const isOpen = lockType === "fail_safe";
    const world = await start(context, { lockType });
    const driver = new VirtualDriver(world.time, world.time, () => isOpen);
    await world.controller.serve([]);
    world.driver.connect = (wiring) => driver.connect(wiring);
    await world.controller.serve(DOORS);
    await driver.present(234, "entry", aCard());
    driver.setPower(234, false);
    assert.equal(driver.isRelayOn(234), isOpen, lockType);
    assert.throws(() => driver.present(234, "entry", aCard()), { code: "part_dead" });
    assert.throws(() => driver.pressExitButton(234), { code: "part_dead" });
    await pass(world, 20_000);
    assert.equal(driver.isRelayOn(234), isOpen, lockType);
    driver.setPower(234, true);
    assert.equal(driver.isRelayOn(234), false, lockType);
    await pass(world, 10_000);
    assert.deepEqual(
      faults(world).map((line) => line.split(" ").slice(0, 2).join(" ")),
      ["DRIVER_FAILED power", "DRIVER_RECOVERED power"],
    );
    assert.equal(world.types().includes("DEV_DOOR_FORCE_OPEN"), false);
    assert.equal((await driver.present(234, "entry", aCard())).outcome, "opened");
  }
});

test("faults: what a mode holds open is held again when the power or the connection is back", async (context) => {
  for (const part of ["power", "connection"] as const) {
    const world = await start(context);
    world.change(wire(aMode({ operator: "unlocked" }), 3));
    if (part === "power") world.driver.setPower(234, false);
    else world.driver.setFault(234, part, true);
    await pass(world, 5_000);
    assert.equal(faults(world).length, 1, part);
    if (part === "power") world.driver.setPower(234, true);
    else world.driver.setFault(234, part, false);
    await pass(world, 10_000);
    assert.equal(world.isOpen(), true, part);
    assert.equal(faults(world).length, 2, part);
  }
});

test("faults: a door that cannot be reached is tried again, without harm to the others, and shown as such", async (context) => {
  const doors = [...DOORS, { doorId: 235, entryDeviceId: 435, exitDeviceId: null }];
  const world = new DoorWorld(context, { doors });
  let countTries = 0;
  let isAway = true;
  const { connect } = world.driver;
  world.driver.connect = (wiring) => {
    if (wiring.doorId === 235) return connect.call(world.driver, wiring);
    countTries += 1;
    if (isAway) throw new TypeError("no such board");
    return connect.call(world.driver, wiring);
  };
  await world.controller.start(doors);
  await world.controller.serve(doors);
  world.driver.pressExitButton(235);
  assert.equal(world.isOpen(235), true);
  assert.deepEqual(
    world.controller.doors().map(({ wiring, faults: found }) => [wiring.doorId, found.map(({ part }) => part)]),
    [
      [235, []],
      [234, ["connection"]],
    ],
  );
  assert.deepEqual(await world.controller.obey({ commandId: 1, command: "ONCE_OPEN", doorId: 234, notAfter: NOW_MS + 5_000 }), {
    outcome: "failed",
    reason: "command_failed",
  });
  world.time.advance(6_999);
  assert.equal(countTries, 3);
  isAway = false;
  world.time.advance(1);
  assert.deepEqual(faults(world), ["DRIVER_FAILED connection 434 0", "DRIVER_RECOVERED connection 434 7000"]);
  world.driver.pressExitButton(234);
  assert.equal(world.isOpen(234), true);
});

test("faults: a door that is given up, or a controller that stops, tries nothing any more", async (context) => {
  const world = new DoorWorld(context, { doors: DOORS });
  world.driver.connect = () => {
    throw new TypeError("no such board");
  };
  await world.controller.start(DOORS);
  await world.controller.serve([]);
  assert.deepEqual(world.time.running(), ["door modes"]);
  await world.controller.serve(DOORS);
  await world.controller.stop();
  assert.deepEqual(world.time.running(), []);
  const other = await start(context);
  other.driver.setFault(234, "sensor", true);
  other.driver.setFault(234, "relay", true);
  await other.controller.stop();
  assert.deepEqual(other.time.running(), []);
});
