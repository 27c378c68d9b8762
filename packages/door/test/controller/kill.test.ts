import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { LinkEvent, RosterFrame } from "@postern/contract";
import { askVirtualDriver } from "../../src/drivers/virtual/ask-virtual-driver.ts";
import { anAuth, basicRoster, rosterFrame, wire } from "../support/builders.ts";
import { type ClaimedFolder, claimedFolder } from "../support/claimed-folder.ts";
import { type LinkPeer, LinkServer } from "../support/link-server.ts";
import { ModelLedger } from "../support/model-ledger.ts";
import { type ControllerChild, runChild } from "../support/run-child.ts";

const ROSTER: RosterFrame = rosterFrame([...basicRoster(), wire(anAuth({ startMs: 0, endMs: 2 ** 42 }), 2)], {
  urgentTo: 2,
  completeTo: 2,
});
const PRESENT = { op: "present", doorId: 234, card: { cardNumber: "12345" } } as const;
const ASK = { timeoutMs: 10_000 };

async function world(context: TestContext): Promise<{ server: LinkServer; folder: ClaimedFolder; run: () => Promise<ControllerChild> }> {
  const server = await LinkServer.start(context);
  const folder = claimedFolder(context, { mqttUrl: server.url });
  return { server, folder, run: () => runChild(context, folder.dataDir, server.url) };
}

async function storeAll(peer: LinkPeer, ledger: ModelLedger, last: number): Promise<void> {
  for (;;) {
    const frame = await peer.next("events");
    const answer = ledger.append(frame);
    peer.stored(answer);
    if (answer.through >= last) return;
  }
}

test("controller: a kill before synced repeats the frame", async (context) => {
  const { server, run } = await world(context);
  let heldOnDisk = 0;
  for (const delayMs of [0, 4, 15]) {
    const child = await run();
    const peer = await server.peer();
    const hello = await peer.next("hello");
    assert.ok([0, 2].includes(hello.roster.completeTo), "a frame is held whole or not at all");
    assert.equal(hello.roster.itemCount, hello.roster.completeTo === 2 ? 5 : 0);
    assert.ok(hello.roster.completeTo >= heldOnDisk, "what was confirmed is held");
    peer.welcome();
    peer.roster(ROSTER);
    await setTimeout(delayMs);
    await child.kill();
    if (peer.frames.some((frame) => frame.kind === "synced")) heldOnDisk = 2;
  }
  const child = await run();
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome();
  peer.roster(ROSTER);
  const synced = await peer.next("synced");
  assert.deepEqual([synced.completeTo, synced.failures], [2, []]);
  await child.kill();
});

test("controller: killed while the door stands open, nothing that moved the bolt is missing and the relay is off again", async (context) => {
  const { server, run } = await world(context);
  const ledger = new ModelLedger();
  const child = await run();
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome();
  peer.roster(ROSTER);
  await peer.next("synced");
  const opened = await askVirtualDriver(child.socketPath, PRESENT, ASK);
  assert.deepEqual([opened.outcome, opened.relay, opened.authId], ["opened", "on", 1000]);
  await child.kill();

  const again = await run();
  assert.equal((await askVirtualDriver(again.socketPath, { op: "state", doorId: 234 }, ASK)).doors[0]?.relay, "off");
  const next = await server.peer();
  const hello = await next.next("hello");
  assert.equal(hello.log.generations.length, 2);
  next.welcome({ session: 2, marks: ledger.welcome(hello) });
  await storeAll(next, ledger, hello.log.generations[0]?.last ?? 0);
  const types = ledger.entries.map(({ event }) => (event as LinkEvent).eventType);
  assert.deepEqual(types, ["DEV_DEVICE_START", "DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_DEVICE_START", "DEV_DOOR_RELAY_OFF"]);
  assert.deepEqual(
    ledger.entries.map(({ localLogId }) => localLogId),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(ledger.lost, []);
  assert.equal((await askVirtualDriver(again.socketPath, PRESENT, ASK)).outcome, "opened", "it goes on deciding from its disk");
  await again.kill();
});

test("controller: two processes never run the controller of one folder, and a killed one leaves it free", async (context) => {
  const { run } = await world(context);
  const first = await run();
  assert.equal(first.code, undefined);
  const second = await run();
  assert.equal(second.code, "data_directory_taken");
  await first.kill();
  const third = await run();
  assert.equal(third.code, undefined);
  await third.kill();
});
