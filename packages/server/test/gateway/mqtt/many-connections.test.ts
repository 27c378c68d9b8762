import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { eventually } from "../../support/eventually.ts";
import { listenerWorld } from "./listener-world.ts";
import { publishPacket, RawClient } from "./raw-client.ts";

test("500 controllers at once join, are heard and answered, each as itself, and leave nothing behind", async () => {
  await using world = await listenerWorld();
  world.handler.onReceived = async (connection, text) => void (await connection.send("stored", text));
  const serials = Array.from({ length: 500 }, (_, index) => `C-${index}`);
  const clients = await Promise.all(
    Array.from({ length: 5 }, async (_, lane) => {
      const joined: [string, RawClient][] = [];
      for (const serial of serials.filter((_serial, index) => index % 5 === lane))
        joined.push([serial, await RawClient.join(world.port, serial)]);
      return joined;
    }),
  );
  assert.equal(world.listener.connectionCount(), 500);
  for (const [serial, client] of clients.flat()) client.send(publishPacket(serial, { payload: serial }));
  for (const [serial, client] of clients.flat()) {
    const answer = await client.packet("publish");
    assert.deepEqual(answer.cmd === "publish" && [answer.topic, answer.payload.toString()], [`postern/1/${serial}/down/stored`, serial]);
  }
  for (const [, client] of clients.flat()) client.close();
  await eventually("that nobody is left", () => world.listener.connectionCount() === 0);
  assert.equal(world.handler.ends.length, 500);
});

test("forty controllers with mqtt.js, all in the same moment, join and publish", async () => {
  await using world = await listenerWorld();
  const serials = Array.from({ length: 40 }, (_, index) => `M-${index}`);
  const clients = await Promise.all(
    serials.map(async (serial) => {
      const client = await connectAsync(`mqtt://127.0.0.1:${world.port}`, {
        clientId: serial,
        username: serial,
        password: "token",
        reconnectPeriod: 0,
      });
      await client.subscribeAsync(`postern/1/${serial}/down/+`, { qos: 1 });
      await Promise.all([1, 2, 3].map((number) => client.publishAsync(`postern/1/${serial}/up/events`, `${number}`, { qos: 1 })));
      return client;
    }),
  );
  for (const serial of serials) {
    const texts = world.handler.messages.filter((one) => one.serial === serial).map(({ text }) => text);
    assert.deepEqual(texts, ["1", "2", "3"], serial);
  }
  await Promise.all(clients.map((client) => client.endAsync()));
});
