import type { LogContinuity, LogRange } from "@postern/contract";
import type { Queryable } from "../../platform/database.ts";
import { type PageWanted, pageOfRows } from "../../platform/operations/page-cursor.ts";
import { type FactRow, type LogRow, listControllerIds, loadLogs } from "./log-store.ts";

/** A page of the controllers of a place, with what the ledger has of each one's log. */
export async function continuityOfPlace(
  queryable: Queryable,
  placeId: number,
  page: PageWanted,
): Promise<{ readonly items: readonly LogContinuity[]; readonly next?: string }> {
  const ids = await listControllerIds(queryable, placeId, { afterId: page.afterId, limit: page.limit + 1 });
  const logs = await loadLogs(queryable, placeId, ids);
  return pageOfRows(logs, page, { idOf: ({ controllerId }) => controllerId, item: continuityOf });
}

export function continuityOf(row: LogRow): LogContinuity {
  const { controllerId, serial, connected, reportedAt, received, receivedCount, lostCount, facts, forkCount } = row;
  const { awaited, holes } = missingOf(row);
  return {
    ...{ controllerId, serial, connected, reportedAt, receivedCount, awaited, holes, lostCount, forkCount },
    received: received.filter(({ from, to }) => from <= to),
    lost: facts.flatMap(lostOf),
    forks: facts.flatMap(forkOf),
  };
}

/** What the controller said that its log holds, less what is stored; and what lies between that it no longer holds. */
function missingOf({ reported, marks }: Pick<LogRow, "reported" | "marks">): { readonly awaited: LogRange[]; readonly holes: LogRange[] } {
  const storedOf = new Map(marks.map(({ generation, through }) => [generation, through]));
  const awaited: LogRange[] = [];
  const holes: LogRange[] = [];
  for (const { generation, first, last } of reported) {
    const stored = storedOf.get(generation);
    const from = stored === undefined ? first : Math.max(first, stored + 1);
    if (from <= last) awaited.push({ generation, from, to: last });
    if (stored !== undefined && first > stored + 1) holes.push({ generation, from: stored + 1, to: first - 1 });
  }
  return { awaited, holes };
}

function lostOf({ kind, generation, from, to, at }: FactRow): LogContinuity["lost"] {
  return kind === "lost" && from !== null && to !== null ? [{ generation, from, to, at }] : [];
}

/** A fork names the log it should have continued as `from`; without one, its disk was empty. */
function forkOf({ kind, generation, at, because }: FactRow): LogContinuity["forks"] {
  return kind === "forked" ? [{ generation, at, because: because ?? "continues from behind what was stored" }] : [];
}
