import { type Outcome, runScenario } from "./run-scenario.ts";
import type { FaultKind, Scenario } from "./scenario/act.ts";
import { drawScenario } from "./scenario/draw-scenario.ts";

/** A world in which a promise was broken. */
export interface Broken {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
}

export interface SeedsRun {
  readonly countRun: number;
  readonly broken: Broken | null;
  readonly countPassages: number;
  readonly countEvents: number;
}

export interface SeedsOptions {
  readonly mayGoOn?: () => boolean;
  /** The faults that the worlds have; none: as they are drawn. */
  readonly faults?: readonly FaultKind[];
  readonly run?: (scenario: Scenario) => Promise<Outcome>;
}

/** Runs one world after another until a promise is broken, the seeds have come to their end, or `mayGoOn` says no. */
export async function runSeeds(
  seeds: Iterable<number>,
  { mayGoOn = () => true, faults = [], run = runScenario }: SeedsOptions = {},
): Promise<SeedsRun> {
  let [countRun, countPassages, countEvents] = [0, 0, 0];
  for (const seed of seeds) {
    if (!mayGoOn()) break;
    const scenario = drawScenario(seed, faults);
    const outcome = await run(scenario);
    countRun += 1;
    countPassages += outcome.countPassages;
    countEvents += outcome.countEvents;
    if (outcome.violations.length > 0) return { countRun, broken: { scenario, outcome }, countPassages, countEvents };
  }
  return { countRun, broken: null, countPassages, countEvents };
}

/** Seeds from this one on, without end. */
export function* seedsFrom(first: number): Generator<number> {
  for (let seed = first; ; seed += 1) yield seed;
}
