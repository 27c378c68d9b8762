import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@postern/core";
import { decodePacket } from "../../../src/gateway/mqtt/decode-packet.ts";
import { MQTT_LIMITS } from "../../../src/gateway/mqtt/limits.ts";
import { OutgoingMessages } from "../../../src/gateway/mqtt/outgoing-messages.ts";

test("an identifier on its way is not given again, though 65,535 messages have passed it by", async () => {
  const written: number[] = [];
  const outgoing = new OutgoingMessages({
    limits: MQTT_LIMITS,
    clock: systemClock,
    write: (bytes) => written.push(decodePacket(bytes)?.messageId ?? 0),
    isClogged: () => false,
    overflowed: () => assert.fail("nothing overflows"),
  });
  const held = outgoing.publish("t", Buffer.alloc(0));
  for (let count = 0; count < 65_534; count += 1) {
    void outgoing.publish("t", Buffer.alloc(0));
    outgoing.acknowledged(written.at(-1) ?? 0);
  }
  assert.equal(written.at(-1), 65_535);
  void outgoing.publish("t", Buffer.alloc(0));
  assert.equal(written.at(-1), 2);
  outgoing.end();
  assert.equal(await held, false);
});
