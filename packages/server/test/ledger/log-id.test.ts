import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLogId, encodeLogId } from "../../src/ledger/log-id.ts";

const number = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));

test("every position has a logId of 20 URL-safe characters that names it again", () => {
  fc.assert(
    fc.property(number, number, (placeId, sequence) => {
      const logId = encodeLogId({ placeId, sequence });
      assert.match(logId, /^[A-Za-z0-9_-]{20}$/);
      assert.deepEqual(decodeLogId(logId), { placeId, sequence });
    }),
  );
});

test("a text that no position has is no logId", () => {
  for (const text of [
    "",
    "XjIAM5ABcB2c2xupDI6m",
    "a".repeat(20),
    "A".repeat(19),
    "A".repeat(21),
    `AQ${"_".repeat(18)}`,
    `${"A".repeat(19)}=`,
    `AQ${"A".repeat(17)} `,
  ]) {
    assert.equal(decodeLogId(text), null, JSON.stringify(text));
  }
});

test("whatever is read as a logId is written back alike", () => {
  const text = fc.string({ unit: fc.constantFrom(..."AQZaz09_-"), minLength: 20, maxLength: 20 }).map((tail) => `AQ${tail.slice(2)}`);
  fc.assert(
    fc.property(text, (logId) => {
      const position = decodeLogId(logId);
      if (position !== null) assert.equal(encodeLogId(position), logId);
    }),
  );
});
