import assert from "node:assert/strict";
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import sharp from "sharp";
import { renderSVG } from "uqr";
import { type RunningController, startController } from "../../src/app.ts";
import { askVirtualDriver } from "../../src/drivers/virtual/ask-virtual-driver.ts";
import { readControlRequest } from "../../src/drivers/virtual/control-protocol.ts";
import { controlSocketPath } from "../../src/drivers/virtual/socket-path.ts";
import { CONTROL_REQUEST_BYTES_MAX } from "../../src/limits.ts";
import { aDoor, anAuth, aSchedule, basicRoster, rosterFrame, wire } from "../support/builders.ts";
import { type ClaimedFolder, claimedFolder } from "../support/claimed-folder.ts";
import { LinkServer } from "../support/link-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ASK = { timeoutMs: 5_000 };

interface Started {
  readonly controller: RunningController;
  readonly socketPath: string;
  readonly folder: ClaimedFolder;
  /** Brings the replica to revision 3. */
  readonly replica: (items: WireItem[]) => Promise<void>;
}

async function start(context: TestContext): Promise<Started> {
  const server = await LinkServer.start(context);
  const folder = claimedFolder(context, { mqttUrl: server.url });
  const common = { log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom };
  const controller = await startController({ dataDir: folder.dataDir, mqttUrl: server.url, ...common });
  context.after(() => controller.stop());
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome();
  peer.roster(rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], { completeTo: 2 }));
  await controller.whenSynced(2);
  const replica = async (items: WireItem[]): Promise<void> => {
    peer.roster(rosterFrame(items, { batch: 2, completeTo: 3 }));
    await controller.whenSynced(3);
  };
  return { controller, socketPath: controller.socketPath ?? "", folder, replica };
}

test("virtual driver: a card is presented over the socket, and the answer says what came of it", async (context) => {
  const { socketPath } = await start(context);
  const opened = await askVirtualDriver(
    socketPath,
    { op: "present", doorId: 234, card: { cardNumber: "0012345", formatType: "CSN" } },
    ASK,
  );
  assert.deepEqual(opened, { doorId: 234, deviceId: 434, outcome: "opened", authId: 1000, userId: 2000, relay: "on" });
  const refused = await askVirtualDriver(socketPath, { op: "present", doorId: 234, card: { cardNumber: "99" } }, ASK);
  assert.deepEqual(refused, { doorId: 234, deviceId: 434, outcome: "refused", reason: "unknown", relay: "on" });
});

test("virtual driver: a code is presented as its text or as a picture of it, and a picture without one is no attempt", async (context) => {
  const { socketPath, folder } = await start(context);
  const ask = (thing: { qr: string } | { qrPicture: string }) =>
    askVirtualDriver(socketPath, { op: "present", doorId: 234, ...thing }, ASK);
  const refused = { doorId: 234, deviceId: 434, outcome: "refused", reason: "unknown", relay: "off" };
  assert.deepEqual(await ask({ qr: "TICKET" }), refused);
  const [code, blank] = [join(folder.dataDir, "code.png"), join(folder.dataDir, "blank.png")];
  await sharp(Buffer.from(renderSVG("TICKET", { border: 4, pixelSize: 6 })))
    .png()
    .toFile(code);
  assert.deepEqual(await ask({ qrPicture: code }), refused);
  await sharp({ create: { width: 64, height: 64, channels: 3, background: "#777" } })
    .png()
    .toFile(blank);
  await assert.rejects(ask({ qrPicture: blank }), { code: "qr_unclear" });
  await assert.rejects(ask({ qrPicture: "code.png" }), { code: "request_malformed" });
  await assert.rejects(ask({ qr: "" }), { code: "request_malformed" });
});

test("virtual driver: the state names each door, the link and the digest, and no person", async (context) => {
  const { controller, socketPath } = await start(context);
  await askVirtualDriver(socketPath, { op: "present", doorId: 234, card: { cardNumber: "12345" } }, ASK);
  const state = await askVirtualDriver(socketPath, { op: "state" }, ASK);
  assert.equal(state.uplink, "live");
  assert.equal(state.roster.completeTo, 2);
  assert.equal(state.roster.digest, controller.state().roster.digest);
  const [door] = state.doors;
  assert.deepEqual(
    [door?.doorId, door?.name, door?.relay, door?.mode, door?.lastDecision?.outcome],
    [234, "Entrance", "on", { kind: "credentials" }, "opened"],
  );
  assert.ok(!JSON.stringify(state).includes("Ada"));
});

test("virtual driver: sensor, button and fire signal are pressed by hand", async (context) => {
  const { socketPath, controller } = await start(context);
  assert.deepEqual(await askVirtualDriver(socketPath, { op: "exit_button", doorId: 234 }, ASK), { doorId: 234, relay: "on" });
  await askVirtualDriver(socketPath, { op: "sensor", doorId: 234, isOpen: true }, ASK);
  await askVirtualDriver(socketPath, { op: "fire", doorId: 234, isOn: true }, ASK);
  const [door] = controller.state().doors;
  assert.deepEqual([door?.sensor, door?.isFireSignalled, door?.mode], ["open", true, { kind: "unlocked", by: "fire" }]);
});

test("virtual driver: what goes wrong at a door is done by hand, and the state says what it is", async (context) => {
  const { socketPath, replica } = await start(context);
  const state = async () => (await askVirtualDriver(socketPath, { op: "state", doorId: 234 }, ASK)).doors[0];
  const before = await state();
  assert.deepEqual(
    [before?.alarms, before?.tamperedDeviceIds, before?.faults, before?.waits, before?.firstPersonIn],
    [[], [], [], [], null],
  );
  await replica([
    wire(aSchedule(), 3),
    wire(aDoor({ forcedOpenAlarm: true, firstPersonIn: true, scheduledUnlockId: 333 }), 3),
    wire(anAuth({ startMs: 0, endMs: 2 ** 42, chains: [["CARD", "FACE"]] }), 3),
  ]);
  await askVirtualDriver(socketPath, { op: "sensor", doorId: 234, isOpen: true }, ASK);
  await askVirtualDriver(socketPath, { op: "tamper", doorId: 234, isOn: true }, ASK);
  await askVirtualDriver(socketPath, { op: "present", doorId: 234, card: { cardNumber: "12345" } }, ASK);
  await askVirtualDriver(socketPath, { op: "fault", doorId: 234, part: "entry_reader", isOn: true }, ASK);
  assert.deepEqual(await askVirtualDriver(socketPath, { op: "power", doorId: 234, isOn: false }, ASK), { doorId: 234, relay: "off" });
  const door = await state();
  assert.deepEqual(
    [door?.alarms, door?.tamperedDeviceIds, door?.faults, door?.waits, door?.firstPersonIn],
    [["forced_open"], [434], ["entry_reader", "power"], [{ deviceId: 434, wanted: ["FACE"] }], { atMs: null }],
  );
  await assert.rejects(askVirtualDriver(socketPath, { op: "exit_button", doorId: 234 }, ASK), { code: "part_dead" });
});

test("virtual driver: without power a fail-safe door of the roster opens, and with it says when the first person came", async (context) => {
  const { socketPath, replica } = await start(context);
  await replica([wire(aSchedule(), 3), wire(aDoor({ lockType: "fail_safe", firstPersonIn: true, scheduledUnlockId: 333 }), 3)]);
  assert.equal((await askVirtualDriver(socketPath, { op: "power", doorId: 234, isOn: false }, ASK)).relay, "on");
  assert.equal((await askVirtualDriver(socketPath, { op: "power", doorId: 234, isOn: true }, ASK)).relay, "off");
  await askVirtualDriver(socketPath, { op: "present", doorId: 234, card: { cardNumber: "12345" } }, ASK);
  const { doors } = await askVirtualDriver(socketPath, { op: "state" }, ASK);
  assert.deepEqual(doors[0]?.mode, { kind: "unlocked", by: "schedule" });
  assert.equal(typeof doors[0]?.firstPersonIn?.atMs, "number");
});

test("virtual driver: an unknown door, a bad card and nonsense are answered with a code each", async (context) => {
  const { socketPath } = await start(context);
  await assert.rejects(askVirtualDriver(socketPath, { op: "present", doorId: 7, card: { cardNumber: "1" } }, ASK), {
    code: "door_unknown",
  });
  await assert.rejects(askVirtualDriver(socketPath, { op: "state", doorId: 7 }, ASK), { code: "door_unknown" });
  await assert.rejects(askVirtualDriver(socketPath, { op: "present", doorId: 234, side: "exit", card: { cardNumber: "1" } }, ASK), {
    code: "exit_missing",
  });
  for (const request of [
    { op: "tamper", doorId: 234, side: "exit", isOn: true },
    { op: "fault", doorId: 234, part: "exit_reader", isOn: true },
  ] as const) {
    await assert.rejects(askVirtualDriver(socketPath, request, ASK), { code: "exit_missing" });
  }
  await assert.rejects(askVirtualDriver(socketPath, { op: "present", doorId: 234, card: { cardNumber: "zero" } }, ASK), {
    code: "request_malformed",
  });
  for (const line of [
    "",
    "[]",
    "nonsense",
    '{"op":"open","doorId":234}',
    '{"op":"present","doorId":234}',
    '{"op":"sensor","doorId":234}',
    '{"op":"state","doorId":-1}',
    '{"op":"tamper","doorId":234}',
    '{"op":"tamper","doorId":234,"isOn":true,"side":"top"}',
    '{"op":"power","doorId":234,"isOn":"off"}',
    '{"op":"fault","doorId":234,"isOn":true}',
    '{"op":"fault","doorId":234,"isOn":true,"part":"power"}',
  ]) {
    assert.equal(readControlRequest(line).ok, false, line);
  }
});

test("virtual driver: a line beyond its limit closes that connection and no other", async (context) => {
  const { socketPath } = await start(context);
  const socket = createConnection(socketPath);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => undefined);
  socket.write("x".repeat(CONTROL_REQUEST_BYTES_MAX + 1));
  await closed;
  assert.equal((await askVirtualDriver(socketPath, { op: "state" }, ASK)).serial, "540000178");
});

test("virtual driver: only its owner may enter where the socket is, and control.json says where until the stop", async (context) => {
  const { controller, socketPath, folder } = await start(context);
  assert.equal(statSync(join(socketPath, "..")).mode & 0o777, 0o700);
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  assert.ok(Buffer.byteLength(socketPath) < 104);
  const control = JSON.parse(readFileSync(join(folder.dataDir, "control.json"), "utf8"));
  assert.deepEqual(control, { socketPath, doorIds: [234], serial: "540000178" });
  assert.equal(statSync(folder.dataDir).mode & 0o777, 0o700);
  await controller.stop();
  assert.equal(existsSync(join(folder.dataDir, "control.json")), false);
  assert.equal(existsSync(socketPath), false);
  await assert.rejects(askVirtualDriver(socketPath, { op: "state" }, ASK), { code: "virtual_driver_away" });
});

test("virtual driver: a folder that others may enter is closed to them before it is used", (context) => {
  const dataDir = temporaryFolder(context);
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = temporaryFolder(context);
  context.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const run = join(controlSocketPath(dataDir), "..");
  chmodSync(run, 0o777);
  controlSocketPath(dataDir);
  assert.equal(lstatSync(run).mode & 0o777, 0o700);
});

test("virtual driver: where the run folder should be but is none, the socket is refused", (context) => {
  const dataDir = temporaryFolder(context);
  const before = process.env["TMPDIR"];
  const parent = temporaryFolder(context);
  process.env["TMPDIR"] = parent;
  context.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  writeFileSync(join(parent, `postern-${process.geteuid?.() ?? 0}`), "");
  assert.throws(() => controlSocketPath(dataDir));
});

test("virtual driver: a long temporary folder does not make the socket's path too long", (context) => {
  const dataDir = temporaryFolder(context);
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = join(temporaryFolder(context), "x".repeat(120));
  context.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  assert.ok(Buffer.byteLength(controlSocketPath(dataDir)) < 104);
});
