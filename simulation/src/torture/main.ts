import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { silentLog } from "@postern/core";
import { CONTROLLERS_MAX, CONVERGED_MS_MAX, MINUTES_MAX, VIOLATIONS_TOLD_MAX } from "./limits.ts";
import { drawPlan } from "./plan/draw-plan.ts";
import { runTorture, type TortureOutcome } from "./run-torture.ts";
import { describeJournal } from "./tally.ts";

const USAGE = `npm run torture -- --minutes 3 [--seed 42] [--controllers 4] [--keep] [--plan]
  --minutes N      how long faults go on, up to ${MINUTES_MAX}
  --seed N         what is tried, and when; a fresh one unless said
  --controllers N  each with two doors, up to ${CONTROLLERS_MAX}
  --keep           keeps the folder with all databases and logs
  --plan           prints what would be tried, and tries nothing
`;

const FRESH_SEED_MAX = 2 ** 31;

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    seed: { type: "string" },
    controllers: { type: "string", default: "4" },
    keep: { type: "boolean", default: false },
    plan: { type: "boolean", default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Within the limits, or null. */
function within(text: string | undefined, most: number): number | null {
  const value = Number(text ?? "x");
  return value > 0 && value <= most ? value : null;
}

async function run(minutes: number, seed: number, controllerCount: number): Promise<number> {
  const plan = drawPlan(seed, Math.round(minutes * 60_000), { controllerCount, doorsPerController: 2, serverCount: 2 });
  if (values.plan) {
    say(JSON.stringify(plan, null, 1));
    return 0;
  }
  say(`seed ${seed}: ${minutes} minutes, ${controllerCount} controllers, ${plan.faults.length} faults planned`);
  const told = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => told.abort());
  let folder = "";
  const onFolder = (path: string): void => {
    folder = path;
  };
  try {
    return tell(await runTorture({ plan, log: silentLog, say, keeps: values.keep, signal: told.signal, onFolder }), seed);
  } catch (failure) {
    if (told.signal.aborted) {
      say("told to end; everything that was started has ended");
      return 130;
    }
    say(`seed ${seed} could not be run to its end; its folder is ${folder}`);
    throw failure;
  }
}

function tell({ violations, journal, convergedMs, folder, ...outcome }: TortureOutcome, seed: number): number {
  const faults = [...outcome.faults].sort(([left], [right]) => left.localeCompare(right)).map(([kind, count]) => `${count} ${kind}`);
  say(`faults      ${faults.join(", ")}; ${outcome.countStarts} starts of processes`);
  say(`asked       ${describeJournal(journal)}`);
  say(`left        ${outcome.countEvents} events, ${outcome.countPassages} passages judged, roster at revision ${outcome.revision}`);
  const agreed = convergedMs === null ? "not" : `after ${(convergedMs / 1_000).toFixed(1)} s`;
  say(`agreed      ${agreed} (at most ${CONVERGED_MS_MAX / 1_000} s)`);
  if (folder !== null) say(`folder      ${folder}`);
  if (violations.length === 0) {
    say(`seed ${seed}: every promise was kept`);
    return 0;
  }
  say(`seed ${seed} is BROKEN, ${violations.length} times:`);
  for (const violation of violations.slice(0, VIOLATIONS_TOLD_MAX)) say(`  ${violation}`);
  return 1;
}

const [minutes, controllers] = [within(values.minutes, MINUTES_MAX), within(values.controllers, CONTROLLERS_MAX)];
const seed = values.seed === undefined ? randomInt(1, FRESH_SEED_MAX) : within(values.seed, FRESH_SEED_MAX);
if (minutes === null || controllers === null || seed === null || !Number.isInteger(controllers) || !Number.isInteger(seed)) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  process.exitCode = await run(minutes, seed, controllers);
}
