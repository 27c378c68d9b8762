import { createTestDatabase, type TestDatabase } from "@postern/server/testing";
import { ShadowDatabase } from "./database/shadow-database.ts";
import { type Outcome, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario/act.ts";

/** Runs a world whose every statement is also run on a PostgreSQL database of its own, and answered alike. */
export async function runOnPostgres(
  scenario: Scenario,
  shadowOf = (made: TestDatabase): ShadowDatabase => new ShadowDatabase(made),
): Promise<Outcome & { readonly countCompared: number }> {
  const made = await createTestDatabase();
  const shadow = shadowOf(made);
  try {
    const outcome = await runScenario(scenario, { shadow });
    return { ...outcome, countCompared: shadow.countCompared };
  } finally {
    await shadow.close();
    await made.drop();
  }
}
