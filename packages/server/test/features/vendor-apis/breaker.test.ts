import assert from "node:assert/strict";
import { test } from "node:test";
import { admit, type Breaker, Breakers, CLOSED, settle } from "../../../src/features/vendor-apis/breaker.ts";

const open = (untilMs: number, pauseMs = 5_000): Breaker => ({ kind: "open", untilMs, pauseMs });
const probing = (pauseMs = 5_000): Breaker => ({ kind: "probing", pauseMs });
const failed = (failureCount: number): Breaker => ({ kind: "closed", failureCount });

test("who may ask follows from the breaker and the time alone", () => {
  const cases: readonly (readonly [string, Breaker, ReturnType<typeof admit>])[] = [
    ["closed lets everybody", CLOSED, { breaker: CLOSED, isAdmitted: true, isProbe: false }],
    ["with failures too", failed(4), { breaker: failed(4), isAdmitted: true, isProbe: false }],
    ["open lets nobody before its time", open(1_001), { breaker: open(1_001), isAdmitted: false, isProbe: false }],
    ["and one at its time", open(1_000), { breaker: probing(), isAdmitted: true, isProbe: true }],
    ["nobody else while that one asks", probing(), { breaker: probing(), isAdmitted: false, isProbe: false }],
  ];
  for (const [title, breaker, wanted] of cases) assert.deepEqual(admit(breaker, 1_000), wanted, title);
});

test("what a call's end makes of the breaker", () => {
  const cases: readonly (readonly [string, Breaker, Omit<Parameters<typeof settle>[1], "nowMs">, Breaker])[] = [
    ["an answer forgets failures", failed(4), { outcome: "answered", isProbe: false }, CLOSED],
    ["a failure is counted", failed(3), { outcome: "failed", isProbe: false }, failed(4)],
    ["the fifth in a row opens", failed(4), { outcome: "failed", isProbe: false }, open(6_000)],
    ["what nobody waited for counts for nothing", failed(4), { outcome: "unknown", isProbe: false }, failed(4)],
    ["a failure from before changes no open breaker", open(3_000), { outcome: "failed", isProbe: false }, open(3_000)],
    ["nor one that is probing", probing(), { outcome: "failed", isProbe: false }, probing()],
    ["an answer from before closes an open one", open(3_000), { outcome: "answered", isProbe: false }, CLOSED],
    ["an answer to the probe closes", probing(), { outcome: "answered", isProbe: true }, CLOSED],
    ["a failed probe doubles the pause", probing(), { outcome: "failed", isProbe: true }, open(11_000, 10_000)],
    ["up to a minute", probing(40_000), { outcome: "failed", isProbe: true }, open(61_000, 60_000)],
    ["a probe that nobody waited for is made again at once", probing(), { outcome: "unknown", isProbe: true }, open(1_000)],
    ["a probe's failure after an answer of somebody else is a first failure", CLOSED, { outcome: "failed", isProbe: true }, failed(1)],
  ];
  for (const [title, breaker, ended, wanted] of cases) assert.deepEqual(settle(breaker, { ...ended, nowMs: 1_000 }), wanted, title);
});

test("one customer's breaker is nobody else's, and what has nothing to remember is forgotten", () => {
  const breakers = new Breakers();
  const fail = (key: string, nowMs: number): void => {
    const { isProbe } = breakers.admit(key, nowMs);
    breakers.settle(key, { outcome: "failed", isProbe, nowMs });
  };
  for (let count = 0; count < 5; count += 1) fail("a", 1_000);
  assert.deepEqual([breakers.isShut("a", 1_000), breakers.isShut("b", 1_000), breakers.openCount], [true, false, 1]);
  assert.deepEqual(breakers.admit("a", 6_000), { isAdmitted: true, isProbe: true });
  assert.deepEqual(breakers.admit("a", 6_000), { isAdmitted: false, isProbe: false });
  breakers.settle("a", { outcome: "answered", isProbe: true, nowMs: 6_000 });
  assert.deepEqual([breakers.isShut("a", 6_000), breakers.openCount], [false, 0]);
});
