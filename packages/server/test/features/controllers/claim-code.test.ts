import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@postern/core";
import fc from "fast-check";
import { hashClaimCode, newClaimCode, readClaimCode, selectorOf } from "../../../src/features/controllers/claim-code.ts";

const KEY = Buffer.alloc(32, 3);

test("a new code reads back as itself and names its controller", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.integer(), (controllerId, seed) => {
      const code = newClaimCode(controllerId, seededRandom(seed));
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
      assert.deepEqual(readClaimCode(code), { text: code.replace("-", ""), selector: selectorOf(controllerId) });
    }),
  );
});

test("a code may be typed in any case, with blanks and hyphens anywhere, and with the letters that look like digits", () => {
  const wanted = { text: "10AB01CD", selector: 1 * 1024 + 0 * 32 + 10 };
  for (const typed of ["10AB-01CD", "10ab01cd", " 1 0 a b - 0 1 c d ", "IoAb-Olcd", "LOAB-0ICD"])
    assert.deepEqual(readClaimCode(typed), wanted, typed);
});

test("what cannot be a code is none", () => {
  for (const typed of ["", "10AB-01C", "10AB-01CDE", "10AB-01CU", "10AB-01C!", "१०AB-01CD", "ẞ0AB01CD"])
    assert.equal(readClaimCode(typed), null, typed);
});

test("the secret half comes from all of chance's values", () => {
  const random = seededRandom(7);
  const seen = new Set<string>();
  for (let count = 0; count < 400; count += 1)
    for (const character of newClaimCode(1_000, random).replace("-", "").slice(3)) seen.add(character);
  assert.equal(seen.size, 32);
});

test("what is stored of a code differs for another code, another controller and another key", () => {
  const hash = hashClaimCode(KEY, 1_000, "10AB01CD");
  assert.deepEqual(hashClaimCode(KEY, 1_000, "10AB-01CD"), hash);
  for (const other of [
    hashClaimCode(KEY, 1_000, "10AB01CE"),
    hashClaimCode(KEY, 1_001, "10AB01CD"),
    hashClaimCode(Buffer.alloc(32, 4), 1_000, "10AB01CD"),
  ]) {
    assert.notDeepEqual(other, hash);
  }
});
