import { type Log, pause, type Timers } from "@postern/core";
import type { Database } from "../platform/database.ts";
import { sqlStateOf } from "../platform/database-error.ts";
import { ensurePeriod } from "./ledger-store.ts";
import { PERIOD_DROP_PAUSE_MS, PERIOD_DROP_TRIES_MAX, PERIODS_AHEAD_MS } from "./limits.ts";
import { periodOf } from "./period.ts";

const DAY_MS = 86_400_000;

/** SQLSTATE of a lock that could not be had in time. */
const LOCK_NOT_AVAILABLE = "55P03";

/** The months that have events, of which the first are dropped. */
const PERIODS = `
  select substring(parts.relname from '_p(\\d+)$')::int as period
  from pg_inherits join pg_class parts on parts.oid = inhrelid
  where inhparent = 'events'::regclass order by 1`;

/** Makes this month's partitions and those of the month that begins soon, so that no append has to. */
export async function makePeriodsAhead(database: Database, nowMs: number): Promise<void> {
  for (const atMs of [nowMs, nowMs + PERIODS_AHEAD_MS]) await ensurePeriod(database, atMs);
}

/**
 * Drops the months whose every event was received longer ago than this, with their counts; returns them. Each goes at once and in a transaction of its
 * own. A drop gives up soon while somebody reads, since whoever comes would wait behind it, and is tried again after a moment. What could not be had
 * is left, with those after it, so that what is kept has no hole.
 */
export async function dropOldPeriods(database: Database, { nowMs, keptDays, timers, log }: Retention): Promise<readonly number[]> {
  const firstKept = periodOf(nowMs - keptDays * DAY_MS);
  const rows = await database.query<{ period: number }>(PERIODS, []);
  const dropped: number[] = [];
  for (const period of rows.map((row) => row.period).filter((each) => each < firstKept)) {
    if (!(await dropPeriod(database, period, timers))) {
      log.warn("ledger.period_in_use", { period });
      break;
    }
    log.info("ledger.period_dropped", { period });
    dropped.push(period);
  }
  return dropped;
}

export interface Retention {
  readonly nowMs: number;
  readonly keptDays: number;
  readonly timers: Timers;
  readonly log: Log;
}

async function dropPeriod(database: Database, period: number, timers: Timers): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      await database.query("select drop_ledger_period($1)", [period]);
      return true;
    } catch (cause) {
      if (sqlStateOf(cause) !== LOCK_NOT_AVAILABLE) throw cause;
    }
    if (tries === PERIOD_DROP_TRIES_MAX) return false;
    await pause(timers, "drop a month again", PERIOD_DROP_PAUSE_MS);
  }
}
