import assert from "node:assert/strict";
import { test } from "node:test";
import { pinVerifier, provesPin, seededRandom, uniquePinKey } from "../src/index.ts";

const PLACE_SALT = Buffer.alloc(16, 5).toString("base64");

test("a verifier is proven by its own PIN, zeros in front and all, and by no other", async () => {
  const verifier = await pinVerifier("0042", seededRandom(1));
  assert.equal(await provesPin("0042", verifier), true);
  for (const other of ["42", "0043", "00420", ""]) assert.equal(await provesPin(other, verifier), false, other);
});

test("two people with the same PIN have nothing in common that a door's disk could show", async () => {
  const [one, other] = [await pinVerifier("2580", seededRandom(1)), await pinVerifier("2580", seededRandom(2))];
  assert.notEqual(one.salt, other.salt);
  assert.notEqual(one.hash, other.hash);
});

test("a unique PIN has one key at its place and another one elsewhere", async () => {
  const elsewhere = Buffer.alloc(16, 6).toString("base64");
  assert.equal(await uniquePinKey("123456", PLACE_SALT), await uniquePinKey("123456", PLACE_SALT));
  assert.notEqual(await uniquePinKey("123456", PLACE_SALT), await uniquePinKey("123456", elsewhere));
  assert.notEqual(await uniquePinKey("123456", PLACE_SALT), await uniquePinKey("123457", PLACE_SALT));
});

test("a verifier of a wrong length proves nothing", async () => {
  const { salt } = await pinVerifier("1234", seededRandom(1));
  assert.equal(await provesPin("1234", { salt, hash: "" }), false);
});
