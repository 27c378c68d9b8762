import type { Violation } from "../checkers/violation.ts";
import { runScenario } from "../run-scenario.ts";
import type { Act, Scenario } from "./act.ts";

/** Runs spent on making one history shorter: about two minutes. */
const RUNS_MAX = 400;

/**
 * The shortest history that can be found with the same promise broken: acts are left out, first many at once and then one by one, as long as it still
 * breaks. Everything else is drawn from the same seed.
 */
export async function shrink(scenario: Scenario, { checker }: Violation): Promise<Scenario> {
  let acts = scenario.acts;
  let runs = 0;
  const breaks = async (fewer: readonly Act[]): Promise<boolean> => {
    runs += 1;
    const { violations } = await runScenario({ ...scenario, acts: fewer });
    return violations.some((violation) => violation.checker === checker);
  };
  for (let size = Math.ceil(acts.length / 2); size >= 1 && runs < RUNS_MAX; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < acts.length && runs < RUNS_MAX; ) {
      const fewer = [...acts.slice(0, from), ...acts.slice(from + size)];
      if (await breaks(fewer)) acts = fewer;
      else from += size;
    }
  }
  return { ...scenario, acts };
}
