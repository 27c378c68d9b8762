import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { ShadowDatabase } from "../src/database/shadow-database.ts";
import { describeHistory } from "../src/describe-history.ts";
import { runOnPostgres } from "../src/run-on-postgres.ts";
import type { Scenario } from "../src/scenario/act.ts";
import { drawScenario } from "../src/scenario/draw-scenario.ts";

/** A quarter of a world's faults and people; the statements are as many kinds as in a whole one. */
const ACTS_MS = 60_000;
const TEST_MS_MAX = 12_000;

function shortWorld(seed: number): Scenario {
  const { acts, ...scenario } = drawScenario(seed);
  return { ...scenario, actsUntilMs: ACTS_MS, acts: acts.filter(({ atMs }) => atMs < ACTS_MS) };
}

test("what the tables in memory answer in a world, PostgreSQL answers too, row by row", async () => {
  const endMs = performance.now() + TEST_MS_MAX;
  for (let seed = randomInt(1, 2 ** 31); performance.now() < endMs; seed += 1) {
    const outcome = await runOnPostgres(shortWorld(seed));
    assert.ok(outcome.violations.length === 0, describeHistory(shortWorld(seed), outcome));
    assert.ok(outcome.countCompared > 500, `${outcome.countCompared} answers of seed ${seed} were compared`);
  }
});

test("an answer that is another in memory than in PostgreSQL breaks the world", async () => {
  class Drifted extends ShadowDatabase {
    override compare(...[statement, ours, on]: Parameters<ShadowDatabase["compare"]>): ReturnType<ShadowDatabase["compare"]> {
      const isDrifted = statement.name === "ledger-load-controllers";
      return super.compare(statement, isDrifted ? ours.map((row) => ({ ...row, has_begun: null })) : ours, on);
    }
  }
  const { violations } = await runOnPostgres(shortWorld(1), (made) => new Drifted(made));
  assert.equal(violations[0]?.checker, "statements");
});
