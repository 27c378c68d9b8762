import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type AuthItem, decideAccess } from "@postern/core";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { FACTOR_WAIT_MS, UNRECORDED_EVENTS_MAX } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, aSchedule, DAY_MS, gone, NOW_MS, wire, withFace } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PERSON = { authId: 1000, userId: 2000 };
const AT_DOOR = { doorId: 234, deviceId: 434 };

function anAuthAt2(changes: Partial<AuthItem> = {}) {
  return wire(anAuth(changes), 2);
}

test("controller: the right card opens, and the log says who, then what the relay did", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  assert.deepEqual(await world.present(), { outcome: "opened", person: PERSON });
  assert.equal(world.isOpen(), true);
  world.time.advance(2_999);
  assert.equal(world.isOpen(), true);
  world.time.advance(1);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.events(), [
    { eventAt: NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", ...AT_DOOR, ...PERSON },
    { eventAt: NOW_MS, eventType: "DEV_DOOR_RELAY_ON", ...AT_DOOR },
    { eventAt: NOW_MS + 3_000, eventType: "DEV_DOOR_RELAY_OFF", ...AT_DOOR },
  ]);
});

test("controller: an unknown card is refused, and its number stands nowhere", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  assert.deepEqual(await world.present("987654321"), { outcome: "refused", reason: "unknown", person: null });
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.events(), [{ eventAt: NOW_MS, eventType: "DEV_CARD_AUTH_FAIL", ...AT_DOOR, detail: { reason: "unknown" } }]);
  assert.ok(!JSON.stringify(world.events()).includes("54321"));
});

test("controller: a refused person is named with the reason, and the bolt does not move", async (context) => {
  const refusals: [string, Partial<AuthItem>][] = [
    ["inactive", { status: "INACTIVE" }],
    ["not_started", { startMs: NOW_MS + 1 }],
    ["ended", { endMs: NOW_MS }],
    ["wrong_door", { doors: [235] }],
    ["schedule_missing", { scheduleId: 9 }],
    ["factor_not_allowed", { chains: [["FACE"]] }],
  ];
  for (const [reason, changes] of refusals) {
    const world = await DoorWorld.start(context, [anAuthAt2(changes)]);
    assert.deepEqual(await world.present(), { outcome: "refused", reason, person: PERSON });
    assert.equal(world.isOpen(), false);
    assert.deepEqual(world.events(), [{ eventAt: NOW_MS, eventType: "DEV_CARD_AUTH_FAIL", ...AT_DOOR, ...PERSON, detail: { reason } }]);
  }
});

test("controller: no disk, no opening", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  const disk = new DatabaseSync(world.path);
  disk.exec("begin immediate");
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "not_recorded", person: PERSON });
  assert.equal(world.isOpen(), false);
  disk.exec("rollback");
  disk.close();
  assert.deepEqual(world.types(), []);
  assert.equal((await world.present()).outcome, "opened");
  assert.deepEqual(
    world.events().map(({ eventType, detail }) => [eventType, detail]),
    [
      ["DEV_CARD_AUTH_FAIL", { reason: "not_recorded" }],
      ["DRIVER_FAILED", { part: "disk", countLate: 1, countDropped: 0 }],
      ["DEV_CARD_AUTH_SUCCESS", undefined],
      ["DEV_DOOR_RELAY_ON", undefined],
    ],
  );
});

test("controller: at the moment the bolt moves the grant is on the disk", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  const seen: unknown[] = [];
  const disk = new DatabaseSync(world.path);
  const driver = world.driver;
  const ports = driver.connect({ doorId: 900, entryDeviceId: 901, exitDeviceId: null });
  const pulse = ports.relay.pulse.bind(ports.relay);
  ports.relay.pulse = (unlockMs) => {
    seen.push(disk.prepare("select body from events order by number desc limit 1").get());
    return pulse(unlockMs);
  };
  driver.connect = () => ports;
  world.change(wire(aDoor({ id: 900, entryDeviceId: 901 }), 2));
  await world.controller.serve([{ doorId: 900, entryDeviceId: 901, exitDeviceId: null }]);
  await driver.present(900, "entry", aCard());
  disk.close();
  assert.match(JSON.stringify(seen), /DEV_CARD_AUTH_SUCCESS/);
});

test("controller: a grant while open prolongs without a second relay event", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  await world.present();
  world.time.advance(2_000);
  await world.present();
  world.time.advance(2_000);
  assert.equal(world.isOpen(), true);
  world.time.advance(1_000);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_OFF"]);
});

test("controller: the exit button acts first, also without a disk, a clock or a roster, and in a lockdown", async (context) => {
  const world = await DoorWorld.start(context, [wire(aMode({ lockdown: true }), 2)]);
  world.isDiskBroken = true;
  world.driver.pressExitButton(234);
  assert.equal(world.isOpen(), true);
  world.isDiskBroken = false;
  world.time.advance(4_000);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), ["DOOR_LOCKDOWN_ON", "DEV_DOOR_RELAY_ON", "DEV_DOOR_EXIT_BUTTON", "DRIVER_FAILED", "DEV_DOOR_RELAY_OFF"]);
});

test("controller: the fire signal unlocks at once, whatever else holds the door, and gives it back", async (context) => {
  const world = await DoorWorld.start(context, [wire(aMode({ operator: "locked" }), 2), anAuthAt2()]);
  world.isDiskBroken = true;
  world.driver.signalFire(234, true);
  assert.equal(world.isOpen(), true);
  world.isDiskBroken = false;
  assert.deepEqual(await world.present(), { outcome: "unlocked", because: "fire", person: PERSON });
  world.time.advance(60_000);
  assert.equal(world.isOpen(), true);
  world.driver.signalFire(234, false);
  assert.equal(world.isOpen(), false);
  const types = world.types();
  assert.ok(types.includes("FIRE_SIGNAL_ON") && types.includes("FIRE_SIGNAL_OFF"));
  assert.equal(types.at(-1), "DEV_DOOR_START_RELAY_OFF_BY_OPERATOR");
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "locked_by_operator", person: PERSON });
});

test("controller: a mode that unlocks is written down before it does, and waits for the disk", async (context) => {
  const world = await DoorWorld.start(context);
  world.isDiskBroken = true;
  world.change(wire(aMode({ operator: "unlocked" }), 2));
  assert.equal(world.isOpen(), false);
  world.isDiskBroken = false;
  world.time.advance(1_000);
  assert.equal(world.isOpen(), true);
  world.change(wire(aMode(), 3));
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), [
    "DEV_DOOR_START_RELAY_ON_BY_OPERATOR",
    "DEV_DOOR_RELAY_ON",
    "DEV_DOOR_RELAY_OFF",
    "DEV_DOOR_END_RELAY_ON_BY_OPERATOR",
  ]);
});

test("controller: a lockdown cuts an opening short, also without a disk", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  await world.present();
  world.isDiskBroken = true;
  world.change(wire(aMode({ lockdown: true }), 3));
  assert.equal(world.isOpen(), false);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "lockdown", person: PERSON });
  world.isDiskBroken = false;
  world.change(wire(aMode({ lockdown: false }), 4));
  assert.equal(world.types().at(-1), "DOOR_LOCKDOWN_OFF");
});

test("controller: a schedule unlocks and locks the door as its time comes", async (context) => {
  const minute = 12 * 60;
  const weekly = Array.from({ length: 7 }, () => [{ fromMinute: minute + 1, toMinute: minute + 2 }]);
  const world = await DoorWorld.start(context, [
    wire(aSchedule({ id: 7, schedule: { weekly, holidays: [] } }), 2),
    wire(aDoor({ scheduledUnlockId: 7 }), 2),
  ]);
  assert.equal(world.isOpen(), false);
  world.time.advance(61_000);
  assert.equal(world.isOpen(), true);
  world.time.advance(60_000);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.types(), [
    "DEV_DOOR_START_RELAY_ON_BY_SCHEDULE",
    "DEV_DOOR_RELAY_ON",
    "DEV_DOOR_RELAY_OFF",
    "DEV_DOOR_END_RELAY_ON_BY_SCHEDULE",
  ]);
});

test("controller: a relay left on by a killed controller is switched off and recorded at the next start", async (context) => {
  const folder = temporaryFolder(context);
  const killed = await DoorWorld.start(context, [anAuthAt2()], { folder });
  await killed.present();
  killed.close();
  const world = await DoorWorld.start(context, [], { folder });
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.events(), [
    { eventAt: NOW_MS, eventType: "DEV_DOOR_RELAY_OFF", ...AT_DOOR, detail: { reason: "controller_started" } },
  ]);
});

test("controller: a stop leaves every door locked and says so", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  await world.present();
  await world.controller.stop();
  assert.equal(world.types().at(-1), "DEV_DOOR_RELAY_OFF");
  assert.deepEqual(world.time.running(), []);
});

test("controller: a revoked person is refused at the very next presentation", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  assert.equal((await world.present()).outcome, "opened");
  world.change(gone("auth:1000", 3));
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "unknown", person: null });
});

test("controller: a second factor is waited for, and both together open", async (context) => {
  const world = await DoorWorld.start(context, [withFace({ chains: [["CARD", "FACE"]] })]);
  assert.deepEqual(await world.present(), { outcome: "wait_factor", wanted: ["FACE"], person: PERSON });
  assert.equal(world.isOpen(), false);
  const face = { kind: "matched", factor: "FACE", authId: 1000 } as const;
  assert.equal((await world.driver.present(234, "entry", face)).outcome, "opened");
  world.time.advance(FACTOR_WAIT_MS);
  assert.deepEqual(world.events()[0], {
    eventAt: NOW_MS,
    eventType: "DEV_CARD_THEN_FACE_AUTH_SUCCESS",
    ...AT_DOOR,
    ...PERSON,
    detail: { chain: "CARD,FACE" },
  });
  assert.ok(!world.types().some((type) => type.endsWith("_FAIL")), "a factor that came is no failure later");
});

test("controller: a factor that does not come is a failure of that factor, with the person", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2({ chains: [["CARD", "FACE"]] })]);
  await world.present();
  world.time.advance(FACTOR_WAIT_MS - 1);
  assert.deepEqual(world.types(), []);
  world.time.advance(1);
  assert.deepEqual(world.events(), [
    { eventAt: NOW_MS + FACTOR_WAIT_MS, eventType: "DEV_FACE_AUTH_FAIL", ...AT_DOOR, ...PERSON, detail: { reason: "factor_timeout" } },
  ]);
});

test("controller: another person's factor ends the wait as failed and is judged alone", async (context) => {
  const other = withFace({ id: 1001, userId: 2001, cards: ["CSN:2"], chains: [["FACE"]] });
  const world = await DoorWorld.start(context, [withFace({ chains: [["CARD", "FACE"]] }), other]);
  await world.present();
  const face = { kind: "matched", factor: "FACE", authId: 1001 } as const;
  assert.deepEqual(await world.driver.present(234, "entry", face), { outcome: "opened", person: { authId: 1001, userId: 2001 } });
  assert.deepEqual(
    world
      .events()
      .slice(0, 2)
      .map(({ eventType, authId, detail }) => [eventType, authId, detail]),
    [
      ["DEV_FACE_AUTH_FAIL", 1000, { reason: "factor_failed" }],
      ["DEV_FACE_AUTH_SUCCESS", 1001, undefined],
    ],
  );
});

test("controller: somebody revoked while a factor was waited for is refused", async (context) => {
  const world = await DoorWorld.start(context, [withFace({ chains: [["CARD", "FACE"]] })]);
  await world.present();
  world.change(withFace({ chains: [["CARD", "FACE"]], status: "INACTIVE" }, 3));
  const face = { kind: "matched", factor: "FACE", authId: 1000 } as const;
  assert.deepEqual(await world.driver.present(234, "entry", face), { outcome: "refused", reason: "inactive", person: PERSON });
  assert.equal(world.isOpen(), false);
});

test("controller: the same card held up twice begins the chain anew", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2({ chains: [["CARD", "FACE"]] })]);
  await world.present();
  world.time.advance(FACTOR_WAIT_MS - 1);
  assert.equal((await world.present()).outcome, "wait_factor");
  world.time.advance(FACTOR_WAIT_MS - 1);
  assert.deepEqual(world.types(), [], "the first wait's clock does not end the second");
  world.time.advance(1);
  assert.equal(world.types().length, 1);
});

test("controller: a wanted vendor who cannot be asked is silent, and the door's policy decides", async (context) => {
  const confirmations = [{ credential: "card", identifies: false } as const];
  const denying = await DoorWorld.start(context, [anAuthAt2(), wire(aDoor({ confirmations }), 2)]);
  assert.deepEqual(await denying.present(), { outcome: "refused", reason: "vendor_silent", person: PERSON });
  assert.deepEqual(denying.types(), ["DEV_CARD_AUTH_SUCCESS", "VENDOR_AUTH_FAIL", "VENDOR_SILENCE_BEGIN"]);
  const allowing = await DoorWorld.start(context, [anAuthAt2(), wire(aDoor({ confirmations, whenVendorSilent: "allow" }), 2)]);
  assert.equal((await allowing.present()).outcome, "opened");
});

test("controller: in the vendor's silence a door that allows those it knows lets in whom the log says the vendor confirmed lately", async (context) => {
  const confirmations = [{ credential: "card", identifies: false } as const];
  const known = wire(aDoor({ confirmations, whenVendorSilent: "allow_known", vendorKnownMs: 3_600_000 }), 2);
  const world = await DoorWorld.start(context, [anAuthAt2(), known]);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "vendor_silent", person: PERSON });
  // What the customer's answer will be written down as.
  world.outbox.append([{ eventAt: NOW_MS, eventType: "VENDOR_AUTH_SUCCESS", doorId: 234, deviceId: 434, authId: PERSON.authId }]);
  world.outbox.append([{ eventAt: NOW_MS, eventType: "VENDOR_AUTH_SUCCESS", doorId: 234, deviceId: 434, authId: 77 }]);
  assert.equal((await world.present()).outcome, "opened");
  world.time.advance(3_600_000 - (world.clock.stampMs() - NOW_MS));
  assert.equal((await world.present()).outcome, "opened", "to the very end of the time");
  world.time.advance(1);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "vendor_silent", person: PERSON });
  assert.equal(world.outbox.vendorConfirmedMs(PERSON.authId), NOW_MS);
  world.outbox.trim(NOW_MS + 31 * DAY_MS);
  assert.equal(world.outbox.vendorConfirmedMs(PERSON.authId), null);
});

test("controller: the vendor's silence is recorded once with the door's policy, and its end once nobody is asked any more", async (context) => {
  const confirmations = [{ credential: "card", identifies: false } as const];
  const world = await DoorWorld.start(context, [anAuthAt2(), wire(aDoor({ confirmations, whenVendorSilent: "allow" }), 2)]);
  await world.present();
  await world.present();
  const begun = world.events().filter(({ eventType }) => eventType === "VENDOR_SILENCE_BEGIN");
  assert.deepEqual(
    begun.map(({ detail }) => detail),
    [{ policy: "allow" }],
  );
  assert.deepEqual(
    world.outbox.openAlarms().map(({ alarm }) => alarm),
    ["vendor_silent"],
  );
  world.time.advance(5_000);
  assert.equal(world.types().includes("VENDOR_SILENCE_END"), false);
  world.change(wire(aDoor(), 3));
  world.time.advance(1_000);
  assert.equal(world.types().filter((type) => type === "VENDOR_SILENCE_END").length, 1);
  assert.deepEqual(world.outbox.openAlarms(), []);
});

test("controller: without a clock everybody with a period is refused", async (context) => {
  const { ManualTime } = await import("../support/manual-time.ts");
  const world = await DoorWorld.start(context, [anAuthAt2()], { time: new ManualTime(1_000) });
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "no_clock", person: PERSON });
  world.clock.contact(NOW_MS);
  assert.equal((await world.present()).outcome, "opened");
});

test("controller: a belief older than the door allows refuses, and is recorded once", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2(), wire(aDoor({ beliefAgeMsMax: 60_000 }), 2)]);
  world.clock.contact(NOW_MS);
  assert.equal((await world.present()).outcome, "opened");
  world.time.advance(62_000);
  assert.equal((await world.present()).outcome, "refused");
  world.time.advance(10_000);
  assert.equal(world.types().filter((type) => type === "BELIEF_TOO_OLD").length, 1);
  world.clock.heard();
  assert.equal((await world.present()).outcome, "opened");
  world.time.advance(2_000);
  assert.deepEqual(
    world.types().filter((type) => type.startsWith("BELIEF_")),
    ["BELIEF_TOO_OLD", "BELIEF_RENEWED"],
  );
});

test("controller: the sensor's reports are recorded when they change something", async (context) => {
  const world = await DoorWorld.start(context);
  for (const isOpen of [true, true, false]) world.driver.moveDoor(234, isOpen);
  assert.deepEqual(world.types(), ["DEV_DOOR_SENSOR_OPEN", "DEV_DOOR_SENSOR_CLOSE"]);
});

test("controller: a relay that fails is recorded, and the person is not told that the door opened", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  await world.controller.serve([]);
  world.driver.connect = (wiring) => {
    const again = VirtualDriver.prototype.connect.call(world.driver, wiring);
    again.relay.pulse = () => Promise.reject(new TypeError("no such relay"));
    return again;
  };
  await world.controller.serve([{ doorId: 234, entryDeviceId: 434, exitDeviceId: null }]);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "error", person: PERSON });
  const failure = world.events().find((event) => event.eventType === "DRIVER_FAILED");
  assert.deepEqual([failure?.doorId, failure?.detail], [234, { part: "relay" }]);
});

test("controller: a decision that fails refuses, and never opens", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2()]);
  world.replica.contents.schedule = () => {
    throw new TypeError("a bug of ours");
  };
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "error", person: PERSON });
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.events().at(-1)?.detail, { reason: "error" });
});

test("controller: a relay that hardware left on is switched off at the start, whatever the log says", async (context) => {
  const world = await DoorWorld.start(context, [wire(aDoor({ id: 900, entryDeviceId: 901 }), 2)]);
  const wiring = { doorId: 900, entryDeviceId: 901, exitDeviceId: null };
  const ports = world.driver.connect(wiring);
  await ports.relay.hold(true);
  world.driver.connect = () => ports;
  await world.controller.serve([wiring]);
  assert.equal(world.isOpen(900), false);
});

test("controller: hardware that reports the same twice is recorded once", async (context) => {
  const world = await DoorWorld.start(context, [wire(aDoor({ id: 900, entryDeviceId: 901 }), 2)]);
  const wiring = { doorId: 900, entryDeviceId: 901, exitDeviceId: null };
  const ports = world.driver.connect(wiring);
  let report: (isOn: boolean) => void = () => undefined;
  ports.relay.listen = (listener) => {
    report = listener;
  };
  world.driver.connect = () => ports;
  await world.controller.serve([wiring]);
  for (const isOn of [false, true, true, false, false]) report(isOn);
  assert.deepEqual(world.types(), ["DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"]);
});

test("controller: a hold that the hardware lost is asked for again", async (context) => {
  const world = await DoorWorld.start(context, [
    wire(aDoor({ id: 900, entryDeviceId: 901 }), 2),
    wire(aMode({ id: 900, operator: "unlocked" }), 2),
  ]);
  const wiring = { doorId: 900, entryDeviceId: 901, exitDeviceId: null };
  const ports = world.driver.connect(wiring);
  world.driver.connect = () => ports;
  await world.controller.serve([wiring]);
  assert.equal(world.isOpen(900), true);
  await ports.relay.lock();
  assert.equal(world.isOpen(900), false);
  world.time.advance(1_000);
  assert.equal(world.isOpen(900), true);
});

test("controller: a second door is served by itself", async (context) => {
  const doors = [
    { doorId: 234, entryDeviceId: 434, exitDeviceId: null },
    { doorId: 235, entryDeviceId: 435, exitDeviceId: 535 },
  ];
  const world = await DoorWorld.start(
    context,
    [anAuthAt2({ doors: [235] }), wire(aDoor({ id: 235, entryDeviceId: 435, exitDeviceId: 535 }), 2)],
    { doors },
  );
  assert.equal((await world.present("12345", 234)).outcome, "refused");
  assert.equal((await world.driver.present(235, "exit", aCard())).outcome, "opened");
  assert.deepEqual([world.isOpen(234), world.isOpen(235)], [false, true]);
  assert.deepEqual(world.events().slice(1, 2), [
    { eventAt: NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: 235, deviceId: 535, ...PERSON },
  ]);
});

test("controller: what cannot be recorded for long is bounded, and how much was dropped is a fact", async (context) => {
  const world = await DoorWorld.start(context);
  world.isDiskBroken = true;
  for (let count = 0; count < UNRECORDED_EVENTS_MAX + 5; count += 1) world.driver.moveDoor(234, count % 2 === 0);
  world.isDiskBroken = false;
  world.time.advance(1_000);
  assert.equal(world.outbox.last, 1 + UNRECORDED_EVENTS_MAX + 1);
  const last = world.outbox.batchFrom({ generation: world.outbox.generation, from: world.outbox.last });
  assert.deepEqual(last?.events, [
    { eventAt: NOW_MS + 1_000, eventType: "DRIVER_FAILED", detail: { part: "disk", countLate: UNRECORDED_EVENTS_MAX, countDropped: 5 } },
  ]);
});

test("controller: it decides as the shared decision function does", async (context) => {
  const world = await DoorWorld.start(context, [anAuthAt2({ endMs: NOW_MS + DAY_MS })]);
  const auth = world.replica.contents.auth(1000);
  const decision = decideAccess({
    nowMs: NOW_MS,
    door: aDoor(),
    mode: { kind: "credentials" },
    auth,
    schedules: new Map(),
    utcTransitions: [],
    proven: ["CARD"],
    confirmation: "not_asked",
    beliefAgeMs: null,
  });
  assert.equal(decision.kind === "granted", (await world.present()).outcome === "opened");
});
