import type { Violation } from "./checkers/violation.ts";
import type { Scenario } from "./scenario/act.ts";
import { carryOut } from "./world/carry-out.ts";
import { type Beside, World } from "./world/world.ts";

/** After the last fault everything agrees within this time: the longest pause of a link, a keepalive that runs out, and the repair itself. */
const SETTLED_MS = 180_000;

export interface Outcome {
  readonly violations: readonly Violation[];
  /** Of the whole history: the same scenario has the same one. */
  readonly hash: string;
  readonly countFrames: number;
  readonly countPassages: number;
  readonly countEvents: number;
}

/** Runs one world from its beginning to its end, or to the first promise that is not kept. */
export async function runScenario(
  scenario: Scenario,
  { tell = null, shadow = null, areDisksInMemory = false }: Partial<Beside> = {},
): Promise<Outcome> {
  const world = new World(scenario, { tell, shadow, areDisksInMemory });
  const { scheduler, watcher } = world;
  try {
    await world.begin(scenario.shape);
    for (const act of scenario.acts) scheduler.after(act.atMs, () => carryOut(world, act));
    scheduler.after(scenario.actsUntilMs, () => world.mend());
    const endMs = scheduler.nowMs + scenario.actsUntilMs + SETTLED_MS;
    const isWhole = (): boolean => watcher.violations.length === 0;
    while (scheduler.nowMs < endMs && isWhole())
      await scheduler
        .runUntil(Math.min(endMs, scheduler.nowMs + 5_000))
        .catch((cause: unknown) => watcher.accuse("our own bug", `${cause}`));
    if (isWhole()) watcher.judge(world.originals());
    if (isWhole()) await shadow?.judge(world.host.tables);
    return {
      violations: watcher.violations,
      hash: watcher.hash(),
      countFrames: watcher.countFrames,
      countPassages: watcher.passages.count,
      countEvents: world.host.tables.events.length,
    };
  } finally {
    world.end();
  }
}
