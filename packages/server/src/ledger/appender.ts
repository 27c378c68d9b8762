import { type Clock, CodedError } from "@postern/core";
import type { Database } from "../platform/database.ts";
import { sqlStateOf } from "../platform/database-error.ts";
import { type AppendOutcome, appendBatches } from "./append.ts";
import { ensurePeriod } from "./ledger-store.ts";
import { APPEND_BATCHES_WAITING_MAX, APPEND_EVENTS_MAX } from "./limits.ts";
import { periodOf } from "./period.ts";
import type { AppendBatch, RefusalCode, StoredAnswer } from "./plan-append.ts";

interface Waiting {
  readonly batch: AppendBatch;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (cause: unknown) => void;
}

/** Group commit: batches that arrive while one transaction runs are the next one's. */
export class Appender {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  readonly #periods = new Set<number>();
  #isRunning = false;
  #whenIdle: Promise<void> = Promise.resolve();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Resolves after the commit. Rejects with `ledger_busy` when too many wait, or with the database's failure: the controller sends again. */
  append(batch: AppendBatch): Promise<AppendOutcome> {
    if (this.#waiting.length >= APPEND_BATCHES_WAITING_MAX) {
      return Promise.reject(new CodedError("ledger_busy", { class: "transient", summary: "Too many batches wait to be appended." }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      if (!this.#isRunning) this.#whenIdle = this.#run();
    });
  }

  /** Waits until what was handed over is answered. */
  async drain(): Promise<void> {
    await this.#whenIdle;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) await this.#commit(this.#take());
    // In the same step as the look at the queue: whoever comes after it finds nobody running.
    this.#isRunning = false;
  }

  #take(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const { batch } of this.#waiting) {
      events += batch.events.length;
      if (count > 0 && events > APPEND_EVENTS_MAX) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#ensurePeriods(group);
      const outcomes = await appendBatches(
        this.#database,
        group.map((waiting) => waiting.batch),
      );
      group.forEach((waiting, index) => {
        const outcome = outcomes[index];
        if (outcome !== undefined) waiting.resolve(outcome);
      });
    } catch (cause) {
      await this.#commitApart(group, cause);
    }
  }

  /** What the database refused as data is somebody's bad event: find it, so that it harms nobody else's. Any other failure is everybody's. */
  async #commitApart(group: readonly Waiting[], cause: unknown): Promise<void> {
    const [only] = group;
    if (!isDataRefused(cause) || only === undefined) {
      for (const waiting of group) waiting.reject(cause);
    } else if (group.length > 1) {
      for (const waiting of group) await this.#commit([waiting]);
    } else {
      await appendOneByOne(this.#database, only.batch).then(only.resolve, only.reject);
    }
  }

  async #ensurePeriods(group: readonly Waiting[]): Promise<void> {
    for (const receivedAtMs of [this.#clock.nowMs(), ...group.map((waiting) => waiting.batch.receivedAtMs)]) {
      const period = periodOf(receivedAtMs);
      if (this.#periods.has(period)) continue;
      await ensurePeriod(this.#database, receivedAtMs);
      this.#periods.add(period);
    }
  }
}

/** SQLSTATE class 22: data the database cannot hold. */
function isDataRefused(cause: unknown): boolean {
  return sqlStateOf(cause)?.startsWith("22") === true;
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
