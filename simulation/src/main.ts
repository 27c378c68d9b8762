import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeHistory } from "./describe-history.ts";
import { runCrowd } from "./run-crowd.ts";
import { runOnPostgres } from "./run-on-postgres.ts";
import { runScenario } from "./run-scenario.ts";
import { type Broken, runSeeds, seedsFrom } from "./run-seeds.ts";
import type { FaultKind, Scenario } from "./scenario/act.ts";
import { drawScenario, faultKinds } from "./scenario/draw-scenario.ts";
import { shrink } from "./scenario/shrink.ts";

const USAGE = `npm run sim -- --seed 42 [--tell]      one world; with --tell its whole history
npm run sim -- --seeds 500 [--from 1]  so many worlds, fresh ones unless --from says where to begin
npm run sim:soak -- --minutes 10       fresh worlds for so long
npm run sim -- --crowd 1000            so many doors whose server goes away and comes back
  --faults clone,cut_all                 worlds that have these faults and no others
  --postgres                             each statement is run on a real PostgreSQL too, and answered alike
  --whole-history                        a broken world is named and not made shorter
  --keep NAME                            a broken world's shortest history becomes a test of that name
`;

const KEPT_FOLDER = fileURLToPath(new URL("../test/kept/", import.meta.url));
const FRESH_SEED_MAX = 2 ** 31;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    minutes: { type: "string" },
    keep: { type: "string" },
    faults: { type: "string", default: "" },
    postgres: { type: "boolean", default: false },
    crowd: { type: "string" },
    tell: { type: "boolean", default: false },
    "whole-history": { type: "boolean", default: false },
  },
});

function say(text: string): void {
  process.stdout.write(text);
}

function readFaults(text: string): FaultKind[] {
  const words = text.split(",").filter((word) => word !== "");
  const faults = faultKinds().filter((kind) => words.includes(kind));
  if (faults.length < words.length) throw new TypeError(`--faults takes some of ${faultKinds().join(", ")}`);
  return faults;
}

/** A whole number of at least 1, or null. */
function countOf(text: string | undefined): number | null {
  const value = Number(text ?? "x");
  return Number.isSafeInteger(value) && value >= 1 ? value : null;
}

async function runOne(seed: number): Promise<Broken | null> {
  const scenario = drawScenario(seed, faults);
  const outcome = await (values.postgres ? runOnPostgres(scenario) : runScenario(scenario, { tell: values.tell ? say : null }));
  say(`seed ${seed}: ${outcome.countPassages} passages, ${outcome.countEvents} events, history ${outcome.hash.slice(0, 16)}\n`);
  return outcome.violations.length > 0 ? { scenario, outcome } : null;
}

async function runMany(): Promise<Broken | null> {
  const first = countOf(values.from) ?? randomInt(1, FRESH_SEED_MAX);
  const seedCount = countOf(values.seeds) ?? Number.POSITIVE_INFINITY;
  const endMs = performance.now() + (countOf(values.minutes) ?? Number.POSITIVE_INFINITY) * 60_000;
  const beganMs = performance.now();
  let count = 0;
  const mayGoOn = (): boolean => {
    count += 1;
    return count <= seedCount && performance.now() < endMs;
  };
  const { countRun, broken, countPassages, countEvents } = await runSeeds(seedsFrom(first), {
    mayGoOn,
    faults,
    ...(values.postgres ? { run: (scenario: Scenario) => runOnPostgres(scenario) } : {}),
  });
  const tookSeconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  say(`${countRun} worlds from seed ${first} in ${tookSeconds} s: ${countPassages} passages, ${countEvents} events\n`);
  return broken;
}

async function report({ scenario, outcome }: Broken): Promise<void> {
  const [violation] = outcome.violations;
  if (violation === undefined) return;
  say(`seed ${scenario.seed} is BROKEN: ${violation.checker}: ${violation.what}\n`);
  if (values["whole-history"]) return;
  say("looking for the shortest history …\n");
  const shortest = await shrink(scenario, violation);
  say(describeHistory(shortest, await runScenario(shortest)));
  if (values.keep === undefined) return;
  mkdirSync(KEPT_FOLDER, { recursive: true });
  writeFileSync(join(KEPT_FOLDER, `${values.keep.replaceAll(/[^a-z0-9]+/gi, "-")}.json`), `${JSON.stringify(shortest, null, 1)}\n`);
}

async function runTheCrowd(count: number): Promise<void> {
  const beganMs = performance.now();
  const { violations, backMs, waitingMost, countRefused, countSessions } = await runCrowd(count, countOf(values.from) ?? 1);
  const tookSeconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  say(`${count} doors in ${tookSeconds} s: all back ${backMs ?? "never"} ms after the server, ${countSessions} sessions, `);
  say(`${waitingMost} callers waited for the database at once, ${countRefused} were sent away\n`);
  for (const { checker, what } of violations) say(`BROKEN: ${checker}: ${what}\n`);
  process.exitCode = violations.length === 0 && backMs !== null ? 0 : 1;
}

const faults = readFaults(values.faults);
const seed = countOf(values.seed);
const crowd = countOf(values.crowd);
if (crowd !== null) await runTheCrowd(crowd);
else if (seed === null && countOf(values.seeds) === null && countOf(values.minutes) === null) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const broken = seed === null ? await runMany() : await runOne(seed);
  if (broken === null) say("every promise was kept\n");
  else {
    process.exitCode = 1;
    await report(broken);
  }
}
