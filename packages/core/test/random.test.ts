import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Random, seededRandom, systemRandom } from "../src/index.ts";

function numbersOf(random: Random, count: number, below: number): number[] {
  return Array.from({ length: count }, () => random.int(below));
}

test("the same seed gives the same numbers and bytes", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [left, right] = [seededRandom(seed), seededRandom(seed)];
      assert.deepEqual(numbersOf(left, 20, 1_000), numbersOf(right, 20, 1_000));
      assert.deepEqual(left.bytes(20), right.bytes(20));
    }),
  );
});

test("another seed gives other numbers", () => {
  assert.notDeepEqual(numbersOf(seededRandom(1), 10, 2 ** 32), numbersOf(seededRandom(2), 10, 2 ** 32));
});

test("a number is whole, at least 0 and below its bound, up to the largest bound", () => {
  for (const random of [seededRandom(7), systemRandom]) {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), (below) => {
        const number = random.int(below);
        assert.ok(Number.isInteger(number) && number >= 0 && number < below);
      }),
    );
  }
});

test("every face of a seeded die comes about as often", () => {
  const counts = new Array<number>(6).fill(0);
  for (const face of numbersOf(seededRandom(42), 60_000, 6)) counts[face] = (counts[face] ?? 0) + 1;
  for (const count of counts) assert.ok(count > 9_500 && count < 10_500, `${counts}`);
});

test("a bound beyond 32 bits reaches its upper half and both parities", () => {
  const numbers = numbersOf(seededRandom(3), 1_000, 2 ** 48 - 1);
  assert.ok(numbers.some((number) => number > 2 ** 47));
  assert.equal(new Set(numbers.map((number) => number % 2)).size, 2);
});

test("bytes are as many as asked for", () => {
  for (const random of [seededRandom(7), systemRandom]) {
    for (const length of [0, 1, 16, 1_000]) assert.equal(random.bytes(length).length, length);
  }
});
