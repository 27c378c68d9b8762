import { eventCode, type RecordedEvent } from "@postern/contract";
import type { Tables } from "../database/memory-tables.ts";

/** The ledger of one place, its events in the order of their sequences. */
export type LedgerTables = Pick<Tables, "events" | "nextSequence" | "epoch">;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What the ledger holds of one log generation. */
export interface LedgerLog {
  /** Number → row. */
  readonly rows: Map<number, RecordedEvent>;
  readonly lost: Range[];
  last: number;
}

/** Reads a ledger by what each log generation has in it, and says what no ledger may hold. */
export class LedgerIndex {
  readonly logs = new Map<number, LedgerLog>();
  /** Generations that a fact calls forks. */
  readonly forked = new Set<number>();
  readonly faults: string[] = [];

  constructor({ events, nextSequence }: LedgerTables) {
    for (const [index, row] of events.entries()) {
      if (row.sequence !== index + 1) this.faults.push(`event ${index + 1} of the ledger has the sequence ${row.sequence}`);
      this.#add(row);
    }
    if (nextSequence !== events.length + 1) this.faults.push(`the ledger's head says ${nextSequence} after ${events.length} events`);
  }

  log(generation: number): LedgerLog {
    const known = this.logs.get(generation) ?? { rows: new Map(), lost: [], last: 0 };
    this.logs.set(generation, known);
    return known;
  }

  has(generation: number, number: number): boolean {
    const log = this.logs.get(generation);
    return log !== undefined && (log.rows.has(number) || isIn(log.lost, number));
  }

  #add(row: RecordedEvent): void {
    if (row.eventType === eventCode("LOG_LOST")) {
      const { generation, from, to } = row.detail ?? {};
      if (typeof generation === "number" && typeof from === "number" && typeof to === "number")
        this.log(generation).lost.push({ from, to });
      return;
    }
    if (row.eventType === eventCode("LOG_FORKED")) this.forked.add(Number(row.detail?.["generation"]));
    if (row.generation === 0) return;
    const log = this.log(row.generation);
    if (log.rows.has(row.localLogId)) this.faults.push(`number ${row.localLogId} of log ${row.generation} stands twice in the ledger`);
    else if (row.localLogId < log.last)
      this.faults.push(`number ${row.localLogId} of log ${row.generation} stands after ${log.last} in the ledger`);
    log.rows.set(row.localLogId, row);
    log.last = Math.max(log.last, row.localLogId);
  }
}

export function isIn(ranges: readonly Range[], number: number): boolean {
  return ranges.some(({ from, to }) => number >= from && number <= to);
}
