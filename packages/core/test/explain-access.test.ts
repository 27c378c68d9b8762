import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ACCESS_RULES, type AccessRule, decideAccess, explainAccess, wallClockText } from "../src/index.ts";
import { accessFacts, ruleFor } from "./access-facts-arbitrary.ts";
import { authWith, END_MS, factsWith, NOW_MS, START_MS } from "./access-facts-builder.ts";

const RULE_NAMED: Readonly<Record<string, AccessRule>> = {
  door_unknown: "door",
  unknown: "credential",
  lockdown: "mode",
  locked_by_operator: "mode",
  locked_by_schedule: "mode",
  unlocked: "mode",
  belief_too_old: "belief",
  inactive: "status",
  not_started: "period",
  ended: "period",
  wrong_door: "doors",
  schedule_missing: "schedule",
  outside_schedule: "schedule",
  factor_not_allowed: "factors",
  wait_factor: "factors",
  ask_vendor: "confirmation",
  vendor_refused: "confirmation",
  vendor_silent: "confirmation",
};

test("an explanation always agrees with the decision, and ends with the rule that made it", () => {
  fc.assert(
    fc.property(accessFacts, (facts) => {
      const { decision, steps } = explainAccess(facts);
      assert.deepEqual(decision, decideAccess(facts));
      const last = steps.at(-1);
      assert.ok(last !== undefined);
      assert.equal(last.passed, decision.kind === "granted" || decision.kind === "unlocked");
      assert.ok(steps.slice(0, -1).every((step) => step.passed));
      const named = RULE_NAMED[ruleFor(facts)[0]];
      if (named !== undefined) assert.equal(last.rule, named);
      for (const { text } of steps) assert.match(text, /^[A-Z].*\.$/);
    }),
    { numRuns: 5_000 },
  );
});

test("the rules of an explanation stand in the order of the decision, each once", () => {
  fc.assert(
    fc.property(accessFacts, (facts) => {
      const places = explainAccess(facts).steps.map(({ rule }) => ACCESS_RULES.indexOf(rule));
      assert.deepEqual(
        places,
        [...new Set(places)].sort((left, right) => left - right),
      );
    }),
  );
});

test("times are told on the wall clock of the place", () => {
  const utcTransitions = [{ fromMs: 0, offsetSeconds: 32_400 }];
  const late = explainAccess(factsWith({ nowMs: END_MS, utcTransitions }));
  assert.equal(late.steps.at(-1)?.text, `The right ended at ${wallClockText(END_MS, 32_400)}.`);
  assert.equal(wallClockText(Date.UTC(2026, 10, 29, 1, 30), 3_600), "2026-11-29 02:30 +01:00");
  assert.equal(wallClockText(Date.UTC(2026, 0, 1, 1, 30), -12_600), "2025-12-31 22:00 -03:30");
});

test("a right that begins later says when", () => {
  const { steps } = explainAccess(factsWith({ nowMs: START_MS - 1, auth: authWith() }));
  assert.deepEqual(
    steps.map(({ rule }) => rule),
    ["door", "credential", "mode", "status", "period"],
  );
  assert.equal(explainAccess(factsWith({ nowMs: NOW_MS })).decision.kind, "granted");
});
