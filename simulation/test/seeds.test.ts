import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { describeHistory } from "../src/describe-history.ts";
import { runScenario } from "../src/run-scenario.ts";
import { type Broken, runSeeds, seedsFrom } from "../src/run-seeds.ts";
import type { Scenario } from "../src/scenario/act.ts";
import { drawScenario } from "../src/scenario/draw-scenario.ts";

/** How long each of the two sets may take; the fixed one takes a fraction of it on two quiet cores. */
const SET_MS_MAX = 25_000;
const FIXED_COUNT = 60;
const FRESH_COUNT = 40;
const KEPT = new URL("./kept/", import.meta.url);

function within(countMax: number): () => boolean {
  const endMs = performance.now() + SET_MS_MAX;
  let count = 0;
  return () => {
    count += 1;
    return count <= countMax && performance.now() < endMs;
  };
}

function mustKeep(broken: Broken | null): void {
  assert.ok(broken === null, broken === null ? "" : describeHistory(broken.scenario, broken.outcome));
}

test("one seed has one history", async () => {
  const [first, second] = [await runScenario(drawScenario(7)), await runScenario(drawScenario(7))];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, (await runScenario(drawScenario(8))).hash);
});

test("doors and server keep every promise in the worlds of the fixed seeds", async () => {
  const { broken, countPassages, countEvents, countRun } = await runSeeds(seedsFrom(1), { mayGoOn: within(FIXED_COUNT) });
  mustKeep(broken);
  assert.ok(countRun >= 10 && countPassages > countRun && countEvents > 10 * countRun, "people pass and are recorded");
});

test("doors and server keep every promise in fresh worlds", async () => {
  mustKeep((await runSeeds(seedsFrom(randomInt(1_000, 2 ** 31)), { mayGoOn: within(FRESH_COUNT) })).broken);
});

for (const file of readdirSync(KEPT).filter((name) => name.endsWith(".json"))) {
  test(`a history that once broke a promise: ${file.slice(0, -".json".length).replaceAll("-", " ")}`, async () => {
    const scenario: Scenario = JSON.parse(readFileSync(new URL(file, KEPT), "utf8"));
    const outcome = await runScenario(scenario);
    mustKeep(outcome.violations.length === 0 ? null : { scenario, outcome });
  });
}
