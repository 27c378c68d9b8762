import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@postern/core";
import { Admission } from "../../../src/gateway/mqtt/admission.ts";
import { FAILURES_WINDOW_MS, MQTT_LIMITS } from "../../../src/gateway/mqtt/limits.ts";
import { eventually } from "../../support/eventually.ts";
import { listenerWorld, timedWorld } from "./listener-world.ts";
import { connectPacket, RawClient } from "./raw-client.ts";

test("sockets that have not shown a key are bounded by address and in total, and a place given back twice is one place", () => {
  const admission = new Admission(systemClock, { ...MQTT_LIMITS, unauthenticatedPerAddressCountMax: 2, unauthenticatedCountMax: 3 });
  const first = admission.admit("192.0.2.1");
  assert.notEqual(first, null);
  assert.notEqual(admission.admit("::ffff:192.0.2.1"), null);
  assert.equal(admission.admit("192.0.2.1"), null);
  assert.notEqual(admission.admit("192.0.2.2"), null);
  assert.equal(admission.admit("192.0.2.3"), null);
  first?.();
  first?.();
  assert.notEqual(admission.admit("192.0.2.3"), null);
  assert.equal(admission.admit("192.0.2.1"), null);
});

test("an address that fails too often is not heard until its minute is over, however its IPv6 is written, and blocks no other", () => {
  const time = { ms: 5_000_000 };
  const clock = { nowMs: () => time.ms, monotonicMs: () => time.ms };
  const admission = new Admission(clock, { ...MQTT_LIMITS, failuresPerMinuteCountMax: 2 });
  admission.countFailure("2001:db8:1:2::1");
  assert.equal(admission.isBlocked("2001:db8:1:2::1"), false);
  admission.countFailure("2001:DB8:0001:2:ffff::1");
  assert.equal(admission.isBlocked("2001:db8:1:2::7"), true);
  assert.equal(admission.isBlocked("2001:db8:1:3::1"), false);
  time.ms += FAILURES_WINDOW_MS - 1;
  assert.equal(admission.isBlocked("2001:db8:1:2::1"), true);
  time.ms += 1;
  assert.equal(admission.isBlocked("2001:db8:1:2::1"), false);
});

test("beyond its share of silent sockets an address is turned away at once, and a place comes back with each one's end", async () => {
  await using world = await listenerWorld({ limits: { unauthenticatedPerAddressCountMax: 3 } });
  const silent = await Promise.all([1, 2, 3].map(() => RawClient.open(world.port)));
  await eventually("three sockets", () => world.listener.connectionCount() === 3);
  const turnedAway = await RawClient.open(world.port);
  await turnedAway.ended();
  silent[0]?.close();
  await eventually("two sockets", () => world.listener.connectionCount() === 2);
  await RawClient.join(world.port, "A1");
});

test("connected controllers take no place from those that knock", async () => {
  await using world = await listenerWorld({ limits: { unauthenticatedPerAddressCountMax: 1, unauthenticatedCountMax: 1 } });
  for (let index = 0; index < 5; index += 1) await RawClient.join(world.port, `A${index}`);
  assert.equal(world.listener.connectionCount(), 5);
});

test("a refused peer keeps its place until it is gone", async () => {
  await using world = await timedWorld({ limits: { unauthenticatedCountMax: 1 } });
  const refused = await RawClient.open(world.port);
  refused.socket.pause();
  refused.send(connectPacket("A1", { clean: false }));
  await eventually("the refusal", () => world.endReasons().length === 1);
  const next = await RawClient.open(world.port);
  await next.ended();
  world.time.advance(3_000);
  await RawClient.join(world.port, "A1");
});

test("beyond the number of connections a socket is turned away, and a log line says how many were", async () => {
  await using world = await timedWorld({ limits: { connectionCountMax: 2 } });
  await RawClient.join(world.port, "A1");
  await RawClient.join(world.port, "A2");
  for (let count = 0; count < 3; count += 1) await (await RawClient.open(world.port)).ended();
  assert.equal(world.listener.connectionCount(), 2);
  world.time.advance(2_000);
  assert.deepEqual(
    world.log.filter(({ event }) => event === "link.sockets_turned_away"),
    [{ event: "link.sockets_turned_away", fields: { count: 3 } }],
  );
});
