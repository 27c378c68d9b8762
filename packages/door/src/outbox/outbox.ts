import type { HelloFrame, LinkEvent, WelcomeFrame } from "@postern/contract";
import { GENERATIONS_PER_HELLO_MAX } from "@postern/contract";
import { assert, type Log, type Random } from "@postern/core";
import { isDamaged, setAside } from "../disk/damage.ts";
import type { Guesser } from "../guesser.ts";
import { OUTBOX_EVENTS_MAX, OUTBOX_KEPT_MS } from "../limits.ts";
import { drawGeneration, type LogCursor, type LogGeneration } from "./log-generation.ts";
import type { OpenAlarm } from "./open-alarms.ts";
import { type OutboxDisk, OutboxStore } from "./outbox-store.ts";
import { cursorAfterWelcome, type EventBatch, type OutboxView, planBatch } from "./plan-batch.ts";

/** How an outbox begins a generation: what its first record says, and by which clock. */
export interface OutboxStart {
  readonly random: Random;
  readonly log: Log;
  /** `DEV_DEVICE_START`, given the newest time that the disk knows. */
  readonly firstRecord: (newestMs: number | null) => LinkEvent;
  /** Events kept at most; beyond it the oldest are given up. */
  readonly eventsMax?: number;
}

/** The controller's own log on disk, until the server has it and for 30 days after. */
export class Outbox {
  readonly #store: OutboxDisk;
  readonly #log: Log;
  readonly #eventsMax: number;
  #generations: readonly LogGeneration[];
  #next: number;
  #firstKept: number;
  #newestMs: number | null;
  /** After a failed write the disk decides what the next number is. */
  #mustReadEnds = false;

  private constructor(store: OutboxDisk, log: Log, eventsMax: number) {
    this.#store = store;
    this.#eventsMax = eventsMax;
    this.#log = log;
    const { next, firstKept } = store.ends();
    this.#next = next;
    this.#firstKept = firstKept;
    this.#generations = store.generations(next);
    this.#newestMs = store.newestMs();
  }

  /**
   * Opens the log of a folder and begins a new generation of it, durably. Numbers go on from the last one. A file that is damaged beyond reading
   * is set aside; the server then records that the log does not continue.
   */
  static open(path: string, start: OutboxStart): Outbox {
    try {
      return Outbox.begin(Outbox.#disk(path, start), start);
    } catch (cause) {
      if (!isDamaged(cause)) throw cause;
      start.log.error("outbox.set_aside", { path, cause });
      setAside(path);
      return Outbox.begin(Outbox.#disk(path, start), start);
    }
  }

  static #disk(path: string, { eventsMax = OUTBOX_EVENTS_MAX }: OutboxStart): OutboxDisk {
    return new OutboxStore(path, eventsMax);
  }

  /** Begins a new generation of the log on this disk, durably. Closes the disk when that fails. */
  static begin(store: OutboxDisk, { random, log, firstRecord, eventsMax = OUTBOX_EVENTS_MAX }: OutboxStart): Outbox {
    try {
      const outbox = new Outbox(store, log, eventsMax);
      const before = outbox.#generations.at(-1);
      const predecessor = before === undefined ? null : { generation: before.generation, last: before.last };
      const event = firstRecord(outbox.#newestMs);
      store.begin(drawGeneration(random), predecessor, { number: outbox.#next, event, newestMs: outbox.#newest([event]) });
      outbox.#reload();
      return outbox;
    } catch (cause) {
      store.close();
      throw cause;
    }
  }

  /** The newest time written down, by the controller's clock; null when there is none. */
  get newestMs(): number | null {
    return this.#newestMs;
  }

  /** The number of the last event. */
  get last(): number {
    return this.#next - 1;
  }

  get generation(): number {
    const current = this.#generations.at(-1);
    assert(current !== undefined, "an open outbox has a generation");
    return current.generation;
  }

  /**
   * Numbers the events and writes them down. When this returns they are durable; when it throws `disk_unusable` none of them is. Returns the
   * number of the first.
   */
  append(events: readonly LinkEvent[]): number {
    if (this.#mustReadEnds) this.#reload();
    const first = this.#next;
    const newestMs = this.#newest(events);
    this.#mustReadEnds = true;
    this.#store.append(first, events, newestMs);
    this.#mustReadEnds = false;
    this.#next = first + events.length;
    this.#newestMs = newestMs;
    this.#extendGeneration();
    return first;
  }

  /** What a hello says of the log, the newest generation first. */
  greeting(): HelloFrame["log"] {
    const known = this.#generations.slice(-GENERATIONS_PER_HELLO_MAX).reverse();
    return {
      generations: known.map(({ generation, predecessor, first, last }) => ({
        generation,
        predecessor,
        first: Math.max(first, Math.min(this.#firstKept, last + 1)),
        last,
      })),
    };
  }

  /** Takes over what the server has of the log, which after a restore is less than it had. Returns where to send from. */
  welcomed(marks: WelcomeFrame["marks"]): LogCursor {
    const cursor = cursorAfterWelcome(this.#generations, marks);
    this.#store.rewindStored(this.#numberBefore(cursor));
    return cursor;
  }

  /** The next frame from a cursor on, or null when there is nothing after it. */
  batchFrom(cursor: LogCursor): EventBatch | null {
    return planBatch(this.#view(), cursor);
  }

  /** The server has the log through this number of the generation. */
  stored(generation: number, through: number, nowMs: number): void {
    const known = this.#generations.find((one) => one.generation === generation);
    // A mark beyond a generation's end is of the log that this disk was restored from: it says nothing about the numbers given since.
    if (known !== undefined && through >= known.first) this.#store.markStored(Math.min(through, known.last), nowMs);
  }

  /** Deletes some of what was stored 30 days ago. */
  trim(nowMs: number): void {
    this.#store.trim(nowMs - OUTBOX_KEPT_MS);
    this.#reload();
  }

  /** Doors whose relay was last recorded as on. */
  openRelays(): readonly number[] {
    return this.#store.openRelays();
  }

  /** Alarms that the log says have begun and not ended. */
  openAlarms(): readonly OpenAlarm[] {
    return this.#store.openAlarms();
  }

  /** When the customer's own server last confirmed the holder of an auth here, as the log says; null: never, or too long ago. */
  vendorConfirmedMs(authId: number): number | null {
    return this.#store.vendorConfirmedMs(authId);
  }

  /** The newest step of a dynamic QR that was accepted here, as the log says; null: none was, or long ago. */
  qrUsedStep(qrId: number): number | null {
    return this.#store.qrUsedStep(qrId);
  }

  /** When the first person of each door's scheduled unlock was let in. */
  firstIns(): ReadonlyMap<number, number> {
    return this.#store.firstIns();
  }

  /** Writes it down, or forgets it. */
  writeFirstIn(doorId: number, firstInMs: number | null): void {
    this.#store.writeFirstIn(doorId, firstInMs);
  }

  /** Who guessed PINs at a door. */
  guessers(doorId: number): readonly Guesser[] {
    return this.#store.guessers(doorId);
  }

  /** These and no others. */
  writeGuessers(doorId: number, guessers: readonly Guesser[]): void {
    this.#store.writeGuessers(doorId, guessers);
  }

  /** Writes the time down, so that the clock never goes back behind it. */
  writeNewest(nowMs: number): void {
    this.#store.writeNewest(nowMs);
    this.#newestMs = nowMs;
  }

  /** Lets the file grow to so many pages, as a disk that is full would. For tests. */
  limitPages(pagesMax: number): void {
    this.#store.limitPages(pagesMax);
  }

  close(): void {
    this.#store.close();
  }

  #view(): OutboxView {
    return {
      generations: this.#generations,
      read: (from, to, countMax) => this.#store.read(from, to, countMax),
    };
  }

  /** The number before a cursor; 0 when it stands before everything this disk knows. */
  #numberBefore({ generation, from }: LogCursor): number {
    const known = this.#generations.find((one) => one.generation === generation);
    return known === undefined ? 0 : Math.min(Math.max(from, known.first) - 1, known.last);
  }

  #newest(events: readonly LinkEvent[]): number | null {
    return events.reduce<number | null>(
      (newest, event) => (newest === null || event.eventAt > newest ? event.eventAt : newest),
      this.#newestMs,
    );
  }

  #extendGeneration(): void {
    const current = this.#generations.at(-1);
    if (current !== undefined) this.#generations = [...this.#generations.slice(0, -1), { ...current, last: this.#next - 1 }];
    if (this.#next - this.#firstKept > this.#eventsMax) this.#firstKept = this.#store.ends().firstKept;
  }

  #reload(): void {
    const { next, firstKept } = this.#store.ends();
    this.#next = next;
    this.#firstKept = firstKept;
    this.#generations = this.#store.generations(next);
    this.#newestMs = this.#store.newestMs();
    this.#mustReadEnds = false;
    this.#log.debug("outbox.opened", { next, firstKept, countGenerations: this.#generations.length });
  }
}
