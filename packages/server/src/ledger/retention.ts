import type { Log } from "@postern/core";
import type { Database } from "../platform/database.ts";
import { periodOf } from "./period.ts";

const DAY_MS = 86_400_000;

/** The months that have events, of which the first are dropped. */
const PERIODS = `
  select substring(parts.relname from '_p(\\d+)$')::int as period
  from pg_inherits join pg_class parts on parts.oid = inhrelid
  where inhparent = 'events'::regclass order by 1`;

/**
 * Drops the months whose every event was received longer ago than this, with their counts; returns them. Each goes at once and in a transaction of its
 * own: what could not be had within half a second, since somebody reads it, goes the next time.
 */
export async function dropOldPeriods(database: Database, { nowMs, keptDays, log }: Retention): Promise<readonly number[]> {
  const firstKept = periodOf(nowMs - keptDays * DAY_MS);
  const rows = await database.query<{ period: number }>(PERIODS, []);
  const old = rows.map(({ period }) => period).filter((period) => period < firstKept);
  for (const period of old) {
    await database.query("select drop_ledger_period($1)", [period]);
    log.info("ledger.period_dropped", { period });
  }
  return old;
}

export interface Retention {
  readonly nowMs: number;
  readonly keptDays: number;
  readonly log: Log;
}
