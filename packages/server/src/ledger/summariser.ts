import type { Log } from "@postern/core";
import type { Database } from "../platform/database.ts";
import { SUMMARISE_EVENTS_MAX, SUMMARISE_PLACES_MAX } from "./limits.ts";
import { placesToSummarise, summarise } from "./summarise.ts";

/** Counts events into slices in the background, so that pages and totals need not. Readers add what is not yet counted. */
export class Summariser {
  readonly #database: Database;
  readonly #log: Log;
  #running: Promise<void> | null = null;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  /** Counts what there is; a call while it counts waits for that. */
  run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    for (const placeId of await placesToSummarise(this.#database, SUMMARISE_PLACES_MAX)) {
      try {
        while ((await summarise(this.#database, placeId, SUMMARISE_EVENTS_MAX)) > 0);
      } catch (cause) {
        // One place's failure is not the others'; it is counted the next time.
        this.#log.warn("ledger.not_summarised", { placeId, cause });
      }
    }
  }
}
