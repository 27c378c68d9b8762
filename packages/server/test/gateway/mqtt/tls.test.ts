import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { eventually } from "../../support/eventually.ts";
import { listenerWorld, timedWorld } from "./listener-world.ts";
import { connectPacket, RawClient } from "./raw-client.ts";
import { selfSigned } from "./self-signed.ts";

test("with a certificate the link is TLS, and frames of every size pass both ways", async () => {
  const tls = selfSigned();
  await using world = await listenerWorld({ tls });
  world.handler.onReceived = async (connection, text) => void (await connection.send("stored", text));
  const options = { clientId: "A1", username: "A1", password: "token", ca: tls.cert, reconnectPeriod: 0 };
  const client = await connectAsync(`mqtts://127.0.0.1:${world.port}`, options);
  const sizes: number[] = [];
  client.on("message", (_topic, payload) => sizes.push(payload.length));
  await client.subscribeAsync("postern/1/A1/down/+", { qos: 1 });
  for (const size of [1, 20_000, 250_000]) await client.publishAsync("postern/1/A1/up/events", Buffer.alloc(size, 0x61), { qos: 1 });
  await eventually("the answers", () => sizes.length === 3);
  assert.deepEqual(sizes, [1, 20_000, 250_000]);
  assert.equal(world.handler.asked[0]?.remoteAddress, "127.0.0.1");
  await client.endAsync();
  assert.equal(await world.handler.closedReason("A1"), "disconnected");
});

test("a client that does not trust the certificate does not join", async () => {
  await using world = await listenerWorld({ tls: selfSigned() });
  const options = { clientId: "A1", username: "A1", password: "token", ca: selfSigned().cert, reconnectPeriod: 0 };
  await assert.rejects(connectAsync(`mqtts://127.0.0.1:${world.port}`, options));
  await eventually("that no socket is left", () => world.listener.connectionCount() === 0);
  assert.deepEqual(world.handler.asked, []);
});

test("a refusal reaches its peer over TLS too", async () => {
  const tls = selfSigned();
  await using world = await listenerWorld({ tls });
  world.handler.verdict = async () => ({ ok: false, code: "token_invalid" });
  const options = { clientId: "A1", username: "A1", password: "token", ca: tls.cert, reconnectPeriod: 0 };
  await assert.rejects(connectAsync(`mqtts://127.0.0.1:${world.port}`, options), { code: 5 });
});

test("plain MQTT, noise and a reset in the handshake end that socket only", async () => {
  const tls = selfSigned();
  await using world = await listenerWorld({ tls });
  const plain = await RawClient.open(world.port);
  plain.send(connectPacket("A1"));
  await plain.ended();
  const noisy = await RawClient.open(world.port);
  noisy.send(Buffer.alloc(10_000, 0x16));
  await noisy.ended();
  const reset = await RawClient.open(world.port);
  reset.send(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  reset.socket.resetAndDestroy();
  await eventually("that no socket is left", () => world.listener.connectionCount() === 0);
  const options = { clientId: "A1", username: "A1", password: "token", ca: tls.cert, reconnectPeriod: 0 };
  const client = await connectAsync(`mqtts://127.0.0.1:${world.port}`, options);
  await client.endAsync();
  assert.equal(world.handler.asked.length, 1);
});

test("a handshake that does not go on is ended after five seconds", async () => {
  await using world = await timedWorld({ tls: selfSigned() });
  const silent = await RawClient.open(world.port);
  silent.send(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  await eventually("the socket", () => world.listener.connectionCount() === 1);
  world.time.advance(6_000);
  await silent.ended();
  assert.deepEqual(world.endReasons(), ["connecting_too_long"]);
});

test("a certificate that cannot be used is an error of the start", async () => {
  await assert.rejects(listenerWorld({ tls: { cert: "none", key: "none" } }));
});
