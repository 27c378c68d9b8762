import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PeriodState, periodState } from "../src/index.ts";

const START_MS = 1_718_809_200_000;
const END_MS = 1_718_895_540_000;

const BOUNDARIES: readonly (readonly [string, number, PeriodState])[] = [
  ["the millisecond before the start", START_MS - 1, "not_started"],
  ["the start", START_MS, "within"],
  ["the millisecond after the start", START_MS + 1, "within"],
  ["the last millisecond", END_MS - 1, "within"],
  ["the end", END_MS, "ended"],
  ["the millisecond after the end", END_MS + 1, "ended"],
];

for (const [instant, nowMs, expected] of BOUNDARIES) {
  test(`a period is ${expected} at ${instant}`, () => {
    assert.equal(periodState(START_MS, END_MS, nowMs), expected);
  });
}

test("a period whose end is its start holds no instant", () => {
  assert.equal(periodState(5, 5, 4), "not_started");
  assert.equal(periodState(5, 5, 5), "ended");
});

test("a period whose end is before its start holds no instant", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0 }), fc.integer(), (startMs, backMs, nowMs) => {
      assert.notEqual(periodState(startMs, startMs - backMs, nowMs), "within");
    }),
  );
});

test("an instant, a start or an end that is no number is never within", () => {
  assert.notEqual(periodState(START_MS, END_MS, Number.NaN), "within");
  assert.notEqual(periodState(Number.NaN, END_MS, START_MS), "within");
  assert.notEqual(periodState(START_MS, Number.NaN, START_MS), "within");
});

test("a period holds exactly the milliseconds that counting from start to end names", () => {
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 40 }), (startMs, lengthMs) => {
      const counted = new Set(Array.from({ length: lengthMs }, (_unused, step) => startMs + step));
      for (let nowMs = startMs - 5; nowMs <= startMs + lengthMs + 5; nowMs += 1) {
        const state = periodState(startMs, startMs + lengthMs, nowMs);
        assert.equal(state === "within", counted.has(nowMs));
      }
    }),
  );
});
