import { Child } from "../child.ts";
import { type Figure, percentile, round } from "../figure.ts";
import type { LedgerHandlers } from "../processes/ledger-process.ts";

/** The ledger's append, beside COPY into the same tables and beside single inserts, in turns, so that a busy moment meets all alike. */
export async function append({ count = 60_000, singleCount = 300, rounds = 3 } = {}): Promise<Figure[]> {
  await using ledger = await Child.start<LedgerHandlers>("ledger");
  await ledger.ask("start", null);
  const measured: Record<"append" | "copy" | "insert" | "appendOne", number[]> = { append: [], copy: [], insert: [], appendOne: [] };
  await ledger.ask("append", { count: Math.ceil(count / 4) });
  for (let round = 0; round < rounds; round += 1) {
    measured.append.push(await ledger.ask("append", { count }));
    measured.copy.push(await ledger.ask("copy", { count }));
    measured.insert.push(await ledger.ask("insert", { count: singleCount }));
    measured.appendOne.push(await ledger.ask("append", { count: singleCount, frameEvents: 1 }));
  }
  const [ours, copy, insert, one] = [measured.append, measured.copy, measured.insert, measured.appendOne].map((all) =>
    percentile(all, 0.5),
  );
  if (ours === undefined || copy === undefined || insert === undefined || one === undefined) return [];
  return [
    {
      job: "append, full frames",
      ours: `${round(ours)} events/s`,
      mustReach: "30,000/s and ≥ 35 % of COPY",
      beside: `one COPY into the same tables: ${round(copy)}/s; single inserts: ${round(insert)}/s`,
      ratio: `${Math.round((100 * ours) / copy)} % of COPY; ${round(ours / insert)} × single inserts`,
      values: { eventsPerSecond: ours, copyPerSecond: copy, insertsPerSecond: insert },
    },
    {
      job: "append, one event a commit",
      ours: `${round(one)} events/s`,
      mustReach: "–",
      beside: `single inserts: ${round(insert)}/s`,
      ratio: `${(one / insert).toFixed(2)} of single inserts`,
      values: { eventsPerSecond: one, insertsPerSecond: insert },
    },
  ];
}
