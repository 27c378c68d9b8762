import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { connectAsync } from "mqtt";
import { generate, type IConnectPacket, type Packet } from "mqtt-packet";
import { eventually } from "../../support/eventually.ts";
import { Gate, listenerWorld, timedWorld } from "./listener-world.ts";
import { connectPacket, publishPacket, RawClient, subscribePacket } from "./raw-client.ts";

function returnCodeOf(packet: Packet): number | undefined {
  assert.equal(packet.cmd, "connack");
  return packet.cmd === "connack" ? packet.returnCode : undefined;
}

test("a controller with mqtt.js joins, is heard and is answered", async () => {
  await using world = await listenerWorld();
  world.handler.onReceived = async (connection) => void (await connection.send("welcome", "you are A1"));
  const client = await connectAsync(`mqtt://127.0.0.1:${world.port}`, {
    clientId: "A1",
    username: "A1",
    password: "token",
    reconnectPeriod: 0,
  });
  const answers: string[] = [];
  client.on("message", (topic, payload) => answers.push(`${topic} ${payload.toString()}`));
  await client.subscribeAsync("postern/1/A1/down/+", { qos: 1 });
  await client.publishAsync("postern/1/A1/up/hello", "I am", { qos: 1 });
  await eventually("the answer", () => answers.length === 1);
  await client.endAsync();

  assert.deepEqual(answers, ["postern/1/A1/down/welcome you are A1"]);
  assert.deepEqual(world.handler.messages, [{ serial: "A1", kind: "hello", text: "I am" }]);
  assert.deepEqual(world.handler.asked, [{ serial: "A1", password: "token", remoteAddress: "127.0.0.1" }]);
  assert.equal(await world.handler.closedReason("A1"), "disconnected");
  assert.equal(world.listener.connectionCount(), 0);
});

const REFUSED_CONNECTS: readonly (readonly [string, number, Partial<IConnectPacket>])[] = [
  ["MQTT 5", 1, { protocolVersion: 5 }],
  ["MQTT 3.1", 1, { protocolVersion: 3, protocolId: "MQIsdp" }],
  ["a client id that would change a topic", 2, { clientId: "A1/+", username: "A1/+" }],
  ["a client id of 65 characters", 2, { clientId: "a".repeat(65), username: "a".repeat(65) }],
  ["a user name that is not the client id", 4, { username: "A2" }],
  ["a password of more than 2 KiB", 4, { password: Buffer.alloc(2_049, 0x61) }],
  ["a will", 5, { will: { topic: "postern/1/A1/up/events", payload: "gone", qos: 1, retain: false } }],
  ["a session that is to be kept", 5, { clean: false }],
];

for (const [what, returnCode, fields] of REFUSED_CONNECTS) {
  test(`a CONNECT with ${what} is refused with code ${returnCode}, and nobody is asked`, async () => {
    await using world = await listenerWorld();
    const client = await RawClient.open(world.port);
    client.send(connectPacket("A1", fields));
    assert.equal(returnCodeOf(await client.packet("connack")), returnCode);
    await client.ended();
    assert.deepEqual(world.handler.asked, []);
  });
}

test("a CONNECT without a password is refused with code 4", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  const name = Buffer.from("MQTT");
  client.send(Buffer.from([0x10, 18, 0, 4, ...name, 4, 0x82, 0, 30, 0, 2, 0x41, 0x31, 0, 2, 0x41, 0x31]));
  assert.equal(returnCodeOf(await client.packet("connack")), 4);
});

test("a CONNECT with bytes behind its password is refused", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  const bytes = connectPacket("A1");
  bytes[1] = (bytes[1] ?? 0) + 3;
  client.send(bytes, Buffer.from([1, 2, 3]));
  assert.equal(returnCodeOf(await client.packet("connack")), 4);
});

test("a refused peer that is still sending gets its answer and an orderly end, and is gone without waiting for anything", async () => {
  await using world = await timedWorld();
  world.handler.verdict = async () => ({ ok: false, code: "session_taken" });
  const client = await RawClient.open(world.port);
  const errors: unknown[] = [];
  client.socket.on("error", (error) => errors.push(error));
  client.send(connectPacket("A1"), Buffer.alloc(8_000_000));
  assert.equal(returnCodeOf(await client.packet("connack")), 3);
  await eventually("that nobody is left", () => world.listener.connectionCount() === 0);
  assert.deepEqual(errors, []);
});

test("an unknown serial and a wrong key get the same answer at the same time, and nothing sent behind CONNECT is processed", async () => {
  await using world = await timedWorld();
  world.handler.verdict = async (serial) => ({ ok: false, code: serial === "known" ? "token_invalid" : "controller_unknown" });
  for (const serial of ["known", "unknown"]) {
    const client = await RawClient.open(world.port);
    client.send(connectPacket(serial), subscribePacket(serial), publishPacket(serial));
    await eventually("the question", () => world.handler.asked.some((one) => one.serial === serial));
    world.time.advance(249);
    await new Promise(setImmediate);
    assert.deepEqual(client.packets, [], serial);
    world.time.advance(1);
    assert.equal(returnCodeOf(await client.packet("connack")), 5);
    await client.ended();
    assert.deepEqual(client.packets, []);
  }
  assert.deepEqual(world.handler.messages, []);
  assert.deepEqual(world.handler.ends, []);
});

test("when the database is away a controller is told that the server is unavailable, and it is not counted as its failure", async () => {
  await using world = await listenerWorld({ limits: { failuresPerMinuteCountMax: 1 } });
  world.handler.verdict = () => Promise.reject(new CodedError("database_away", { class: "transient", summary: "away" }));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const client = await RawClient.open(world.port);
    client.send(connectPacket("A1"));
    assert.equal(returnCodeOf(await client.packet("connack")), 3);
  }
  assert.equal(world.handler.asked.length, 3);
});

test("a controller whose place is taken is told so at once, as often as it asks: it has shown its key", async () => {
  await using world = await timedWorld({ limits: { failuresPerMinuteCountMax: 1 } });
  world.handler.verdict = async () => ({ ok: false, code: "session_taken" });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const client = await RawClient.open(world.port);
    client.send(connectPacket("A1"));
    assert.equal(returnCodeOf(await client.packet("connack")), 3);
  }
  assert.equal(world.handler.asked.length, 3);
});

test("an address that failed too often is not asked about any more, not even with a good token; successes do not count", async () => {
  await using world = await listenerWorld({ limits: { failuresPerMinuteCountMax: 3, refusalMs: 0 } });
  world.handler.verdict = async (serial) => (serial === "good" ? { ok: true, openedWith: "key" } : { ok: false, code: "token_invalid" });
  const codes: (number | undefined)[] = [];
  for (const serial of ["good", "good", "good", "good", "bad", "bad", "bad", "good"]) {
    const client = await RawClient.open(world.port);
    client.send(connectPacket(serial));
    codes.push(returnCodeOf(await client.packet("connack")));
    client.close();
  }
  assert.deepEqual(codes, [0, 0, 0, 0, 5, 5, 5, 3]);
  assert.equal(world.handler.asked.length, 7);
});

test("a peer that leaves before its refusal is counted all the same", async () => {
  await using world = await listenerWorld({ limits: { failuresPerMinuteCountMax: 1, refusalMs: 0 } });
  world.handler.verdict = async () => ({ ok: false, code: "token_invalid" });
  const first = await RawClient.open(world.port);
  first.send(connectPacket("A1"));
  first.socket.resetAndDestroy();
  await eventually("the question or its loss", () => world.listener.connectionCount() === 0);
  const asked = world.handler.asked.length;
  const second = await RawClient.open(world.port);
  second.send(connectPacket("A1"));
  assert.equal(returnCodeOf(await second.packet("connack")), asked === 1 ? 3 : 5);
});

const FOREIGN_FILTERS = [
  "#",
  "postern/1/+/down/+",
  "postern/1/A2/down/+",
  "postern/1/A1/down/welcome",
  "postern/1/A1/#",
  "$share/g/postern/1/A1/down/+",
  "",
];

for (const topic of FOREIGN_FILTERS) {
  test(`subscribing to "${topic}" is refused and ends the connection`, async () => {
    await using world = await listenerWorld();
    const client = await RawClient.open(world.port);
    client.send(connectPacket("A1"), subscribePacket("A1", topic));
    const suback = await client.packet("suback");
    assert.deepEqual(suback.cmd === "suback" ? suback.granted : null, [0x80]);
    await client.ended();
    assert.equal(world.handler.connections.size, 0);
  });
}

test("the own filter in company of a foreign one is refused with it", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  const subscriptions = ["postern/1/A1/down/+", "#"].map((topic) => ({ topic, qos: 1 as const }));
  client.send(connectPacket("A1"), generate({ cmd: "subscribe", messageId: 1, subscriptions }));
  const suback = await client.packet("suback");
  assert.deepEqual(suback.cmd === "suback" ? suback.granted : null, [0x80, 0x80]);
  await client.ended();
  assert.equal(world.handler.connections.size, 0);
});

test("subscribing without acknowledgements is refused: they are what shows that a controller reads", async () => {
  await using world = await listenerWorld();
  const client = await RawClient.open(world.port);
  client.send(connectPacket("A1"), subscribePacket("A1", undefined, 0));
  const suback = await client.packet("suback");
  assert.deepEqual(suback.cmd === "suback" ? suback.granted : null, [0x80]);
  await client.ended();
});

test("subscribing again is granted again and opens nothing twice; a foreign filter later closes and is told to the handler", async () => {
  await using world = await listenerWorld();
  let openedCount = 0;
  world.handler.onOpened = () => {
    openedCount += 1;
  };
  const client = await RawClient.join(world.port, "A1");
  client.send(subscribePacket("A1", undefined, 2));
  const again = await client.packet("suback");
  assert.deepEqual(again.cmd === "suback" ? again.granted : null, [1]);
  client.send(subscribePacket("A1", "postern/1/A2/down/+"));
  assert.equal(await world.handler.closedReason("A1"), "topic_foreign");
  assert.equal(openedCount, 1);
});

test("one connection that the handler cannot open does not harm the next", async () => {
  await using world = await listenerWorld();
  world.handler.onOpened = ({ serial }) => assert.notEqual(serial, "A1");
  const broken = await RawClient.open(world.port);
  broken.send(connectPacket("A1"), subscribePacket("A1"));
  await broken.ended();
  assert.equal(await world.handler.closedReason("A1"), "handler_failed");
  await RawClient.join(world.port, "A2");
  await world.handler.connection("A2");
});

test("closing within opened tells closed afterwards, and once", async () => {
  await using world = await listenerWorld();
  const order: string[] = [];
  world.handler.onOpened = (connection) => {
    order.push("opening");
    connection.close("not_wanted");
    connection.close("not_wanted_again");
    assert.deepEqual(world.handler.ends, []);
    order.push("opened");
  };
  const client = await RawClient.open(world.port);
  client.send(connectPacket("A1"), subscribePacket("A1"));
  await client.ended();
  assert.equal(await world.handler.closedReason("A1"), "not_wanted");
  assert.equal(world.handler.ends.length, 1);
  assert.deepEqual(order, ["opening", "opened"]);
});

const VIOLATIONS: readonly (readonly [string, string, (serial: string) => Buffer])[] = [
  ["a second CONNECT", "unexpected_connect", (serial) => connectPacket(serial)],
  ["an UNSUBSCRIBE", "unexpected_unsubscribe", () => Buffer.from([0xa2, 5, 0, 2, 0, 1, 0x61])],
  ["a PUBREL", "unexpected_pubrel", () => Buffer.from([0x62, 2, 0, 1])],
  ["a packet that only servers send", "unexpected_pingresp", () => Buffer.from([0xd0, 0])],
];

for (const [what, reason, packet] of VIOLATIONS) {
  test(`${what} ends the connection`, async () => {
    await using world = await listenerWorld();
    const client = await RawClient.join(world.port, "A1");
    client.send(packet("A1"));
    await client.ended();
    assert.equal(await world.handler.closedReason("A1"), reason);
  });
}

test("publishing before subscribing ends the connection, and before CONNECT is not even answered", async () => {
  await using world = await listenerWorld();
  const early = await RawClient.open(world.port);
  early.send(connectPacket("A1"), publishPacket("A1"));
  await early.ended();
  const first = await RawClient.open(world.port);
  first.send(publishPacket("A1"));
  await first.ended();
  assert.deepEqual(first.packets, []);
  assert.deepEqual(world.endReasons(), ["unexpected_publish", "unexpected_publish"]);
  assert.deepEqual(world.handler.messages, []);
});

test("stopping ends every connection, waits for what the handler still does, and may be asked for twice", async () => {
  await using world = await listenerWorld();
  using gate = new Gate();
  world.handler.onReceived = () => gate.passed;
  const client = await RawClient.join(world.port, "A1");
  client.send(publishPacket("A1"));
  await eventually("the message", () => world.handler.messages.length === 1);
  let isStopped = false;
  const stopping = Promise.all([world.listener.stop(), world.listener.stop()]).then(() => {
    isStopped = true;
  });
  await client.ended();
  assert.equal(await world.handler.closedReason("A1"), "stopping");
  assert.equal(isStopped, false);
  gate.open();
  await stopping;
  await assert.rejects(RawClient.open(world.port), { code: "ECONNREFUSED" });
});

test("a port that is taken is an error of the start", async () => {
  await using world = await listenerWorld();
  await assert.rejects(listenerWorld({ port: world.port }), { code: "EADDRINUSE" });
});
