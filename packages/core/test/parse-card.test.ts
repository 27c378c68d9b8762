import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  CARD_BITS_MAX,
  CARD_NUMBER_LENGTH_MAX,
  type Card,
  type CardText,
  cardKey,
  cardText,
  csnFromBytes,
  parseCard,
  WIEGAND_LAYOUT_NAMES,
  WIEGAND_LAYOUTS,
} from "../src/index.ts";

function keyOf(text: CardText): string {
  const parse = parseCard(text);
  return parse.kind === "card" ? cardKey(parse.card) : `${parse.field}: ${parse.message}`;
}

const CSN_MAX = (1n << 80n) - 1n;

const GOOD: readonly (readonly [CardText, string])[] = [
  [{ cardNumber: "12345", formatType: "CSN" }, "CSN:12345"],
  [{ cardNumber: "0012345", formatType: "CSN" }, "CSN:12345"],
  [{ cardNumber: "9007199254740993", formatType: "CSN" }, "CSN:9007199254740993"],
  [{ cardNumber: CSN_MAX.toString(), formatType: "CSN" }, `CSN:${CSN_MAX}`],
  [{ cardNumber: "12345", formatType: "CSN", formatData: "anything" }, "CSN:12345"],
  [{ cardNumber: "12-123", formatType: "WIEGAND" }, "WIEGAND:26:12:123"],
  [{ cardNumber: "012-00123", formatType: "WIEGAND" }, "WIEGAND:26:12:123"],
  [{ cardNumber: "0-0", formatType: "WIEGAND" }, "WIEGAND:26:0:0"],
  [{ cardNumber: "255-65535", formatType: "WIEGAND" }, "WIEGAND:26:255:65535"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: null }, "WIEGAND:26:12:123"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: "" }, "WIEGAND:26:12:123"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: "34" }, "WIEGAND:34:12:123"],
  [{ cardNumber: "65535-65535", formatType: "WIEGAND", formatData: "34" }, "WIEGAND:34:65535:65535"],
  [{ cardNumber: "12-524287", formatType: "WIEGAND", formatData: "HID 37 bit-H10304" }, "WIEGAND:37F:12:524287"],
  [{ cardNumber: "34359738367", formatType: "WIEGAND", formatData: "37" }, "WIEGAND:37:0:34359738367"],
  [{ cardNumber: "0-123", formatType: "WIEGAND", formatData: "37" }, "WIEGAND:37:0:123"],
];

for (const [text, key] of GOOD) {
  test(`${JSON.stringify(text)} is ${key}`, () => assert.equal(keyOf(text), key));
}

const BAD: readonly (readonly [CardText, keyof CardText])[] = [
  [{ cardNumber: "", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "0", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "12-345", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "-12345", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "12345 ", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "12345\n", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "0x1F", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "1e5", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "12.5", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "１２３", formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: (CSN_MAX + 1n).toString(), formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: `${"0".repeat(CARD_NUMBER_LENGTH_MAX)}1`, formatType: "CSN" }, "cardNumber"],
  [{ cardNumber: "12345", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "12-", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "-123", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "1-2-3", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "12 - 123", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "256-1", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "1-65536", formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "12-524288", formatType: "WIEGAND", formatData: "37F" }, "cardNumber"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: "37" }, "cardNumber"],
  [{ cardNumber: "34359738368", formatType: "WIEGAND", formatData: "37" }, "cardNumber"],
  [{ cardNumber: `1-${"9".repeat(62)}`, formatType: "WIEGAND" }, "cardNumber"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: "35" }, "formatData"],
  [{ cardNumber: "12-123", formatType: "WIEGAND", formatData: "__proto__" }, "formatData"],
  [{ cardNumber: "12345", formatType: "" }, "formatType"],
  [{ cardNumber: "12345", formatType: "csn" }, "formatType"],
  [{ cardNumber: "12345", formatType: "RAW" }, "formatType"],
];

for (const [text, field] of BAD) {
  test(`${JSON.stringify(text)} is refused, naming ${field}`, () => {
    const parse = parseCard(text);
    assert.ok(parse.kind === "problem");
    assert.equal(parse.field, field);
  });
}

test("leading zeros never make another card", () => {
  const zeros = fc.nat({ max: 10 }).map((count) => "0".repeat(count));
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: CSN_MAX }),
      zeros,
      zeros,
      fc.nat({ max: 255 }),
      fc.nat({ max: 65_535 }),
      (serial, left, right, facility, number) => {
        assert.equal(
          keyOf({ cardNumber: `${left}${serial}`, formatType: "CSN" }),
          keyOf({ cardNumber: `${right}${serial}`, formatType: "CSN" }),
        );
        const wiegand = (zero: string, other: string): CardText => ({
          cardNumber: `${zero}${facility}-${other}${number}`,
          formatType: "WIEGAND",
        });
        assert.equal(keyOf(wiegand(left, right)), keyOf(wiegand(right, left)));
      },
    ),
  );
});

test("different serial numbers never make the same card", () => {
  const serial = fc.bigInt({ min: 1n, max: CSN_MAX });
  fc.assert(
    fc.property(serial, serial, (left, right) => {
      const keys = [left, right].map((number) => keyOf({ cardNumber: number.toString(), formatType: "CSN" }));
      assert.equal(keys[0] === keys[1], left === right);
    }),
  );
});

test("a card enrolled by its decimal number is the one whose bytes a reader sends", () => {
  const bytes = fc.uint8Array({ minLength: 4, maxLength: 10 }).filter((array) => array.some((byte) => byte !== 0));
  fc.assert(
    fc.property(bytes, (array) => {
      const read = csnFromBytes(array, "least_significant_first");
      assert.ok(read.kind === "card");
      const decimal = array.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n).toString();
      assert.equal(keyOf({ cardNumber: decimal, formatType: "CSN" }), cardKey(read.card));
    }),
  );
});

test("no text makes parsing fail, and no refusal repeats what was sent", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9-]{1,70}$/));
  const format = fc.oneof(fc.constantFrom("CSN", "WIEGAND"), fc.string());
  fc.assert(
    fc.property(
      text,
      format,
      fc.option(fc.oneof(fc.constantFrom("26", "34", "37", "37F"), fc.string())),
      (cardNumber, formatType, formatData) => {
        const parse = parseCard({ cardNumber, formatType, formatData });
        if (parse.kind === "card") assert.match(cardKey(parse.card), /^(?:CSN:[1-9]\d*|WIEGAND:(?:26|34|37F?):\d+:\d+)$/);
        else if (cardNumber.length > 12) assert.equal(parse.message.includes(cardNumber), false);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("the text of every card parses to the same card again", () => {
  const number = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  const csn = fc.bigInt({ min: 1n, max: (1n << 80n) - 1n }).map((value): Card => ({ kind: "CSN", number: value.toString() }));
  const raw = fc
    .integer({ min: 1, max: CARD_BITS_MAX })
    .chain((bitCount) => number(bitCount).map((value): Card => ({ kind: "RAW", bitCount, number: value.toString() })));
  const wiegand = fc.constantFrom(...WIEGAND_LAYOUT_NAMES).chain((layout) => {
    const { facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
    return fc
      .tuple(number(facilityBits), number(numberBits))
      .map(([facility, value]): Card => ({ kind: "WIEGAND", layout, facility: Number(facility), number: Number(value) }));
  });
  fc.assert(fc.property(fc.oneof(csn, raw, wiegand), (card) => assert.deepEqual(parseCard(cardText(card)), { kind: "card", card })));
});

test("raw bits are a number that fits into as many, and nothing else", () => {
  for (const [cardNumber, formatData, field] of [
    ["256", "RAW:8", "cardNumber"],
    ["12-1", "RAW:26", "cardNumber"],
    ["1", "RAW:0", "formatData"],
    ["1", "RAW:129", "formatData"],
  ] as const) {
    const parsed = parseCard({ cardNumber, formatType: "WIEGAND", formatData });
    assert.equal(parsed.kind === "problem" && parsed.field, field, `${cardNumber} ${formatData}`);
  }
});
