import { Child } from "../child.ts";
import { type Figure, round, underLimit } from "../figure.ts";
import type { LedgerHandlers } from "../processes/ledger-process.ts";

const LIMIT_MS = 1_000;

/** A month of events dropped while others are appended and read. */
export async function retention({ count = 2_000_000 } = {}): Promise<Figure[]> {
  await using ledger = await Child.start<LedgerHandlers>("ledger");
  await ledger.ask("start", null);
  const { dropMs, countDropped, appendMsMax, readMsMax } = await ledger.ask("dropMonth", { count });
  return [
    {
      job: `a month of ${round(count)} events dropped`,
      ours: `${round(dropMs)} ms${countDropped === 0 ? ", in use: left for the next round" : ""}`,
      mustReach: `≤ ${round(LIMIT_MS)} ms`,
      beside: `meanwhile the longest append of a frame took ${round(appendMsMax)} ms, the longest reading ${round(readMsMax)} ms`,
      ratio: underLimit(LIMIT_MS, dropMs),
      values: { dropMs, countDropped, appendMsMax, readMsMax },
    },
  ];
}
