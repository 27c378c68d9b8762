import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { eventually } from "../../support/eventually.ts";
import { clog, MANY_SENDS } from "./clogged-client.ts";
import { heldBytes, heldBytesWithin } from "./held-bytes.ts";
import { Gate, listenerWorld } from "./listener-world.ts";
import { connectPacket, publishPacket, RawClient, subscribePacket } from "./raw-client.ts";

function texts(messages: readonly { readonly text: string }[]): string[] {
  return messages.map(({ text }) => text);
}

const FOREIGN_TOPICS = [
  "postern/1/A2/up/events",
  "postern/1/A1/up/unknown",
  "postern/1/A1/down/roster",
  "postern/1/A1/up/events/more",
  "postern/2/A1/up/events",
  "+",
  "\u0000",
];

for (const topic of FOREIGN_TOPICS) {
  test(`publishing to ${JSON.stringify(topic)} ends the connection unacknowledged`, async () => {
    await using world = await listenerWorld();
    const client = await RawClient.join(world.port, "A1");
    const topicBytes = Buffer.from(topic);
    client.send(Buffer.from([0x32, topicBytes.length + 4, 0, topicBytes.length, ...topicBytes, 0, 1]));
    await client.ended();
    assert.equal(await world.handler.closedReason("A1"), "topic_foreign");
    assert.deepEqual(world.handler.messages, []);
    assert.deepEqual(
      client.packets.filter(({ cmd }) => cmd === "puback"),
      [],
    );
  });
}

test("a retained message and one of QoS 2 end the connection", async () => {
  await using world = await listenerWorld();
  const retaining = await RawClient.join(world.port, "A1");
  retaining.send(publishPacket("A1", { retain: true }));
  assert.equal(await world.handler.closedReason("A1"), "retain_unsupported");
  const exact = await RawClient.join(world.port, "A2");
  exact.send(publishPacket("A2", { qos: 2 }));
  assert.equal(await world.handler.closedReason("A2"), "qos_unsupported");
  assert.deepEqual(world.handler.messages, []);
});

test("QoS 0 is taken unacknowledged, QoS 1 is acknowledged by its identifier, also while the handler is still at it", async () => {
  await using world = await listenerWorld();
  using gate = new Gate();
  world.handler.onReceived = (_connection, text) => (text === "slow" ? gate.passed : Promise.resolve());
  const client = await RawClient.join(world.port, "A1");
  client.send(publishPacket("A1", { qos: 0, payload: "zero" }), publishPacket("A1", { payload: "slow", messageId: 77 }));
  assert.equal((await client.packet("puback")).messageId, 77);
  assert.deepEqual(texts(world.handler.messages), ["zero", "slow"]);
  assert.equal(client.packets.length, 0);
  gate.open();
});

test("packets sent in one piece are handled one by one, in order", async () => {
  await using world = await listenerWorld();
  let runningCount = 0;
  world.handler.onReceived = async () => {
    runningCount += 1;
    assert.equal(runningCount, 1);
    await new Promise(setImmediate);
    runningCount -= 1;
  };
  const client = await RawClient.open(world.port);
  const expected = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  client.send(
    connectPacket("A1"),
    subscribePacket("A1"),
    ...expected.map((payload, index) => publishPacket("A1", { payload, messageId: index + 1 })),
  );
  await eventually("all messages", () => world.handler.messages.length === expected.length);
  assert.deepEqual(texts(world.handler.messages), expected);
  const acknowledged: (number | undefined)[] = [];
  for (let count = 0; count < expected.length; count += 1) acknowledged.push((await client.packet("puback")).messageId);
  assert.deepEqual(
    acknowledged,
    expected.map((_, index) => index + 1),
  );
  assert.deepEqual(world.handler.ends, []);
});

test("packets that come byte by byte are the same packets", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  const payload = "é".repeat(150);
  const stream = Buffer.concat([
    connectPacket("A1"),
    subscribePacket("A1"),
    publishPacket("A1", { payload, messageId: 9 }),
    Buffer.from([0xc0, 0]),
  ]);
  for (const byte of stream) {
    client.socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await client.packet("pingresp");
  assert.equal((await client.packet("puback")).messageId, 9);
  assert.deepEqual(texts(world.handler.messages), [payload]);
});

test("a handler that is behind is sent no more: the socket is left unread and memory stays flat", async () => {
  await using world = await listenerWorld();
  using gate = new Gate();
  world.handler.onReceived = () => gate.passed;
  const client = await RawClient.join(world.port, "A1");
  const payload = Buffer.alloc(100_000, 0x61);
  const countSent = 640;
  const bytesBefore = heldBytes();
  let countWritten = 0;
  // 64 MB in all; the kernel's buffers take some of it, the rest stays with this client.
  const writeNext = (): void => {
    for (let hasRoom = true; countWritten < countSent && hasRoom; countWritten += 1) {
      hasRoom = client.socket.write(publishPacket("A1", { payload, messageId: countWritten + 1 }));
    }
  };
  client.socket.on("drain", writeNext);
  writeNext();
  await eventually("the first message", () => world.handler.messages.length === 1);
  await eventually(
    "that nothing moves any more",
    isStill(() => countWritten),
  );
  assert.ok(countWritten < countSent / 2, `${countWritten} messages were taken from the client`);
  await heldBytesWithin(bytesBefore, 16_000_000);
  assert.equal(world.handler.messages.length, 1);
  gate.open();
  await eventually("everything", () => world.handler.messages.length === countSent, 20_000);
});

test("the handler may await an answer's acknowledgement within received", async () => {
  await using world = await listenerWorld();
  const sent: boolean[] = [];
  world.handler.onReceived = async (connection, text) => void sent.push(await connection.send("stored", text));
  const client = await RawClient.join(world.port, "A1");
  for (const messageId of [1, 2, 3]) client.send(publishPacket("A1", { messageId, payload: `${messageId}` }));
  await eventually("three answers", () => sent.length === 3);
  assert.deepEqual(sent, [true, true, true]);
});

test("a handler that fails costs its own connection only", async () => {
  await using world = await listenerWorld();
  world.handler.onReceived = (connection) => (connection.serial === "A1" ? Promise.reject(new TypeError("planted")) : Promise.resolve());
  const one = await RawClient.join(world.port, "A1");
  const other = await RawClient.join(world.port, "A2");
  one.send(publishPacket("A1"));
  assert.equal(await world.handler.closedReason("A1"), "handler_failed");
  other.send(publishPacket("A2"));
  await other.packet("puback");
});

test("send tells whether its frame was acknowledged, and is false once the connection is gone", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  const connection = await world.handler.connection("A1");
  assert.equal(await connection.send("roster", Buffer.from("kept")), true);
  const published = await client.packet("publish");
  assert.deepEqual(published.cmd === "publish" && [published.topic, published.payload.toString(), published.qos, published.retain], [
    "postern/1/A1/down/roster",
    "kept",
    1,
    false,
  ]);
  client.stopAcknowledging();
  const unanswered = connection.send("roster", "lost");
  await client.packet("publish");
  client.close();
  assert.equal(await unanswered, false);
  assert.equal(await connection.send("roster", "late"), false);
  assert.equal(await connection.isAlive(1_000), false);
});

test("at most eight messages are on their way, and each acknowledgement lets the next go", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  client.stopAcknowledging();
  const connection = await world.handler.connection("A1");
  const settled: boolean[] = [];
  const sends = Array.from({ length: 10 }, (_, index) =>
    connection.send("roster", `${index}`).then((isAcknowledged) => settled.push(isAcknowledged)),
  );
  const first = await client.packet("publish");
  await eventually("eight messages", () => client.packets.length === 7);
  client.send(Buffer.from([0xc0, 0]));
  await client.packet("pingresp");
  assert.equal(client.packets.length, 7);
  client.send(generate({ cmd: "puback", messageId: first.messageId ?? 0 }));
  await eventually("the ninth message", () => client.packets.length === 8);
  assert.deepEqual(settled, [true]);
  client.close();
  await Promise.all(sends);
  assert.equal(settled.filter((isAcknowledged) => !isAcknowledged).length, 9);
});

test("an acknowledgement of something that was never sent changes nothing", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  client.send(generate({ cmd: "puback", messageId: 4_711 }), Buffer.from([0xc0, 0]));
  await client.packet("pingresp");
  const connection = await world.handler.connection("A1");
  assert.equal(await connection.send("roster", "still here"), true);
});

test("a caller that does not await its sends loses the connection and not the memory", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  client.stopAcknowledging();
  const connection = await world.handler.connection("A1");
  const sends = Array.from({ length: 200 }, () => connection.send("roster", "x"));
  assert.equal(await world.handler.closedReason("A1"), "sends_not_awaited");
  assert.ok((await Promise.all(sends)).every((isAcknowledged) => !isAcknowledged));

  await RawClient.join(world.port, "A2").then((other) => other.stopAcknowledging());
  const large = await world.handler.connection("A2");
  void Array.from({ length: 14 }, () => large.send("roster", Buffer.alloc(200_000)));
  assert.equal(await world.handler.closedReason("A2"), "sends_not_awaited");
});

test("sends that are awaited may add up to any size", async () => {
  await using world = await listenerWorld();
  await RawClient.join(world.port, "A1");
  const connection = await world.handler.connection("A1");
  for (let count = 0; count < 10; count += 1) assert.equal(await connection.send("roster", Buffer.alloc(250_000)), true);
});

test("messages that waited when the connection ended are not handed over any more", async () => {
  await using world = await listenerWorld();
  using gate = new Gate();
  world.handler.onReceived = () => gate.passed;
  const client = await RawClient.join(world.port, "A1");
  client.send(...[1, 2, 3].map((messageId) => publishPacket("A1", { messageId })));
  await client.packet("puback");
  client.close();
  await world.handler.closedReason("A1");
  gate.open();
  await world.listener.stop();
  assert.equal(world.handler.messages.length, 1);
});

test("a frame larger than the link allows is our own bug and is not sent", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  const connection = await world.handler.connection("A1");
  await assert.rejects(connection.send("roster", Buffer.alloc(256 * 1_024)), { name: "AssertionFailure" });
  const largest = 256 * 1_024 - 9 - "postern/1/A1/down/roster".length;
  assert.equal(await connection.send("roster", Buffer.alloc(largest)), true);
  assert.equal(client.isEnded, false);
});

test("nothing more is read from a controller that does not take what is written to it", async () => {
  await using world = await listenerWorld({ limits: MANY_SENDS });
  const client = await RawClient.join(world.port, "A1");
  const connection = await world.handler.connection("A1");
  const bytesBefore = heldBytes();
  await clog(client, connection);
  await heldBytesWithin(bytesBefore, 10_000_000);
  client.send(publishPacket("A1", { payload: "unread" }));
  await eventually("that the kernel has it", () => client.socket.writableLength === 0);
  // Its bytes would be read before those of another that come later.
  const other = await RawClient.join(world.port, "A2");
  other.send(publishPacket("A2", { payload: "read" }));
  await other.packet("puback");
  assert.deepEqual(texts(world.handler.messages), ["read"]);
  client.socket.resume();
  await eventually("the message", () => world.handler.messages.length === 2);
});

test("a connection that answers is alive, one that does not is not, and asking closes nothing", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.join(world.port, "A1");
  const connection = await world.handler.connection("A1");
  assert.deepEqual(await Promise.all([connection.isAlive(5_000), connection.isAlive(5_000)]), [true, true]);
  const probe = await client.packet("publish");
  assert.ok(probe.cmd === "publish");
  assert.deepEqual([probe.topic, probe.payload.length], ["postern/1/A1/down/answer", 0]);
  assert.equal(client.packets.length, 0, "one message asks for both");
  assert.equal(await connection.isAlive(5_000), true);
  client.stopAcknowledging();
  assert.equal(await connection.isAlive(30), false);
  assert.deepEqual(world.handler.ends, []);
});

/** True once `value` has not changed for twenty looks. */
function isStill(value: () => number): () => boolean {
  let last = Number.NaN;
  let countSame = 0;
  return () => {
    const now = value();
    countSame = now === last ? countSame + 1 : 0;
    last = now;
    return countSame >= 20;
  };
}
