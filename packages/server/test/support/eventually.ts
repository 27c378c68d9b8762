import assert from "node:assert/strict";
import { pause, systemTimers } from "@postern/core";

const POLL_MS = 10;

/** Waits until `probe` returns something else than undefined or false, and returns it. Fails when it takes longer than `msMax`. */
export async function eventually<T>(what: string, probe: () => Promise<T> | T, msMax = 10_000): Promise<Exclude<T, undefined | false>> {
  const endMs = performance.now() + msMax;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > endMs) assert.fail(`not within ${msMax} ms: ${what}`);
    await pause(systemTimers, what, POLL_MS);
  }
}
