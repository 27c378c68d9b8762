import type { Log, Timer, Timers } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { type Confirmation, type Contact, writeConfirmations, writeContacts } from "./controller-store.ts";
import { CONFIRMATION_RETRY_MS, CONFIRMATION_WRITE_MS } from "./limits.ts";

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
  #isClosed = false;
  #written: Promise<void> = Promise.resolve();

  constructor(database: Queryable, timers: Timers, log: Log) {
    this.#database = database;
    this.#timers = timers;
    this.#log = log;
  }

  add(confirmation: Confirmation): void {
    this.#keep(confirmation);
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

  #keep(newer: Confirmation): void {
    this.#unwritten.set(newer.controllerId, laterOf(this.#unwritten.get(newer.controllerId), newer));
  }

  #writeSoon(afterMs = CONFIRMATION_WRITE_MS): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#timers.after("write confirmations", afterMs, () => void this.flush());
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

  /** Writes what there is for the last time; what cannot be written is told again by the controllers when they greet. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
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
      // Nothing more may come from a controller that has all: it is written again, under what came meanwhile.
      this.#log.warn("gateway.confirmations_unwritten", { count: confirmations.length, cause });
      const meanwhile = [...this.#unwritten.values()];
      for (const confirmation of [...confirmations, ...meanwhile]) this.#keep(confirmation);
      this.#writeSoon(CONFIRMATION_RETRY_MS);
    }
  }
}

/** The newer word; what was compared before and is not written yet stays with it, within a session. */
function laterOf(older: Confirmation | undefined, newer: Confirmation): Confirmation {
  if (older === undefined || older.session !== newer.session) return newer;
  return { ...newer, confirmed: newer.confirmed ?? older.confirmed, reported: newer.reported ?? older.reported };
}
