import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generate } from "mqtt-packet";
import { decodePacket, protocolLevelOf } from "../../../src/gateway/mqtt/decode-packet.ts";
import { connectPacket, publishPacket, subscribePacket } from "./raw-client.ts";

test("no bytes at all make the decoder throw", () => {
  const firstByte = fc.constantFrom(...Array.from({ length: 256 }, (_, byte) => byte));
  fc.assert(
    fc.property(firstByte, fc.uint8Array({ maxLength: 120 }), (first, body) => {
      const bytes = Buffer.from([first, body.length, ...body]);
      const packet = decodePacket(bytes);
      assert.ok(packet === null || typeof packet.cmd === "string");
      protocolLevelOf(bytes);
    }),
    { numRuns: 3_000 },
  );
});

test("a packet with one byte changed is decoded or refused, and never thrown over", () => {
  const samples = [connectPacket("A1"), publishPacket("A1"), subscribePacket("A1"), generate({ cmd: "puback", messageId: 1 })];
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.nat(), fc.nat(255), (sample, position, value) => {
      const bytes = Buffer.from(sample);
      bytes[position % bytes.length] = value;
      decodePacket(bytes);
      protocolLevelOf(bytes);
    }),
    { numRuns: 2_000 },
  );
});

const REFUSED: readonly (readonly [string, number[]])[] = [
  ["a PUBACK without an identifier", [0x40, 0]],
  ["a PUBACK with half an identifier", [0x40, 1, 0]],
  ["a PUBACK with identifier 0", [0x40, 2, 0, 0]],
  ["a PUBACK with something behind its identifier", [0x40, 3, 0, 1, 0]],
  ["a PINGREQ with a payload", [0xc0, 1, 0]],
  ["a DISCONNECT with a payload", [0xe0, 1, 0]],
  ["a DISCONNECT with a flag set", [0xe1, 0]],
  ["a PUBLISH of QoS 3", [0x36, 5, 0, 1, 0x61, 0, 1]],
  ["a PUBLISH of QoS 1 with identifier 0", [0x32, 5, 0, 1, 0x61, 0, 0]],
  ["a PUBLISH of QoS 1 that ends before its identifier", [0x32, 3, 0, 1, 0x61]],
  ["a PUBLISH of QoS 0 that says it is a repeat", [0x38, 3, 0, 1, 0x61]],
  ["a PUBLISH whose topic is longer than the packet", [0x30, 3, 0, 9, 0x61]],
  ["a SUBSCRIBE with identifier 0", [0x82, 6, 0, 0, 0, 1, 0x61, 1]],
  ["a SUBSCRIBE without its QoS", [0x82, 5, 0, 1, 0, 1, 0x61]],
  ["packet type 0", [0x00, 0]],
  ["packet type 15, of MQTT 5 alone", [0xf0, 0]],
];

for (const [what, bytes] of REFUSED) {
  test(`${what} is malformed`, () => assert.equal(decodePacket(Buffer.from(bytes)), null));
}

test("a DISCONNECT after a CONNECT of MQTT 5 is still read as MQTT 3.1.1", () => {
  decodePacket(connectPacket("A1", { protocolVersion: 5 }));
  assert.equal(decodePacket(Buffer.from([0xe0, 0]))?.cmd, "disconnect");
});

test("the protocol level is read from a CONNECT of any version, and from nothing else", () => {
  assert.equal(protocolLevelOf(connectPacket("A1")), 4);
  assert.equal(protocolLevelOf(connectPacket("A1", { protocolVersion: 5 })), 5);
  assert.equal(protocolLevelOf(connectPacket("A1", { protocolVersion: 3, protocolId: "MQIsdp" })), 3);
  assert.equal(protocolLevelOf(Buffer.from("GET / HTTP/1.1\r\n\r\n")), null);
  assert.equal(protocolLevelOf(Buffer.from([0x10, 6, 0, 4, 0x4d, 0x51, 0x54, 0x54])), null);
});
