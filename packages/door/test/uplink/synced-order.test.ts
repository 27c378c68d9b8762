import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { seededRandom, silentLog } from "@postern/core";
import { DoorClock } from "../../src/controller/door-clock.ts";
import { Replica } from "../../src/replica/replica.ts";
import type { LinkListener } from "../../src/uplink/link-connection.ts";
import { Uplink } from "../../src/uplink/uplink.ts";
import { anAuth, basicRoster, NOW_MS, rosterFrame, SERVED, wire } from "../support/builders.ts";
import { eventually } from "../support/eventually.ts";
import { ManualTime } from "../support/manual-time.ts";
import { openOutbox } from "../support/outbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function linkInMemory(context: Parameters<typeof temporaryFolder>[0]) {
  const folder = temporaryFolder(context);
  const replica = Replica.open(join(folder, "replica.db"), silentLog);
  const outbox = openOutbox(join(folder, "outbox.db"));
  context.after(() => replica.close());
  context.after(() => outbox.close());
  const time = new ManualTime();
  const sent: { kind: string; payload: string; held: unknown }[] = [];
  const listeners: LinkListener[] = [];
  const disk = new DatabaseSync(join(folder, "replica.db"));
  context.after(() => disk.isOpen && disk.close());
  const uplink = new Uplink({
    serial: "540000178",
    url: "mqtt://nowhere",
    software: "test",
    signToken: async () => "token",
    askServerTime: async () => null,
    openLink: (_options, listener) => {
      listeners.push(listener);
      return {
        send: async (kind, payload) =>
          void sent.push({
            kind,
            payload,
            held: disk.prepare("select complete_to, (select count(*) from items) as items from state").get(),
          }),
        close: () => undefined,
      };
    },
    replica,
    outbox,
    doorClock: new DoorClock(time, { newestMs: null, heardMs: null }),
    clock: time,
    timers: time,
    random: seededRandom(1),
    log: silentLog,
    onWelcome: () => undefined,
    onServerTime: () => undefined,
    onRosterChanged: () => undefined,
    onCommand: () => Promise.resolve({ outcome: "done" }),
    onStateChanged: () => undefined,
  });
  const bytes = (frame: object): Uint8Array => Buffer.from(JSON.stringify(frame));
  return { uplink, sent, listeners, bytes, time, disk, replica };
}

const WELCOME = { session: 1, controllerId: 1, placeId: 1, epoch: "one", serverMs: NOW_MS, doors: SERVED, marks: [] };
const FRAME = rosterFrame([...basicRoster(), wire(anAuth(), 2)], { completeTo: 2 });

test("controller: when synced goes out, what it says is on the disk", async (context) => {
  const { uplink, sent, listeners, bytes } = linkInMemory(context);
  uplink.start();
  await eventually("a connection", () => listeners.length === 1);
  listeners[0]?.onConnected();
  listeners[0]?.onFrame("welcome", bytes(WELCOME));
  listeners[0]?.onFrame("roster", bytes(FRAME));
  const synced = sent.find((frame) => frame.kind === "synced");
  assert.deepEqual({ ...(synced?.held as object) }, { complete_to: 2, items: 5 });
});

test("controller: a roster frame that cannot be written is not answered, and the connection is given up", async (context) => {
  const { uplink, sent, listeners, bytes, time, disk, replica } = linkInMemory(context);
  uplink.start();
  await eventually("a connection", () => listeners.length === 1);
  listeners[0]?.onConnected();
  listeners[0]?.onFrame("welcome", bytes(WELCOME));
  disk.exec("begin immediate");
  listeners[0]?.onFrame("roster", bytes(FRAME));
  disk.exec("rollback");
  assert.deepEqual(
    sent.filter((frame) => frame.kind === "synced"),
    [],
  );
  assert.equal(uplink.kind, "waiting");
  assert.equal(replica.contents.itemCount, 0, "what is decided on is what is on the disk");
  time.advance(30_000);
  await eventually("a second connection", () => listeners.length === 2);
  listeners[1]?.onConnected();
  listeners[1]?.onFrame("welcome", bytes({ ...WELCOME, session: 2 }));
  listeners[1]?.onFrame("roster", bytes(FRAME));
  assert.equal(sent.filter((frame) => frame.kind === "synced").length, 1);
});

test("link: frames of a connection that was given up change nothing any more", async (context) => {
  const { uplink, listeners, bytes, time, replica } = linkInMemory(context);
  uplink.start();
  await eventually("a connection", () => listeners.length === 1);
  listeners[0]?.onConnected();
  listeners[0]?.onFrame("welcome", bytes(WELCOME));
  listeners[0]?.onLost(null);
  time.advance(30_000);
  await eventually("a second connection", () => listeners.length === 2);
  listeners[1]?.onConnected();
  listeners[1]?.onFrame("welcome", bytes({ ...WELCOME, session: 2 }));
  listeners[0]?.onFrame("roster", bytes(FRAME));
  listeners[0]?.onLost(null);
  assert.equal(replica.contents.itemCount, 0);
  assert.equal(uplink.kind, "live");
});

test("link: a server that does not answer the hello, or the events, is left for another attempt", async (context) => {
  const { uplink, listeners, bytes, time } = linkInMemory(context);
  uplink.start();
  await eventually("a connection", () => listeners.length === 1);
  time.advance(9_000);
  listeners[0]?.onConnected();
  time.advance(9_999);
  assert.equal(uplink.kind, "greeting", "a slow connection does not shorten the server's time to answer");
  time.advance(1);
  assert.equal(uplink.kind, "waiting");
  time.advance(30_000);
  await eventually("a second connection", () => listeners.length === 2);
  listeners[1]?.onConnected();
  listeners[1]?.onFrame("welcome", bytes(WELCOME));
  time.advance(9_999);
  assert.equal(uplink.kind, "live");
  time.advance(1);
  assert.equal(uplink.kind, "waiting");
  uplink.stop();
  assert.equal(uplink.kind, "idle");
  assert.deepEqual(time.running(), []);
});
