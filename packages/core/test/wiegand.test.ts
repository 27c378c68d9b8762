import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  AssertionFailure,
  decodeWiegand,
  encodeWiegand,
  fitsWiegandLayout,
  WIEGAND_LAYOUT_NAMES,
  WIEGAND_LAYOUTS,
  type WiegandLayoutName,
  wiegandLayoutNamed,
} from "../src/index.ts";

interface Known {
  readonly layout: WiegandLayoutName;
  readonly bits: string;
  readonly facility: number;
  readonly number: number;
}

/** Written out by hand from the formats' bit tables: parity, facility, number, parity. */
const KNOWN: readonly Known[] = [
  { layout: "26", bits: "1 00101010 0000000001000101 0", facility: 42, number: 69 },
  { layout: "26", bits: "0 00000000 0000000000000000 1", facility: 0, number: 0 },
  { layout: "26", bits: "0 11111111 1111111111111111 1", facility: 255, number: 65_535 },
  { layout: "26", bits: "0 00001100 0000000001111011 1", facility: 12, number: 123 },
  { layout: "34", bits: "1 0000000000101010 0000000001000101 0", facility: 42, number: 69 },
  { layout: "34", bits: "1 1000000000000000 1000000000000000 0", facility: 32_768, number: 32_768 },
  { layout: "37", bits: "0 00000000000000000000000000001000101 0", facility: 0, number: 69 },
  // Only the middle bit is set: it counts in both parities.
  { layout: "37", bits: "1 00000000000000000100000000000000000 0", facility: 0, number: 131_072 },
  { layout: "37", bits: "0 11111111111111111111111111111111111 1", facility: 0, number: 34_359_738_367 },
  { layout: "37F", bits: "1 0000000000101010 0000000000001000101 0", facility: 42, number: 69 },
  { layout: "37F", bits: "1 0000000000000000 0100000000000000000 0", facility: 0, number: 131_072 },
];

for (const { layout, bits, facility, number } of KNOWN) {
  test(`layout ${layout} reads ${bits} as facility ${facility}, number ${number}, and writes it so`, () => {
    const sent = bits.replaceAll(" ", "");
    assert.deepEqual(decodeWiegand(sent, layout), { kind: "card", card: { kind: "WIEGAND", layout, facility, number } });
    assert.equal(encodeWiegand({ layout, facility, number }), sent);
  });
}

const STANDARDS: readonly (readonly [WiegandLayoutName, string, number])[] = [
  ["26", "H10301", 26],
  ["34", "H10306", 34],
  ["37", "H10302", 37],
  ["37F", "H10304", 37],
];

for (const [layout, standard, bitCount] of STANDARDS) {
  test(`layout ${layout} is ${standard} of ${bitCount} bits, all of them accounted for`, () => {
    const found = WIEGAND_LAYOUTS[layout];
    assert.equal(found.standard, standard);
    assert.equal(found.bitCount, bitCount);
    assert.equal(1 + found.facilityBits + found.numberBits + 1, bitCount);
    assert.equal(found.parityBits, Math.ceil((bitCount - 2) / 2));
  });
}

const layoutName = fc.constantFrom(...WIEGAND_LAYOUT_NAMES);
const card = layoutName.chain((layout) => {
  const { facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
  return fc.record({
    layout: fc.constant(layout),
    facility: fc.integer({ min: 0, max: 2 ** facilityBits - 1 }),
    number: fc.maxSafeNat().map((big) => big % 2 ** numberBits),
  });
});

test("every card that fits its layout comes back from its bits", () => {
  fc.assert(
    fc.property(card, (fields) =>
      assert.deepEqual(decodeWiegand(encodeWiegand(fields), fields.layout), { kind: "card", card: { kind: "WIEGAND", ...fields } }),
    ),
  );
});

test("the ones of a frame are even in its first part and odd in its last, the parity bits counted", () => {
  fc.assert(
    fc.property(card, (fields) => {
      const bits = [...encodeWiegand(fields)].map(Number);
      const half = Math.ceil(bits.length / 2);
      const sum = (part: readonly number[]): number => part.reduce((total, bit) => total + bit, 0);
      assert.equal(bits.length, WIEGAND_LAYOUTS[fields.layout].bitCount);
      assert.equal(sum(bits.slice(0, half)) % 2, 0);
      assert.equal(sum(bits.slice(-half)) % 2, 1);
    }),
  );
});

test("a single bit that flipped on the wire is never another card", () => {
  fc.assert(
    fc.property(card, fc.nat(), (fields, anywhere) => {
      const bits = encodeWiegand(fields);
      const position = anywhere % bits.length;
      const flipped = bits.slice(0, position) + (bits[position] === "0" ? "1" : "0") + bits.slice(position + 1);
      assert.deepEqual(decodeWiegand(flipped, fields.layout), { kind: "unreadable", because: "parity" });
    }),
  );
});

test("a read of any bits is a card whose bits are these, or noise", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("0", "1"), minLength: 24, maxLength: 40 }), layoutName, (bits, layout) => {
      const read = decodeWiegand(bits, layout);
      if (read.kind === "card") assert.equal(encodeWiegand(read.card), bits);
      else assert.equal(read.because, bits.length === WIEGAND_LAYOUTS[layout].bitCount ? "parity" : "length");
    }),
  );
});

test("a read of another length is noise", () => {
  const bits = encodeWiegand({ layout: "26", facility: 12, number: 123 });
  assert.deepEqual(decodeWiegand(bits.slice(1), "26"), { kind: "unreadable", because: "length" });
  assert.deepEqual(decodeWiegand(`${bits}0`, "26"), { kind: "unreadable", because: "length" });
  assert.deepEqual(decodeWiegand(bits, "34"), { kind: "unreadable", because: "length" });
  assert.deepEqual(decodeWiegand("", "26"), { kind: "unreadable", because: "length" });
});

test("anything but 0 and 1 is no read", () => {
  assert.deepEqual(decodeWiegand("2".repeat(26), "26"), { kind: "unreadable", because: "not_bits" });
  assert.deepEqual(decodeWiegand(`${"0".repeat(25)}\n`, "26"), { kind: "unreadable", because: "not_bits" });
});

test("what a layout has no room for does not fit it", () => {
  assert.equal(fitsWiegandLayout({ layout: "26", facility: 255, number: 65_535 }), true);
  assert.equal(fitsWiegandLayout({ layout: "26", facility: 256, number: 1 }), false);
  assert.equal(fitsWiegandLayout({ layout: "26", facility: 1, number: 65_536 }), false);
  assert.equal(fitsWiegandLayout({ layout: "37", facility: 0, number: 2 ** 35 - 1 }), true);
  assert.equal(fitsWiegandLayout({ layout: "37", facility: 0, number: 2 ** 35 }), false);
  assert.equal(fitsWiegandLayout({ layout: "37", facility: 1, number: 1 }), false);
  assert.equal(fitsWiegandLayout({ layout: "26", facility: -1, number: 1 }), false);
  assert.equal(fitsWiegandLayout({ layout: "26", facility: 1, number: 0.5 }), false);
  assert.equal(fitsWiegandLayout({ layout: "26", facility: Number.NaN, number: 1 }), false);
});

test("writing a card that does not fit its layout is our bug", () => {
  assert.throws(() => encodeWiegand({ layout: "26", facility: 256, number: 1 }), AssertionFailure);
});

for (const [text, expected] of [
  ["26", "26"],
  ["37f", "37F"],
  [" 37F ", "37F"],
  ["H10301", "26"],
  ["h10306", "34"],
  ["26 bit SIA Standard-H10301", "26"],
  ["HID 37 bit-H10302", "37"],
  ["HID 37 bit-H10304", "37F"],
  ["", null],
  ["35", null],
  ["H10303", null],
  ["XH10301", null],
  ["H103011", null],
  ["constructor", null],
] as const) {
  test(`${JSON.stringify(text)} names ${expected === null ? "no layout" : `layout ${expected}`}`, () =>
    assert.equal(wiegandLayoutNamed(text), expected));
}
