import { pause, type Timers } from "@postern/core";
import type { Journal } from "./people/journal.ts";

const COUNTS_EVERY_MS = 5_000;

/** Counts what happens and says it while it does: a line a fault, and how far everything is every few seconds. */
export class Tally {
  readonly #say: (line: string) => void;
  readonly faults = new Map<string, number>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  fault(atMs: number, kind: string, text: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    this.#say(`${(atMs / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  }

  async tellCounts(journal: Journal, timers: Timers, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(timers, "tell counts", COUNTS_EVERY_MS, signal);
      if (!signal.aborted) this.#say(`          ${describeJournal(journal)}`);
    }
  }
}

/** `412 changes (301 done, 80 refused, 31 unknown), 800 cards presented (203 opened, 12 unanswered)` */
export function describeJournal({ changes, presented }: Pick<Journal, "changes" | "presented">): string {
  const answered = (outcome: string): number => changes.filter((change) => change.outcome === outcome).length;
  const met = (outcome: string): number => presented.filter((each) => each.outcome === outcome).length;
  return (
    `${changes.length} changes (${answered("done")} done, ${answered("refused")} refused, ${answered("unknown")} unknown), ` +
    `${presented.length} cards presented (${met("opened")} opened, ${met("unknown")} unanswered)`
  );
}
