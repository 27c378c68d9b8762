import type { Outcome } from "./run-scenario.ts";
import type { Scenario } from "./scenario/act.ts";

/** A broken world in lines that a person reads: what happened, and which promise it broke. */
export function describeHistory({ seed, shape, acts }: Scenario, { violations }: Outcome): string {
  const parts = `${shape.controllerCount} controllers, ${shape.serverCount} servers`;
  const lines = acts.map(({ atMs, kind, ...rest }) => `  ${seconds(atMs)} ${kind} ${JSON.stringify(rest)}`);
  const found = violations.slice(0, 3).map(({ atMs, checker, what }) => `  ${seconds(atMs)} ${checker}: ${what}`);
  return [`seed ${seed}, ${parts}:`, ...lines, "broken:", ...found, ""].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(7)} s`;
}
