import assert from "node:assert/strict";
import { pause, systemTimers } from "@postern/core";

const POLL_MS = 5;

/** Waits until `probe` holds; fails when it takes longer than `msMax`. */
export async function eventually(what: string, probe: () => boolean, msMax = 10_000): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!probe()) {
    if (performance.now() > endMs) assert.fail(`not within ${msMax} ms: ${what}`);
    await pause(systemTimers, what, POLL_MS);
  }
}
