import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionFailure, canonicalJson, type Json } from "../src/index.ts";

const KNOWN: readonly (readonly [Json, string])[] = [
  [null, "null"],
  [true, "true"],
  [-0, "0"],
  [1e21, "1e+21"],
  [0.1, "0.1"],
  ["", '""'],
  ['a"b\\\n', '"a\\"b\\\\\\n"'],
  ["é", '"é"'],
  ["\ud800", '"\\ud800"'],
  [[], "[]"],
  [[3, 1, 2], "[3,1,2]"],
  [{}, "{}"],
  [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
  [{ 10: 1, 9: 2 }, '{"10":1,"9":2}'],
  [{ a: undefined, b: null }, '{"b":null}'],
  [{ é: 1, z: 2, "\u{1f600}": 3, "\ufb33": 4 }, '{"z":2,"é":1,"\u{1f600}":3,"\ufb33":4}'],
];

for (const [value, text] of KNOWN) {
  test(`the canonical text of ${JSON.stringify(value)} is ${text}`, () => assert.equal(canonicalJson(value), text));
}

test("a number that JSON cannot hold is our bug, never silently null", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => canonicalJson({ value }), AssertionFailure);
  }
});

const json = fc.jsonValue() as fc.Arbitrary<Json>;

/** The same value with the members of every object in another order. */
function reversed(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, member === undefined ? undefined : reversed(member)]),
  );
}

test("the order in which an object was built does not show", () => {
  fc.assert(fc.property(json, (value) => assert.equal(canonicalJson(reversed(value)), canonicalJson(value))));
});

test("the text reads back as the same value, so that different values have different texts", () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("the text of the text read back is the text", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text) as Json), text);
    }),
  );
});

test("no blank stands between the parts", () => {
  assert.equal(canonicalJson({ a: [1, { b: "x y" }] }), '{"a":[1,{"b":"x y"}]}');
});
