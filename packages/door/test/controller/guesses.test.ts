import assert from "node:assert/strict";
import { test } from "node:test";
import { guessDelayMs, guesserKey, withGuess, withoutGuesses } from "../../src/controller/guesses.ts";
import type { Guesser } from "../../src/guesser.ts";
import { GUESSERS_MAX, GUESSES_FORGOTTEN_MS } from "../../src/limits.ts";

const KEY = guesserKey(7, 1_000);
const after = (count: number): readonly Guesser[] =>
  Array.from({ length: count }).reduce<readonly Guesser[]>((held) => withGuess(held, KEY, 0), []);

test("the first wrong ones cost nothing, then each doubles the pause up to fifteen minutes", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 10, 11, 30].map((count) => guessDelayMs(after(count), KEY, 0) / 1_000);
  assert.deepEqual(delays, [0, 0, 0, 5, 10, 20, 40, 640, 900, 900]);
});

test("a pause passes, and is not made longer by a clock that was set back", () => {
  assert.equal(guessDelayMs(after(3), KEY, 4_999), 1);
  assert.equal(guessDelayMs(after(3), KEY, 5_000), 0);
  assert.equal(guessDelayMs(after(3), KEY, -86_400_000), 5_000);
});

test("the right one, and an hour without any, make good what was wrong before", () => {
  assert.deepEqual(withoutGuesses(after(9), KEY), []);
  assert.equal(withGuess(after(9), KEY, GUESSES_FORGOTTEN_MS)[0]?.count, 1);
});

test("one person's wrong PINs hold back nobody else and no other device, and only so many guessers are remembered", () => {
  for (const other of [guesserKey(7, 1_001), guesserKey(8, 1_000), guesserKey(7, null)]) assert.equal(guessDelayMs(after(30), other, 0), 0);
  const many = Array.from({ length: GUESSERS_MAX + 50 }, (_, index) => index).reduce<readonly Guesser[]>(
    (held, index) => withGuess(held, `${index}`, 0),
    [],
  );
  assert.equal(many.length, GUESSERS_MAX);
});
