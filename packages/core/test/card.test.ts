import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bitsOfBytes,
  CARD_BITS_MAX,
  type Card,
  CSN_BYTES_MAX,
  cardKey,
  csnFromBytes,
  decodeWiegand,
  encodeWiegand,
  rawCard,
} from "../src/index.ts";

/** ISO/IEC 14443-3 sizes: single, double, triple. */
const SERIALS: readonly (readonly [string, readonly number[], string])[] = [
  ["MIFARE Classic", [0x04, 0xa2, 0x3b, 0x7f], "77740927"],
  ["DESFire", [0x04, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc], "1145915905186492"],
  ["a triple-size UID", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "1208925819614629174706175"],
];

for (const [what, bytes, number] of SERIALS) {
  test(`the serial number of ${what} is exact in both byte orders`, () => {
    const expected = { kind: "card", card: { kind: "CSN", number } };
    assert.deepEqual(csnFromBytes(Uint8Array.from(bytes), "most_significant_first"), expected);
    assert.deepEqual(csnFromBytes(Uint8Array.from(bytes).reverse(), "least_significant_first"), expected);
  });
}

test("the byte order is the device's: the same bytes the other way round are another card", () => {
  const bytes = Uint8Array.from([1, 2, 3, 4]);
  assert.notDeepEqual(csnFromBytes(bytes, "most_significant_first"), csnFromBytes(bytes, "least_significant_first"));
});

test("bytes of zero in front of a serial number do not count", () => {
  assert.deepEqual(csnFromBytes(Uint8Array.from([0, 0, 0x30, 0x39]), "most_significant_first"), {
    kind: "card",
    card: { kind: "CSN", number: "12345" },
  });
});

test("a serial number of no byte, of too many or of zeros alone is no card", () => {
  assert.deepEqual(csnFromBytes(new Uint8Array(0), "most_significant_first"), { kind: "unreadable", because: "length" });
  assert.deepEqual(csnFromBytes(new Uint8Array(CSN_BYTES_MAX + 1).fill(1), "most_significant_first"), {
    kind: "unreadable",
    because: "length",
  });
  assert.deepEqual(csnFromBytes(new Uint8Array(4), "most_significant_first"), { kind: "unreadable", because: "zero" });
});

test("reading a serial number leaves the bytes as they were", () => {
  const bytes = Uint8Array.from([1, 2, 3, 4]);
  csnFromBytes(bytes, "least_significant_first");
  assert.deepEqual([...bytes], [1, 2, 3, 4]);
});

test("a serial number is what its hexadecimal digits say", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: CSN_BYTES_MAX }).filter((array) => array.some((byte) => byte !== 0));
  fc.assert(
    fc.property(bytes, (array) => {
      const read = csnFromBytes(array, "most_significant_first");
      assert.ok(read.kind === "card");
      assert.equal(read.card.number, BigInt(`0x${Buffer.from(array).toString("hex")}`).toString());
    }),
  );
});

const KEYS: readonly (readonly [Card, string])[] = [
  [{ kind: "CSN", number: "12345" }, "CSN:12345"],
  [{ kind: "WIEGAND", layout: "26", facility: 12, number: 123 }, "WIEGAND:26:12:123"],
  [{ kind: "WIEGAND", layout: "37", facility: 0, number: 123 }, "WIEGAND:37:0:123"],
  [{ kind: "WIEGAND", layout: "37F", facility: 0, number: 123 }, "WIEGAND:37F:0:123"],
  [{ kind: "RAW", bitCount: 32, number: "77" }, "RAW:32:77"],
];

for (const [card, key] of KEYS) {
  test(`a card is known as ${key}`, () => assert.equal(cardKey(card), key));
}

test("facility 1, number 12 is not facility 11, number 2", () => {
  const [left, right] = [1, 11].map((facility, index) =>
    cardKey({ kind: "WIEGAND", layout: "26", facility, number: index === 0 ? 12 : 2 }),
  );
  assert.notEqual(left, right);
});

test("the same facility and number in another layout is another card", () => {
  const keys = (["26", "34", "37F"] as const).map((layout) => cardKey({ kind: "WIEGAND", layout, facility: 12, number: 123 }));
  assert.equal(new Set(keys).size, 3);
});

test("the longest keys fit the 64 characters that a roster item allows", () => {
  const raw = rawCard("1".repeat(CARD_BITS_MAX));
  const csn = csnFromBytes(new Uint8Array(CSN_BYTES_MAX).fill(255), "most_significant_first");
  assert.ok(raw.kind === "card" && csn.kind === "card");
  for (const card of [raw.card, csn.card]) assert.ok(cardKey(card).length <= 64);
});

test("raw reads are equal when they are as many bits and the same", () => {
  assert.deepEqual(rawCard("0101"), { kind: "card", card: { kind: "RAW", bitCount: 4, number: "5" } });
  assert.notDeepEqual(rawCard("0101"), rawCard("101"));
  const bits = fc.string({ unit: fc.constantFrom("0", "1"), minLength: 1, maxLength: CARD_BITS_MAX });
  fc.assert(
    fc.property(bits, bits, (left, right) => {
      const [leftRead, rightRead] = [rawCard(left), rawCard(right)];
      assert.ok(leftRead.kind === "card" && rightRead.kind === "card");
      assert.equal(cardKey(leftRead.card) === cardKey(rightRead.card), left === right);
    }),
  );
});

test("no bit, too many bits or anything but bits is no raw read", () => {
  assert.deepEqual(rawCard(""), { kind: "unreadable", because: "length" });
  assert.deepEqual(rawCard("0".repeat(CARD_BITS_MAX + 1)), { kind: "unreadable", because: "length" });
  assert.deepEqual(rawCard("012"), { kind: "unreadable", because: "not_bits" });
  assert.deepEqual(rawCard("0x1"), { kind: "unreadable", because: "not_bits" });
});

test("the bits of bytes are read from the left, and what fills the last byte is left out", () => {
  assert.equal(bitsOfBytes(Uint8Array.from([0b1010_0000]), 3), "101");
  assert.equal(bitsOfBytes(Uint8Array.from([0x0f, 0xf0]), 12), "000011111111");
  assert.equal(bitsOfBytes(Uint8Array.from([0x0f, 0xf0]), 16), "0000111111110000");
  assert.equal(bitsOfBytes(Uint8Array.from([0x0f, 0xf0]), 4), "0000");
});

test("more bits than there are, none, a part of one or too many are no bits", () => {
  const bytes = new Uint8Array(100);
  for (const bitCount of [0, -1, 1.5, Number.NaN, CARD_BITS_MAX + 1]) assert.equal(bitsOfBytes(bytes, bitCount), null, String(bitCount));
  assert.equal(bitsOfBytes(Uint8Array.from([1]), 9), null);
});

test("a Wiegand card comes back from the bytes in which a serial reader packs it", () => {
  const fields = { layout: "26", facility: 12, number: 123 } as const;
  const bits = encodeWiegand(fields);
  const bytes = Uint8Array.from(bits.padEnd(32, "0").match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  assert.deepEqual(decodeWiegand(bitsOfBytes(bytes, 26) ?? "", "26"), { kind: "card", card: { kind: "WIEGAND", ...fields } });
});
