import type { Clock } from "@postern/core";
import { Batcher, isDataRefused } from "../platform/batcher.ts";
import type { Database } from "../platform/database.ts";
import { type AppendOutcome, appendBatches } from "./append.ts";
import { ensurePeriod } from "./ledger-store.ts";
import { APPEND_BATCHES_WAITING_MAX, APPEND_EVENTS_MAX } from "./limits.ts";
import { periodOf } from "./period.ts";
import type { AppendBatch, RefusalCode, StoredAnswer } from "./plan-append.ts";

/** Group commit: batches that arrive while one transaction runs are the next one's. */
export class Appender {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #commits: Batcher<AppendBatch, AppendOutcome>;
  readonly #periods = new Set<number>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#commits = new Batcher({
      answer: (batches) => this.#commit(batches),
      weightOf: (batch) => batch.events.length,
      weightMax: APPEND_EVENTS_MAX,
      waitingMax: APPEND_BATCHES_WAITING_MAX,
    });
  }

  /** Resolves after the commit. Rejects with `database_busy`, or with the database's failure: the controller sends again. */
  append(batch: AppendBatch): Promise<AppendOutcome> {
    return this.#commits.ask(batch);
  }

  /** Waits until what was handed over is answered. */
  drain(): Promise<void> {
    return this.#commits.drain();
  }

  /** What the database refuses as data is somebody's bad event; alone in its batch, it is found, so that it harms nobody else's. */
  async #commit(batches: readonly AppendBatch[]): Promise<readonly AppendOutcome[]> {
    await this.#ensurePeriods(batches);
    try {
      return await appendBatches(this.#database, batches);
    } catch (cause) {
      const [only] = batches;
      if (only === undefined || batches.length > 1 || !isDataRefused(cause)) throw cause;
      return [await appendOneByOne(this.#database, only)];
    }
  }

  async #ensurePeriods(batches: readonly AppendBatch[]): Promise<void> {
    for (const receivedAtMs of [this.#clock.nowMs(), ...batches.map((batch) => batch.receivedAtMs)]) {
      const period = periodOf(receivedAtMs);
      if (this.#periods.has(period)) continue;
      await ensurePeriod(this.#database, receivedAtMs);
      this.#periods.add(period);
    }
  }
}

/** Appends a batch event by event, the refused ones as stubs. */
async function appendOneByOne(database: Database, batch: AppendBatch): Promise<AppendOutcome> {
  const refused: { localLogId: number; code: RefusalCode }[] = [];
  let answer: StoredAnswer = { generation: batch.generation, through: batch.first - 1, refused };
  for (const [index, event] of batch.events.entries()) {
    const one = { ...batch, first: batch.first + index, events: [event] };
    const outcomes = await appendBatches(database, [one]).catch((cause: unknown) => {
      if (!isDataRefused(cause)) throw cause;
      return appendBatches(database, [{ ...one, events: [null] }]);
    });
    const [outcome] = outcomes;
    if (outcome === undefined || outcome.kind === "stale_session") return { kind: "stale_session" };
    refused.push(...outcome.answer.refused);
    answer = outcome.answer;
    if (answer.expect !== undefined) break;
  }
  return { kind: "stored", answer: { ...answer, refused } };
}
