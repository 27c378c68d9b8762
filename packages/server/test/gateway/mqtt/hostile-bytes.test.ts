import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@postern/core";
import fc from "fast-check";
import { generate } from "mqtt-packet";
import { eventually } from "../../support/eventually.ts";
import { heldBytes, heldBytesWithin } from "./held-bytes.ts";
import { Gate, listenerWorld } from "./listener-world.ts";
import { connectPacket, publishPacket, RawClient, subscribePacket } from "./raw-client.ts";

const MEGABYTE = 1_000_000;

/** Writes the same 64 KiB again and again, as fast as they are taken, until `byteCount` or the end; returns how many went. */
async function pour(client: RawClient, byteCount: number): Promise<number> {
  const piece = Buffer.alloc(65_536, 0x61);
  let written = 0;
  while (written < byteCount && !client.isEnded) {
    written += piece.length;
    if (client.socket.write(piece)) continue;
    const before = client.socket.writableLength;
    const isTaken = await drainedWithin(client, 300);
    if (!isTaken && client.socket.writableLength === before) break;
  }
  return written;
}

function drainedWithin(client: RawClient, msMax: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isDrained: boolean) => (): void => {
      clearTimeout(timer);
      client.socket.off("drain", drained).off("close", ended);
      resolve(isDrained);
    };
    const drained = settle(true);
    const ended = settle(false);
    const timer = setTimeout(settle(false), msMax);
    client.socket.once("drain", drained).once("close", ended);
  });
}

test("a CONNECT of 100 MB is cut off by its header, and memory stays flat", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  const before = heldBytes();
  client.send(Buffer.from([0x10, 0x80, 0xc2, 0xd7, 0x2f]));
  const written = await pour(client, 100 * MEGABYTE);
  await client.ended();
  assert.ok(written < 20 * MEGABYTE, `${written} bytes were taken`);
  await heldBytesWithin(before, 10 * MEGABYTE);
  assert.deepEqual(world.endReasons(), ["packet_too_large"]);
});

test("what comes before CONNACK is not buffered either", async () => {
  await using world = await listenerWorld();
  using gate = new Gate();
  world.handler.verdict = async () => {
    await gate.passed;
    return { ok: true, openedWith: "key" };
  };
  const client = await RawClient.open(world.port);
  const before = heldBytes();
  client.send(connectPacket("A1"), Buffer.from([0x32, 0x80, 0xc2, 0xd7, 0x2f]));
  const written = await pour(client, 60 * MEGABYTE);
  assert.ok(written < 30 * MEGABYTE, `${written} bytes were taken`);
  await heldBytesWithin(before, 10 * MEGABYTE);
  gate.open();
  await client.ended();
  assert.deepEqual(world.endReasons(), ["packet_too_large"]);
});

test("the limits are 4 KiB before CONNACK and 256 KiB after it, to the byte", async () => {
  await using world = await listenerWorld();
  const small = connectPacket("A1").length - "token".length + 1;
  const connectOf = (byteCount: number): Buffer => connectPacket("A1", { password: Buffer.alloc(byteCount - small, 0x61) });
  assert.equal(connectOf(4_096).length, 4_096);
  const largest = await RawClient.open(world.port);
  largest.send(connectOf(4_096));
  await largest.packet("connack");
  const larger = await RawClient.open(world.port);
  larger.send(connectOf(4_097));
  await larger.ended();
  assert.deepEqual(larger.packets, []);

  const overhead = publishPacket("A2", { payload: Buffer.alloc(100_000) }).length - 100_000;
  const publishOf = (byteCount: number): Buffer => publishPacket("A2", { payload: Buffer.alloc(byteCount - overhead) });
  const joined = await RawClient.join(world.port, "A2");
  joined.send(publishOf(256 * 1_024));
  await joined.packet("puback");
  joined.send(publishOf(256 * 1_024 + 1));
  assert.equal(await world.handler.closedReason("A2"), "packet_too_large");
});

test("no bytes bring the listener down, in whatever stage they come", async () => {
  await using world = await listenerWorld();
  const prefixes = [Buffer.alloc(0), connectPacket("R1"), Buffer.concat([connectPacket("R1"), subscribePacket("R1")])];
  const samples = [
    connectPacket("R1"),
    subscribePacket("R1"),
    publishPacket("R1"),
    generate({ cmd: "puback", messageId: 1 }),
    Buffer.from([0xc0, 0]),
  ];
  const spoilt = fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(255)).map(([sample, position, value]) => {
    const bytes = Buffer.from(sample);
    bytes[position % bytes.length] = value;
    return bytes;
  });
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const pieces = fc.array(fc.oneof(spoilt, noise, fc.constantFrom(...samples)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...prefixes), pieces, async (prefix, all) => {
      const client = await RawClient.open(world.port);
      client.socket.end(Buffer.concat([prefix, ...all]));
      await client.ended();
      client.close();
    }),
    { numRuns: 300 },
  );
  await eventually("that no socket is left", () => world.listener.connectionCount() === 0);
  assert.deepEqual(
    world.log.filter(({ event }) => event !== "link.closed"),
    [],
  );
  await RawClient.join(world.port, "A1");
});

test("a peer that asks for more than it may is ended at once, without an answer", async () => {
  await using world = await listenerWorld();
  for (const text of [
    "GET / HTTP/1.1\r\nHost: postern\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
    "\u00ff\u00ff\u00ff\u00ff\u00ff",
  ]) {
    const client = await RawClient.open(world.port);
    client.socket.end(Buffer.from(text, "latin1"));
    await client.ended();
    assert.deepEqual(client.packets, []);
  }
});

test("a controller that sends packets as fast as it can leaves the others their turn", async () => {
  let clockReadCount = 0;
  const clock = {
    nowMs: systemClock.nowMs,
    monotonicMs: (): number => {
      clockReadCount += 1;
      return systemClock.monotonicMs();
    },
  };
  await using world = await listenerWorld({ clock });
  const flooding = await RawClient.join(world.port, "A1");
  const other = await RawClient.join(world.port, "A2");
  let packetsBefore = -1;
  world.handler.onReceived = async () => {
    packetsBefore = clockReadCount;
  };
  const pings = Buffer.alloc(80_000);
  for (let index = 0; index < pings.length; index += 2) pings[index] = 0xc0;
  clockReadCount = 0;
  flooding.socket.write(pings);
  other.send(publishPacket("A2"));
  await other.packet("puback");
  assert.ok(packetsBefore >= 0 && packetsBefore < 5_000, `${packetsBefore} packets came first`);
  await eventually("every answer", () => flooding.packets.length === pings.length / 2, 30_000);
});
