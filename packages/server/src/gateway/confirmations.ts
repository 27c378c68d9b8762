import type { Log, Timer, Timers } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { type Confirmation, writeConfirmations } from "./controller-store.ts";
import { CONFIRMATION_WRITE_MS } from "./limits.ts";

/** Told of each confirmation as it arrives, before it is written. */
export type ConfirmationListener = (confirmation: Confirmation) => void;

/** What controllers confirmed, kept by controller and written a few times a second in one statement, so that a hundred doors cost one update. */
export class Confirmations {
  readonly #database: Queryable;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #unwritten = new Map<number, Confirmation>();
  readonly #listeners = new Set<ConfirmationListener>();
  #timer: Timer | null = null;

  constructor(database: Queryable, timers: Timers, log: Log) {
    this.#database = database;
    this.#timers = timers;
    this.#log = log;
  }

  add(confirmation: Confirmation): void {
    this.#unwritten.set(confirmation.controllerId, confirmation);
    for (const listener of this.#listeners) listener(confirmation);
    this.#timer ??= this.#timers.after("write confirmations", CONFIRMATION_WRITE_MS, () => void this.flush());
  }

  /** Calls the listener until the returned function is called. */
  listen(listener: ConfirmationListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const confirmations = [...this.#unwritten.values()];
    if (confirmations.length === 0) return;
    this.#unwritten.clear();
    try {
      await writeConfirmations(this.#database, confirmations);
    } catch (cause) {
      // Nothing is lost: the next synced of each controller says the same or more.
      this.#log.warn("gateway.confirmations_unwritten", { count: confirmations.length, cause });
    }
  }
}
