import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PacketFramer } from "../../../src/gateway/mqtt/packet-framer.ts";
import { heldBytes, heldBytesWithin } from "./held-bytes.ts";

const NO_LIMIT = 0x1000_0000;

function packetOf(body: Uint8Array): Buffer {
  const digits: number[] = [];
  let rest = body.length;
  do {
    const digit = rest % 0x80;
    rest = Math.floor(rest / 0x80);
    digits.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([0x30, ...digits]), body]);
}

function framesOf(framer: PacketFramer): string[] {
  const found: string[] = [];
  for (let framed = framer.next(NO_LIMIT); framed.kind === "packet"; framed = framer.next(NO_LIMIT))
    found.push(framed.bytes.toString("hex"));
  return found;
}

test("packets come out whole and in order, wherever the stream is cut", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.nat(400), { maxLength: 30 }), (all, cuts) => {
      const packets = all.map(packetOf);
      const stream = Buffer.concat(packets);
      const framer = new PacketFramer();
      const found: string[] = [];
      let at = 0;
      for (const length of [...cuts, stream.length]) {
        framer.push(stream.subarray(at, at + length));
        at = Math.min(at + length, stream.length);
        found.push(...framesOf(framer));
      }
      assert.deepEqual(
        found,
        packets.map((packet) => packet.toString("hex")),
      );
    }),
  );
});

test("a packet that was handed out does not change when more arrives", () => {
  const framer = new PacketFramer();
  const first = packetOf(Buffer.from("first"));
  framer.push(first.subarray(0, 3));
  framer.next(NO_LIMIT);
  framer.push(first.subarray(3));
  const framed = framer.next(NO_LIMIT);
  for (let count = 0; count < 50; count += 1) framer.push(Buffer.from([0xff]));
  assert.ok(framed.kind === "packet");
  assert.deepEqual(framed.bytes, first);
});

test("a packet that is too large is known by its header alone, and one byte less is taken", () => {
  const header = Buffer.from([0x10, 0xfd, 0x1f]);
  const framer = new PacketFramer();
  framer.push(header);
  assert.equal(framer.next(4_095).kind, "too_large");
  assert.equal(framer.next(4_096).kind, "incomplete");
});

test("a length that does not end within four bytes is malformed", () => {
  const framer = new PacketFramer();
  framer.push(Buffer.from([0x10, 0x80, 0x80, 0x80]));
  assert.equal(framer.next(NO_LIMIT).kind, "incomplete");
  framer.push(Buffer.from([0x80]));
  assert.equal(framer.next(NO_LIMIT).kind, "malformed");
});

test("some bytes that wait for more do not keep the whole read they came in", async () => {
  const framers = Array.from({ length: 200 }, () => new PacketFramer());
  const before = heldBytes();
  for (const framer of framers) {
    const read = Buffer.alloc(65_536);
    read.set([0x30, 0x7f], 65_533);
    framer.push(read.subarray(65_533));
    assert.equal(framer.next(NO_LIMIT).kind, "incomplete");
  }
  await heldBytesWithin(before, 200 * 1_024);
  assert.equal(framers.length, 200);
});
