import { Child } from "../child.ts";
import { type Figure, latency, round } from "../figure.ts";
import type { ClientHandlers } from "../processes/client-process.ts";
import type { RowsSent } from "../processes/import-rows.ts";
import type { ServerHandlers } from "../processes/server-process.ts";

const ROWS_PER_SECOND_MIN = 5_000;
const SINGLE_PACE_MS = 50;

/** People with a card each, in one call of rows; the same rows again; and single calls of somebody else while rows come. Beside them single calls alone. */
export async function bulk({ rowCount = 50_000, singleCount = 500, insertCount = 1_000 } = {}): Promise<Figure[]> {
  await using server = await Child.start<ServerHandlers>("server");
  const { api: address } = await server.ask("start", { dataDir: null });
  await using client = await Child.start<ClientHandlers>("client");
  await using other = await Child.start<ClientHandlers>("client");
  await client.ask("enrol", { address, paceMs: 0, first: 0, count: Math.ceil(singleCount / 10) });
  const single = await client.ask("enrol", { address, paceMs: 0, first: 10_000, count: singleCount });
  const singlePerSecond = (singleCount * 1_000) / single.elapsedMs;
  const alone = await server.ask("insertAlone", { count: insertCount });
  const fresh = await client.ask("importRows", { address, first: 0, count: rowCount });
  const again = await client.ask("importRows", { address, first: 0, count: rowCount });
  const [, beside] = await Promise.all([
    client.ask("importRows", { address, first: rowCount, count: rowCount }),
    other.ask("enrol", { address, paceMs: SINGLE_PACE_MS, first: 50_000, count: Math.max(Math.ceil(rowCount / 500), 10) }),
  ]);
  const { text, ...percentiles } = latency(beside.latenciesMs);
  return [
    rowsFigure("enrol, bulk", fresh, { singlePerSecond, alone }),
    rowsFigure("enrol, bulk: the same rows again", again, { singlePerSecond, alone }),
    {
      job: "enrol, single calls while rows come",
      ours: text,
      mustReach: "-",
      beside: `alone: ${latency(single.latenciesMs).text}`,
      ratio: `p50 ${(percentiles.p50Ms / latency(single.latenciesMs).p50Ms).toFixed(1)} × as long as alone`,
      values: percentiles,
    },
  ];
}

function rowsFigure(
  job: string,
  { elapsedMs, result }: RowsSent,
  { singlePerSecond, alone }: { readonly singlePerSecond: number; readonly alone: number },
): Figure {
  const perSecond = (result.rowCount * 1_000) / elapsedMs;
  return {
    job,
    ours: `${round(perSecond)} rows/s`,
    mustReach: `${round(ROWS_PER_SECOND_MIN)} rows/s`,
    beside: `single calls: ${round(singlePerSecond)}/s; one insert a commit: ${round(alone)}/s`,
    ratio: `${round(perSecond / singlePerSecond)} × single calls`,
    values: { perSecond, singlePerSecond, insertsPerSecond: alone, failedCount: result.failedCount },
  };
}
