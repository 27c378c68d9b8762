import { setTimeout as wait } from "node:timers/promises";
import { Unmet } from "./expect.ts";
import { EVENT_LOOK_MS } from "./limits.ts";

/** Looks again and again until it is so, and answers what was seen then; fails with what was seen last. */
export async function eventually(
  what: string,
  { msMax, look, isSo }: { readonly msMax: number; readonly look: () => Promise<unknown>; readonly isSo: (seen: unknown) => boolean },
): Promise<unknown> {
  const endMs = performance.now() + msMax;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > endMs) throw new Unmet(`${what} within ${msMax / 1_000} s`, what, seen);
    await wait(EVENT_LOOK_MS);
  }
}
