import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AccessFacts, decideAccess } from "../src/index.ts";
import { accessFacts, NEVER, RULES, ruleFor } from "./access-facts-arbitrary.ts";

test("every decision is that of the first rule in the table that applies", () => {
  fc.assert(
    fc.property(accessFacts, (facts) => assert.deepEqual(decideAccess(facts), ruleFor(facts)[2](facts))),
    { numRuns: 5_000 },
  );
});

test("the facts that are tried reach every rule of the table", () => {
  const reached = new Set(fc.sample(accessFacts, { numRuns: 5_000, seed: 178 }).map(ruleFor));
  assert.deepEqual(
    RULES.filter((rule) => !reached.has(rule)).map(([name]) => name),
    [],
  );
});

test("taking a right away never opens a door", () => {
  const lessened = (facts: AccessFacts): AccessFacts[] => {
    if (facts.auth === null || facts.door === null) return [];
    return [
      { ...facts, auth: { ...facts.auth, status: "INACTIVE" } },
      { ...facts, auth: { ...facts.auth, endMs: facts.auth.startMs } },
      { ...facts, auth: { ...facts.auth, doors: [] } },
      { ...facts, auth: { ...facts.auth, chains: [] }, isQrIssued: false },
      { ...facts, auth: { ...facts.auth, scheduleId: 334 }, schedules: new Map([[334, NEVER]]) },
      { ...facts, auth: { ...facts.auth, scheduleId: 334 }, schedules: new Map() },
      { ...facts, nowMs: null },
      { ...facts, door: { ...facts.door, beliefAgeMsMax: 1, staleUserIds: [] }, beliefAgeMs: 2 },
      { ...facts, mode: { kind: "locked", by: "lockdown" } },
    ];
  };
  fc.assert(
    fc.property(accessFacts, (facts) => {
      if (facts.mode.kind === "unlocked") return;
      for (const less of lessened(facts)) assert.equal(decideAccess(less).kind, "denied");
    }),
    { numRuns: 500 },
  );
});

test("only a proven factor, or a vendor's yes, releases a bolt", () => {
  fc.assert(
    fc.property(accessFacts, (facts) => {
      if (decideAccess({ ...facts, proven: [] }).kind === "granted") assert.fail("granted to nobody");
      if (facts.auth === null && decideAccess(facts).kind === "granted") assert.equal(facts.confirmation, "confirmed");
    }),
    { numRuns: 1_000 },
  );
});
