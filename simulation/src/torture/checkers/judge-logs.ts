import { LogChecker } from "../../checkers/log-checker.ts";
import type { Accuse } from "../../checkers/violation.ts";
import type { DatabaseDisk, DoorDisk } from "../evidence/evidence.ts";

/** What the doors have written is in the ledger: what they were told is stored, what they still keep, each number once and in order, every hole declared. */
export function judgeLogs(doors: readonly DoorDisk[], database: DatabaseDisk, accuse: Accuse): void {
  const logs = new LogChecker(accuse);
  const kept = new Map<number, Set<number>>();
  for (const { generations, events, storedThrough } of doors) {
    for (const { generation, predecessor } of generations) {
      logs.begun(generation, predecessor);
      kept.set(generation, new Set());
    }
    for (const { generation, number, event } of events) {
      logs.recorded(generation, number, [event]);
      kept.get(generation)?.add(number);
    }
    for (const { generation, first, last } of generations)
      if (first <= storedThrough) logs.promised({ generation, through: Math.min(last, storedThrough) }, database);
  }
  logs.judge(database, kept);
}
