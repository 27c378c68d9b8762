import type { Log, Timer, Timers } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { type Confirmation, type Contact, writeConfirmations, writeContacts } from "./controller-store.ts";
import { CONFIRMATION_WRITE_MS } from "./limits.ts";

/** Told of each confirmation as it arrives, before it is written. */
export type ConfirmationListener = (confirmation: Confirmation) => void;

/** What controllers confirmed, and that they were heard, kept by controller and written a few times a second in one statement, so that a hundred doors cost one update. */
export class Confirmations {
  readonly #database: Queryable;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #unwritten = new Map<number, Confirmation>();
  readonly #unwrittenContacts = new Map<number, Contact>();
  readonly #listeners = new Set<ConfirmationListener>();
  #timer: Timer | null = null;
  #written: Promise<void> = Promise.resolve();

  constructor(database: Queryable, timers: Timers, log: Log) {
    this.#database = database;
    this.#timers = timers;
    this.#log = log;
  }

  add(confirmation: Confirmation): void {
    this.#unwritten.set(confirmation.controllerId, confirmation);
    for (const listener of this.#listeners) listener(confirmation);
    this.#writeSoon();
  }

  /** Notes that a controller was heard. */
  heard(contact: Contact): void {
    const before = this.#unwrittenContacts.get(contact.controllerId);
    const clockOffsetMs = contact.clockOffsetMs ?? (before?.session === contact.session ? before.clockOffsetMs : null);
    this.#unwrittenContacts.set(contact.controllerId, { ...contact, clockOffsetMs });
    this.#writeSoon();
  }

  #writeSoon(): void {
    this.#timer ??= this.#timers.after("write confirmations", CONFIRMATION_WRITE_MS, () => void this.flush());
  }

  /** Calls the listener until the returned function is called. */
  listen(listener: ConfirmationListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Writes what there is, after what is being written: an older word must not come after a newer one. Never rejects. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#written = this.#written.then(() => this.#write());
    return this.#written;
  }

  async #write(): Promise<void> {
    const confirmations = [...this.#unwritten.values()];
    const contacts = [...this.#unwrittenContacts.values()];
    this.#unwritten.clear();
    this.#unwrittenContacts.clear();
    try {
      if (confirmations.length > 0) await writeConfirmations(this.#database, confirmations);
      if (contacts.length > 0) await writeContacts(this.#database, contacts);
    } catch (cause) {
      // Nothing is lost: the next synced of each controller says the same or more.
      this.#log.warn("gateway.confirmations_unwritten", { count: confirmations.length, cause });
    }
  }
}
