import assert from "node:assert/strict";
import { test } from "node:test";
import { MQTT_LIMITS } from "../../../src/gateway/mqtt/limits.ts";
import { eventually } from "../../support/eventually.ts";
import { clog, MANY_SENDS } from "./clogged-client.ts";
import { Gate, type TimedWorld, timedWorld } from "./listener-world.ts";
import { connectPacket, publishPacket, RawClient, subscribePacket } from "./raw-client.ts";

const PINGREQ = Buffer.from([0xc0, 0]);

/** Whatever the client has sent so far has been acted on. */
async function pinged(client: RawClient): Promise<void> {
  client.send(PINGREQ);
  await client.packet("pingresp");
}

async function held(world: TimedWorld, countOf: number): Promise<void> {
  await eventually(`${countOf} sockets`, () => world.listener.connectionCount() === countOf);
}

test("a socket without CONNECT is ended after five seconds, also when it sends byte by byte", async () => {
  await using world = await timedWorld();
  const silent = await RawClient.open(world.port);
  const dripping = await RawClient.open(world.port);
  await held(world, 2);
  for (const byte of connectPacket("A1").subarray(0, 4)) {
    dripping.send(Buffer.from([byte]));
    world.time.advance(1_000);
  }
  assert.equal(world.listener.connectionCount(), 2);
  world.time.advance(2_000);
  await Promise.all([silent.ended(), dripping.ended()]);
  assert.deepEqual(world.endReasons(), ["connecting_too_long", "connecting_too_long"]);
});

test("an authentication that does not end is given up, and its late answer is nobody's", async () => {
  await using world = await timedWorld();
  using gate = new Gate();
  world.handler.verdict = async () => {
    await gate.passed;
    return { ok: true, openedWith: "key" };
  };
  const client = await RawClient.open(world.port);
  client.send(connectPacket("A1"), subscribePacket("A1"));
  await eventually("the question", () => world.handler.asked.length === 1);
  world.time.advance(11_000);
  await client.ended();
  gate.open();
  await world.listener.stop();
  assert.deepEqual(world.endReasons(), ["authenticating_too_long"]);
  assert.equal(world.handler.connections.size, 0);
});

test("a controller that does not subscribe is ended after ten seconds, pings or not", async () => {
  await using world = await timedWorld();
  const client = await RawClient.open(world.port);
  client.send(connectPacket("A1"));
  await client.packet("connack");
  world.time.advance(9_000);
  await pinged(client);
  world.time.advance(2_000);
  await client.ended();
  assert.deepEqual(world.endReasons(), ["subscribing_too_long"]);
});

const KEEPALIVES: readonly (readonly [number, number])[] = [
  [30, 45],
  [120, 180],
  [65_535, 180],
  [0, 90],
];

for (const [keepalive, idleS] of KEEPALIVES) {
  test(`with a keepalive of ${keepalive} s a connection lives through ${idleS} s of silence and not two seconds more`, async () => {
    await using world = await timedWorld();
    const client = await RawClient.join(world.port, "A1", { keepalive });
    for (let count = 0; count < 3; count += 1) {
      world.time.advance(idleS * 1_000);
      await pinged(client);
    }
    assert.deepEqual(world.handler.ends, []);
    world.time.advance((idleS + 2) * 1_000);
    await client.ended();
    assert.equal(await world.handler.closedReason("A1"), "keepalive_expired");
  });
}

test("half a packet does not keep a connection alive", async () => {
  await using world = await timedWorld();
  const client = await RawClient.join(world.port, "A1", { keepalive: 10 });
  const packet = publishPacket("A1", { payload: "x".repeat(100) });
  for (let at = 0; at < 20; at += 1) {
    client.send(packet.subarray(at, at + 1));
    await new Promise(setImmediate);
    world.time.advance(1_000);
  }
  assert.equal(await world.handler.closedReason("A1"), "keepalive_expired");
});

test("a message that is not acknowledged for 30 seconds ends the connection, though the controller pings", async () => {
  await using world = await timedWorld();
  const client = await RawClient.join(world.port, "A1");
  client.stopAcknowledging();
  const connection = await world.handler.connection("A1");
  const sent = connection.send("roster", "x");
  await client.packet("publish");
  world.time.advance(29_000);
  await pinged(client);
  assert.deepEqual(world.handler.ends, []);
  world.time.advance(2_000);
  assert.equal(await sent, false);
  assert.equal(await world.handler.closedReason("A1"), "acknowledgement_missing");
});

test("a controller that reads nothing for 30 seconds is ended, and what was sent to it is not acknowledged", async () => {
  await using world = await timedWorld({ limits: MANY_SENDS });
  const client = await RawClient.join(world.port, "A1", { keepalive: 10 });
  const connection = await world.handler.connection("A1");
  const sends = await clog(client, connection);
  world.time.advance(29_000);
  assert.deepEqual(world.handler.ends, []);
  world.time.advance(3_000);
  assert.equal(await world.handler.closedReason("A1"), "reader_slow");
  assert.ok((await Promise.all(sends)).every((isAcknowledged) => !isAcknowledged));
});

test("a handler that takes minutes is not held against the controller, whose packets were not read meanwhile", async () => {
  await using world = await timedWorld();
  using gate = new Gate();
  world.handler.onReceived = () => gate.passed;
  const client = await RawClient.join(world.port, "A1", { keepalive: 10 });
  const connection = await world.handler.connection("A1");
  // One that is handled and as many as may wait: with those the socket is not read any more.
  const countTaken = MQTT_LIMITS.receivedWaitingMax + 1;
  client.send(...Array.from({ length: countTaken }, (_, index) => publishPacket("A1", { messageId: index + 1 })));
  await eventually("the first message", () => world.handler.messages.length === 1);
  const sent = connection.send("roster", "x");
  await client.packet("publish");
  for (let count = 0; count < 10; count += 1) {
    world.time.advance(60_000);
    client.send(PINGREQ);
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    client.packets.map(({ cmd }) => cmd),
    ["puback"],
  );
  gate.open();
  // Before the first read: what waits in the kernel could not be known yet.
  for (let turn = 0; world.handler.messages.length < countTaken && turn < 1_000; turn += 1) await Promise.resolve();
  await Promise.resolve();
  world.time.advance(1_000);
  assert.deepEqual(world.endReasons(), []);
  await client.packet("pingresp");
  assert.equal(await sent, true);
});

test("isAlive gives up after its time", async () => {
  await using world = await timedWorld();
  const client = await RawClient.join(world.port, "A1");
  client.stopAcknowledging();
  const connection = await world.handler.connection("A1");
  const alive = connection.isAlive(2_000);
  await client.packet("publish");
  world.time.advance(2_000);
  assert.equal(await alive, false);
});

test("a question whether a connection is alive ends with the connection", async () => {
  await using world = await timedWorld();
  const client = await RawClient.join(world.port, "A1");
  client.stopAcknowledging();
  const connection = await world.handler.connection("A1");
  const alive = connection.isAlive(60_000);
  client.close();
  assert.equal(await alive, false);
});

test("a refused peer that does not leave is ended after two seconds", async () => {
  await using world = await timedWorld();
  const client = await RawClient.open(world.port);
  client.socket.pause();
  client.send(connectPacket("A1", { clean: false }));
  await eventually("the refusal", () => world.endReasons().length === 1);
  client.send(Buffer.alloc(100_000));
  assert.equal(world.listener.connectionCount(), 1);
  world.time.advance(3_000);
  assert.equal(world.listener.connectionCount(), 0);
});
