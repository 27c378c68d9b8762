import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import type { EventsFrame, LinkEvent } from "@postern/contract";
import { type Clock, silentLog, systemClock, systemRandom, systemTimers, type Timers } from "@postern/core";
import { jwtVerify } from "jose";
import { type RunningController, startController } from "../../src/app.ts";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { CLOCK_PLAUSIBLE_FROM_MS } from "../../src/limits.ts";
import { anAuth, basicRoster, gone, rosterFrame, wire } from "../support/builders.ts";
import { type ClaimedFolder, claimedFolder } from "../support/claimed-folder.ts";
import { aCard } from "../support/door-world.ts";
import { eventually } from "../support/eventually.ts";
import { type LinkPeer, LinkServer } from "../support/link-server.ts";
import { ModelLedger } from "../support/model-ledger.ts";

interface World {
  readonly server: LinkServer;
  readonly folder: ClaimedFolder;
  readonly controller: RunningController;
  readonly driver: VirtualDriver;
}

async function start(
  context: TestContext,
  options: { server?: LinkServer; folder?: ClaimedFolder; clock?: Clock; timers?: Timers } = {},
): Promise<World> {
  const server = options.server ?? (await LinkServer.start(context));
  const folder = options.folder ?? claimedFolder(context, { mqttUrl: server.url });
  const clock = options.clock ?? systemClock;
  const driver = new VirtualDriver(clock, systemTimers);
  const controller = await startController({
    dataDir: folder.dataDir,
    mqttUrl: server.url,
    log: silentLog,
    clock,
    timers: options.timers ?? systemTimers,
    random: systemRandom,
    driver,
  });
  context.after(() => controller.stop());
  context.after(() => assert.deepEqual(server.problems, []));
  return { server, folder, controller, driver };
}

async function greet(server: LinkServer, changes: Parameters<LinkPeer["welcome"]>[0] = {}): Promise<LinkPeer> {
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome(changes);
  return peer;
}

/** Answers one frame as a ledger would, and returns it. */
async function store(peer: LinkPeer, ledger: ModelLedger): Promise<EventsFrame> {
  const frame = await peer.next("events");
  peer.stored(ledger.append(frame));
  return frame;
}

test("link: the password is a token of a minute that names the serial, signed with the controller's own key", async (context) => {
  const { server, folder } = await start(context);
  const peer = await server.peer();
  const { payload, protectedHeader } = await jwtVerify(peer.password, folder.publicKey, {
    audience: "postern-link",
    subject: folder.serial,
  });
  assert.equal(protectedHeader.alg, "EdDSA");
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60);
});

test("link: the first hello says that nothing is held, and the log that began", async (context) => {
  const { server } = await start(context);
  const hello = await (await server.peer()).next("hello");
  assert.equal(hello.epoch, null);
  assert.deepEqual([hello.roster.urgentTo, hello.roster.completeTo, hello.roster.itemCount], [0, 0, 0]);
  assert.equal(hello.log.generations.length, 1);
  assert.deepEqual(
    hello.log.generations.map(({ predecessor, first, last }) => ({ predecessor, first, last })),
    [{ predecessor: null, first: 1, last: 1 }],
  );
});

test("link: a roster frame is answered with what is held, and a card it brought opens", async (context) => {
  const { server, controller, driver } = await start(context);
  const peer = await greet(server);
  peer.roster(rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], { batch: 1, urgentTo: 2, completeTo: 2 }));
  const synced = await peer.next("synced");
  assert.deepEqual([synced.session, synced.batch, synced.urgentTo, synced.completeTo, synced.failures], [1, 1, 2, 2, []]);
  assert.equal(synced.digest, controller.state().roster.digest);
  await controller.whenSynced(2);
  assert.equal((await driver.present(234, "entry", aCard())).outcome, "opened");
});

test("link: events are sent one frame at a time, from the first record on, and each only until it is stored", async (context) => {
  const { server, driver, controller } = await start(context);
  const ledger = new ModelLedger();
  const peer = await greet(server);
  const first = await peer.next("events");
  assert.deepEqual([first.first, first.predecessor, first.session], [1, null, 1]);
  await eventually("the door is served", () => controller.state().doors.length === 1);
  await driver.present(234, "entry", aCard());
  driver.moveDoor(234, true);
  peer.stored(ledger.append(first));
  const second = await store(peer, ledger);
  assert.equal(second.first, 2);
  assert.deepEqual(
    second.events.map((event) => (event as LinkEvent).eventType),
    ["DEV_CARD_AUTH_FAIL", "DEV_DOOR_SENSOR_OPEN"],
  );
  driver.moveDoor(234, false);
  assert.equal((await store(peer, ledger)).first, 4);
  assert.equal(peer.frames.length, 0);
});

test("link: after a lost connection it greets again soon and sends from the server's mark on", async (context) => {
  const { server, driver, controller } = await start(context);
  const ledger = new ModelLedger();
  const peer = await greet(server);
  await eventually("the door is served", () => controller.state().doors.length === 1);
  driver.moveDoor(234, true);
  ledger.append(await peer.next("events"));
  peer.drop();
  const again = await server.peer();
  const hello = await again.next("hello");
  again.welcome({ session: 2, marks: ledger.welcome(hello) });
  await store(again, ledger);
  const types = ledger.entries.map(({ event }) => (event as LinkEvent).eventType);
  assert.deepEqual(types, ["DEV_DEVICE_START", "DEV_DOOR_SENSOR_OPEN"]);
});

test("link: frames name the session of the welcome they follow", async (context) => {
  const { server } = await start(context);
  const peer = await greet(server, { session: 41 });
  peer.roster(rosterFrame(basicRoster(), { batch: 1, completeTo: 1 }));
  assert.equal((await peer.next("synced")).session, 41);
  assert.equal((await peer.next("events")).session, 41);
  peer.drop();
  const again = await greet(server, { session: 42 });
  assert.equal((await again.next("events")).session, 42);
});

test("link: a controller whose clock is a year behind gets in by the server's own time", async (context) => {
  const YEAR_MS = 365 * 86_400_000;
  const health = createServer((_request, answer) => answer.end(JSON.stringify({ status: "ok", nowMs: Date.now() })));
  health.listen(0, "127.0.0.1");
  await once(health, "listening");
  context.after(() => health.close());
  const server = await LinkServer.start(context);
  const folder = claimedFolder(context, { mqttUrl: server.url, serverUrl: `http://127.0.0.1:${(health.address() as AddressInfo).port}` });
  server.admit = async (_serial, password) => {
    const isGood = await jwtVerify(password, folder.publicKey).then(
      ({ payload }) => (payload.iat ?? 0) * 1_000 > Date.now() - 60_000,
      () => false,
    );
    return isGood ? 0 : 5;
  };
  const clock: Clock = { nowMs: () => Date.now() - YEAR_MS, monotonicMs: systemClock.monotonicMs };
  const { controller } = await start(context, { server, folder, clock });
  const ledger = new ModelLedger();
  const peer = await greet(server);
  assert.ok(server.refusedCount >= 1);
  await store(peer, ledger);
  assert.ok(Math.abs((controller.state().nowMs ?? 0) - Date.now()) < 5_000, "the welcome has set the clock");
  const step = ledger.entries[1]?.event as LinkEvent;
  assert.equal(step.eventType, "CLOCK_STEPPED");
  assert.ok(Math.abs(Number(step.detail?.["stepMs"]) - YEAR_MS) < 10_000);
});

/** What the outbox remembers of the time. */
function newestWritten({ dataDir }: ClaimedFolder): number | null {
  const disk = new DatabaseSync(join(dataDir, "outbox.db"), { readOnly: true });
  const { newest_ms: newestMs } = disk.prepare("select newest_ms from state").get() as { newest_ms: number | null };
  disk.close();
  return newestMs;
}

test("link: in a session without events the server's time is asked for, and a clock that is wrong by then is set, with an event", async (context) => {
  const asksSoon: Timers = {
    after: (name, delayMs, action) => systemTimers.after(name, name === "uplink time_due" ? 10 : delayMs, action),
  };
  const { server, controller } = await start(context, { timers: asksSoon });
  const ledger = new ModelLedger();
  const peer = await greet(server);
  await store(peer, ledger);
  const asked = await peer.next("events");
  assert.deepEqual([asked.events, asked.first], [[], 2]);
  peer.stored({ ...ledger.append(asked), serverMs: Date.now() + 1 });
  const again = await peer.next("events");
  assert.deepEqual(again.events, [], "a clock that is right is asked after again, and makes no event");
  peer.stored({ ...ledger.append(again), serverMs: Date.now() + 3_600_000 });
  const frame = await peer.next("events");
  const [step] = frame.events as LinkEvent[];
  assert.equal(step?.eventType, "CLOCK_STEPPED");
  assert.ok(Math.abs(Number(step?.detail?.["stepMs"]) - 3_600_000) < 10_000);
  assert.ok(Math.abs((controller.state().nowMs ?? 0) - Date.now() - 3_600_000) < 10_000);
});

test("link: a server that answers without its time is one that never tells it, and the session lives", async (context) => {
  const asksSoon: Timers = {
    after: (name, delayMs, action) => systemTimers.after(name, name === "uplink time_due" ? 1 : delayMs, action),
  };
  const { server, controller } = await start(context, { timers: asksSoon });
  const ledger = new ModelLedger();
  const peer = await greet(server);
  for (let count = 0; count < 30; count += 1) await store(peer, ledger);
  assert.equal(controller.state().uplink, "live");
  assert.deepEqual(ledger.entries.length, 1);
});

test("link: a controller without a clock of its own writes the server's time down at once, so that the next power cut leaves it one", async (context) => {
  const clock: Clock = { nowMs: () => 0, monotonicMs: systemClock.monotonicMs };
  const { server, folder, controller } = await start(context, { clock });
  const beforeMs = newestWritten(folder);
  assert.ok(beforeMs === null || beforeMs < CLOCK_PLAUSIBLE_FROM_MS);
  await greet(server);
  await controller.whenLive();
  assert.ok(Math.abs((newestWritten(folder) ?? 0) - Date.now()) < 10_000);
});

test("link: a time that was too late by a year is not remembered once the server has set the clock", async (context) => {
  const clock: Clock = { nowMs: () => Date.now() + 365 * 86_400_000, monotonicMs: systemClock.monotonicMs };
  const { server, folder, controller } = await start(context, { clock });
  const peer = await greet(server);
  const frame = await peer.next("events");
  assert.equal((frame.events[1] as LinkEvent).eventType, "CLOCK_STEPPED");
  assert.ok(Math.abs((newestWritten(folder) ?? 0) - Date.now()) < 60_000);
  assert.equal(controller.state().uplink, "live");
});

test("link: a server that is away is looked for until it is back, and the door decides meanwhile", async (context) => {
  const first = await LinkServer.start(context);
  const { controller, driver } = await start(context, { server: first });
  const { port } = first;
  const peer = await greet(first);
  peer.roster(rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], { completeTo: 2 }));
  await controller.whenSynced(2);
  await first.stop();
  await eventually("the loss is noticed", () => controller.state().uplink !== "live");
  assert.equal((await driver.present(234, "entry", aCard())).outcome, "opened");
  const second = await LinkServer.start(context, port);
  const hello = await (await second.peer()).next("hello");
  assert.deepEqual([hello.epoch, hello.roster.completeTo, hello.roster.itemCount], ["one", 2, 5]);
  assert.equal(hello.log.generations[0]?.last, 3, "what happened offline is in the log");
});

test("link: a malformed frame closes the connection, and the next one begins clean", async (context) => {
  const { server, controller } = await start(context);
  const broken = await greet(server);
  broken.send("command", JSON.stringify({ id: 1 }));
  await eventually("the connection is closed", () => broken.isClosed);
  for (const bad of ['{"batch":0}', "not json", JSON.stringify({ batch: 1, items: [{ key: "door:0", revision: 1 }] })]) {
    const peer = await greet(server);
    peer.send("roster", bad);
    await eventually("the connection is closed", () => peer.isClosed);
  }
  const peer = await greet(server);
  peer.roster(rosterFrame(basicRoster(), { completeTo: 1 }));
  await controller.whenSynced(1);
});

test("link: an empty message that only asks whether anybody is there is no frame", async (context) => {
  const { server } = await start(context);
  const peer = await greet(server);
  peer.send("answer", "");
  peer.roster(rosterFrame([], { batch: 1 }));
  assert.equal((await peer.next("synced")).batch, 1);
});

test("link: what is expected is sent, and what is not kept is declared lost", async (context) => {
  const { server, driver, controller } = await start(context);
  const peer = await greet(server);
  const first = await peer.next("events");
  await eventually("the door is served", () => controller.state().doors.length === 1);
  driver.moveDoor(234, true);
  peer.stored({ generation: first.generation, through: 1, refused: [] });
  const second = await peer.next("events");
  assert.equal(second.first, 2);
  peer.stored({ generation: first.generation, through: 0, refused: [], expect: { generation: first.generation, from: 0 } });
  const again = await peer.next("events");
  assert.deepEqual([again.first, again.predecessor, again.events.length], [1, null, 2]);
  peer.stored({ generation: first.generation, through: 0, refused: [], expect: { generation: 999, from: 0 } });
  const beyond = await peer.next("events");
  assert.equal(beyond.first, 1, "a generation that nobody here knows is answered with all there is");
});

test("link: the doors of the welcome are served from then on, and others no more", async (context) => {
  const { server, controller } = await start(context);
  const peer = await greet(server);
  await eventually(
    "one door",
    () =>
      controller
        .state()
        .doors.map((door) => door.doorId)
        .join() === "234",
  );
  peer.drop();
  await greet(server, { session: 2, doors: [{ doorId: 235, entryDeviceId: 435, exitDeviceId: 436 }] });
  await eventually(
    "the other door",
    () =>
      controller
        .state()
        .doors.map((door) => door.doorId)
        .join() === "235",
  );
  assert.equal(controller.state().doors[0]?.exitDeviceId, 436);
});

test("link: a command under way is named in each hello until it was told what came of it, on whichever connection is there then", async (context) => {
  const { server, driver, controller } = await start(context);
  const peer = await server.peer();
  assert.deepEqual((await peer.next("hello")).commands, []);
  peer.welcome();
  await eventually("the door is served", () => controller.state().doors.length === 1);
  peer.send("command", { commandId: 9, command: "LEARN_CARD", deviceId: 434, notAfter: Date.now() + 60_000 });
  peer.roster(rosterFrame([], { batch: 1 }));
  await peer.next("synced");
  peer.drop();
  const second = await server.peer();
  assert.deepEqual((await second.next("hello")).commands, [9]);
  assert.equal((await driver.present(234, "entry", aCard("77"))).outcome, "learnt", "told before the welcome, when nobody hears it");
  second.drop();
  const third = await server.peer();
  assert.deepEqual((await third.next("hello")).commands, [9]);
  third.welcome({ session: 3 });
  const card = { cardNumber: "77", formatType: "CSN" };
  assert.deepEqual(await third.next("result"), { session: 3, commandId: 9, outcome: "done", card });
  third.drop();
  assert.deepEqual((await (await server.peer()).next("hello")).commands, []);
});

test("link: a revocation that the server sends is obeyed by the next presentation", async (context) => {
  const { server, controller, driver } = await start(context);
  const peer = await greet(server);
  peer.roster(rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], { completeTo: 2 }));
  await controller.whenSynced(2);
  peer.roster(rosterFrame([gone("auth:1000", 3)], { batch: 2, urgentTo: 3, completeTo: 3 }));
  await peer.next("synced");
  await peer.next("synced");
  assert.deepEqual(await driver.present(234, "entry", aCard()), { outcome: "refused", reason: "unknown", person: null });
});

test("link: a roster frame that comes again brings back nothing that a later one took away, and one left out ends the connection", async (context) => {
  const { server, controller, driver } = await start(context);
  const peer = await greet(server);
  const held = rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], { batch: 1, replace: true, completeTo: 2 });
  peer.roster(held);
  peer.roster(rosterFrame([gone("auth:1000", 3)], { batch: 2, urgentTo: 3, completeTo: 3 }));
  await controller.whenSynced(3);
  peer.roster(held);
  peer.roster(rosterFrame([], { batch: 3, urgentTo: 4, completeTo: 4 }));
  await controller.whenSynced(4);
  assert.deepEqual(await driver.present(234, "entry", aCard()), { outcome: "refused", reason: "unknown", person: null });
  peer.roster(rosterFrame([], { batch: 5, urgentTo: 6, completeTo: 6 }));
  await eventually("the connection is closed", () => peer.isClosed);
  assert.equal(controller.state().roster.urgentTo, 4);
});

test("link: stopping closes the connection, rejects whoever waits, and leaves the folder free", async (context) => {
  const { server, folder, controller } = await start(context);
  const peer = await greet(server);
  const waiting = controller.whenSynced(99);
  await Promise.all([controller.stop(), assert.rejects(waiting, { code: "stopping" })]);
  await eventually("the connection is closed", () => peer.isClosed);
  await assert.rejects(controller.whenSynced(99), { code: "stopping" });
  await start(context, { server, folder });
});
