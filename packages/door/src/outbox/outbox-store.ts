import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LinkEvent } from "@postern/contract";
import { inTransaction, integerOf, integerOrNullOf, openDatabase, type Row, reading, textOf } from "../disk/open-database.ts";
import type { Guesser } from "../guesser.ts";
import { GENERATIONS_REMEMBERED_MAX, OUTBOX_EVENTS_MAX, OUTBOX_TRIM_COUNT_MAX, STORED_MARK_MS } from "../limits.ts";
import type { LogGeneration, LogPosition } from "./log-generation.ts";
import { alarmTurn, type OpenAlarm, readAlarm } from "./open-alarms.ts";
import type { KeptEvent } from "./plan-batch.ts";

/** What the log's tables say of its ends. */
export interface LogEnds {
  /** The number of the next event. */
  readonly next: number;
  /** The lowest number still kept; equal to `next` when none is. */
  readonly firstKept: number;
}

const SCHEMA = `
  create table if not exists events(number integer primary key, body text not null) strict;
  create table if not exists generations(
    first integer primary key, generation integer not null unique, predecessor_generation integer, predecessor_last integer) strict;
  create table if not exists open_relays(door_id integer primary key) strict;
  create table if not exists first_ins(door_id integer primary key, first_in_ms integer not null) strict;
  create table if not exists guessers(
    door_id integer, key text, count integer not null, last_ms integer not null, primary key(door_id, key)) strict, without rowid;
  create table if not exists open_alarms(door_id integer, device_id integer, alarm text, primary key(door_id, device_id, alarm)) strict, without rowid;
  create table if not exists vendor_confirmed(auth_id integer primary key, confirmed_ms integer not null) strict;
  create table if not exists used_qrs(qr_id integer primary key, step integer not null, used_ms integer not null) strict;
  create table if not exists stored_marks(slot integer primary key, through integer not null, stored_ms integer not null) strict;
  create table if not exists state(id integer primary key check (id = 1), next integer not null, newest_ms integer) strict;
  insert or ignore into state values(1, 1, null);
`;

/** What an outbox asks of its disk: the methods of `OutboxStore`, so that a simulation can own the disk. */
export type OutboxDisk = Pick<OutboxStore, keyof OutboxStore>;

/** The events on disk. Each function is one durable transaction, or one read. */
export class OutboxStore {
  readonly #database: DatabaseSync;
  readonly #eventsMax: number;
  readonly #insert: StatementSync;
  readonly #head: StatementSync;
  readonly #relayOn: StatementSync;
  readonly #relayOff: StatementSync;
  readonly #alarmOn: StatementSync;
  readonly #alarmOff: StatementSync;
  readonly #vendorConfirmed: StatementSync;
  readonly #usedQr: StatementSync;
  readonly #read: StatementSync;

  constructor(path: string, eventsMax = OUTBOX_EVENTS_MAX) {
    this.#eventsMax = eventsMax;
    this.#database = openDatabase(path, SCHEMA);
    this.#insert = this.#database.prepare("insert into events(number, body) values(?, ?)");
    this.#head = this.#database.prepare("update state set next = ?, newest_ms = ?");
    this.#relayOn = this.#database.prepare("insert or ignore into open_relays values(?)");
    this.#relayOff = this.#database.prepare("delete from open_relays where door_id = ?");
    this.#alarmOn = this.#database.prepare("insert or ignore into open_alarms values(?, ?, ?)");
    this.#alarmOff = this.#database.prepare("delete from open_alarms where door_id = ? and device_id = ? and alarm = ?");
    this.#vendorConfirmed = this.#database.prepare("insert or replace into vendor_confirmed values(?, ?)");
    this.#usedQr = this.#database.prepare(
      "insert into used_qrs values(?, ?, ?) on conflict(qr_id) do update set step = max(step, excluded.step), used_ms = excluded.used_ms",
    );
    this.#read = this.#database.prepare("select number, body from events where number >= ? and number <= ? order by number limit ?");
  }

  ends(): LogEnds {
    return reading(() => {
      const state = this.#database.prepare("select next from state").get();
      const next = state === undefined ? 1 : integerOf(state, "next");
      const oldest = this.#database.prepare("select min(number) as first from events").get();
      return { next, firstKept: (oldest === undefined ? null : integerOrNullOf(oldest, "first")) ?? next };
    });
  }

  /** The newest time written down, by the controller's clock. */
  newestMs(): number | null {
    return reading(() => {
      const row = this.#database.prepare("select newest_ms from state").get();
      return row === undefined ? null : integerOrNullOf(row, "newest_ms");
    });
  }

  /** The oldest first; `next` closes the last one. */
  generations(next: number): LogGeneration[] {
    return reading(() => {
      const rows = this.#database
        .prepare("select first, generation, predecessor_generation, predecessor_last from generations order by first")
        .all();
      return rows.map((row, index) => {
        const following = rows[index + 1];
        const last = (following === undefined ? next : integerOf(following, "first")) - 1;
        return { generation: integerOf(row, "generation"), predecessor: predecessorOf(row), first: integerOf(row, "first"), last };
      });
    });
  }

  /** Begins a generation with its first record. */
  begin(
    generation: number,
    predecessor: LogPosition | null,
    record: { readonly number: number; readonly event: LinkEvent; readonly newestMs: number | null },
  ): void {
    inTransaction(this.#database, () => {
      this.#database
        .prepare("insert into generations(first, generation, predecessor_generation, predecessor_last) values(?, ?, ?, ?)")
        .run(record.number, generation, predecessor?.generation ?? null, predecessor?.last ?? null);
      this.#append(record.number, [record.event], record.newestMs);
    });
  }

  /** Numbers the events from `first` on. When this returns they are durable. */
  append(first: number, events: readonly LinkEvent[], newestMs: number | null): void {
    inTransaction(this.#database, () => this.#append(first, events, newestMs));
  }

  read(from: number, to: number, countMax: number): KeptEvent[] {
    return reading(() =>
      this.#read.all(from, to, countMax).map((row) => ({ number: integerOf(row, "number"), body: textOf(row, "body") })),
    );
  }

  /** Doors whose relay was last recorded as on. */
  openRelays(): number[] {
    return reading(() =>
      this.#database
        .prepare("select door_id from open_relays")
        .all()
        .map((row) => integerOf(row, "door_id")),
    );
  }

  /** Alarms that the log says have begun and not ended. */
  openAlarms(): OpenAlarm[] {
    return reading(() =>
      this.#database
        .prepare("select door_id, device_id, alarm from open_alarms")
        .all()
        .flatMap((row) => {
          const alarm = readAlarm(textOf(row, "alarm"));
          return alarm === null ? [] : [{ doorId: integerOf(row, "door_id"), deviceId: integerOf(row, "device_id"), alarm }];
        }),
    );
  }

  /** When the customer's own server last confirmed the holder of an auth here, by the controller's clock; null: never, or longer ago than counts anywhere. */
  vendorConfirmedMs(authId: number): number | null {
    return reading(() => {
      const row = this.#database.prepare("select confirmed_ms from vendor_confirmed where auth_id = ?").get(authId);
      return row === undefined ? null : integerOf(row, "confirmed_ms");
    });
  }

  /** The newest step of a dynamic QR that was accepted here; null: none was, or so long ago that no code of it is good any more. */
  qrUsedStep(qrId: number): number | null {
    return reading(() => {
      const row = this.#database.prepare("select step from used_qrs where qr_id = ?").get(qrId);
      return row === undefined ? null : integerOf(row, "step");
    });
  }

  /** When the first person of each door's scheduled unlock was let in. */
  firstIns(): Map<number, number> {
    return reading(() => {
      const rows = this.#database.prepare("select door_id, first_in_ms from first_ins").all();
      return new Map(rows.map((row) => [integerOf(row, "door_id"), integerOf(row, "first_in_ms")]));
    });
  }

  /** null: forgotten. */
  writeFirstIn(doorId: number, firstInMs: number | null): void {
    inTransaction(this.#database, () => {
      if (firstInMs === null) this.#database.prepare("delete from first_ins where door_id = ?").run(doorId);
      else this.#database.prepare("insert or replace into first_ins values(?, ?)").run(doorId, firstInMs);
    });
  }

  /** Who guessed PINs at a door, the one seen longest ago first. */
  guessers(doorId: number): Guesser[] {
    return reading(() => {
      const rows = this.#database.prepare("select key, count, last_ms from guessers where door_id = ? order by last_ms").all(doorId);
      return rows.map((row) => ({ key: textOf(row, "key"), count: integerOf(row, "count"), lastMs: integerOf(row, "last_ms") }));
    });
  }

  /** These and no others. */
  writeGuessers(doorId: number, guessers: readonly Guesser[]): void {
    inTransaction(this.#database, () => {
      this.#database.prepare("delete from guessers where door_id = ?").run(doorId);
      const insert = this.#database.prepare("insert into guessers values(?, ?, ?, ?)");
      for (const { key, count, lastMs } of guessers) insert.run(doorId, key, count, lastMs);
    });
  }

  writeNewest(newestMs: number): void {
    inTransaction(this.#database, () => this.#database.prepare("update state set newest_ms = ?").run(newestMs));
  }

  /** Remembers how far the server had the log at a time, to the hour. */
  markStored(through: number, storedMs: number): void {
    inTransaction(this.#database, () => {
      this.#database
        .prepare(
          "insert into stored_marks values(?, ?, ?) on conflict(slot) do update set through = max(through, excluded.through), stored_ms = excluded.stored_ms",
        )
        .run(Math.floor(storedMs / STORED_MARK_MS), through, storedMs);
    });
  }

  /** The server has less than it had: what lies behind is not stored any more, and is kept on. */
  rewindStored(through: number): void {
    inTransaction(this.#database, () =>
      this.#database.prepare("update stored_marks set through = ? where through > ?").run(through, through),
    );
  }

  /** Deletes a bounded number of events that were stored before `beforeMs`, and what is remembered beyond its limit. Returns the lowest number kept. */
  trim(beforeMs: number): number {
    inTransaction(this.#database, () => {
      const mark = this.#database.prepare("select max(through) as through from stored_marks where stored_ms <= ?").get(beforeMs);
      const through = (mark === undefined ? null : integerOrNullOf(mark, "through")) ?? 0;
      this.#database
        .prepare("delete from events where number in (select number from events where number <= ? order by number limit ?)")
        .run(through, OUTBOX_TRIM_COUNT_MAX);
      // The newest old mark stays while events below it remain to be deleted.
      this.#database.prepare("delete from stored_marks where stored_ms <= ? and through < ?").run(beforeMs, through);
      // Kept as long as the events that say so: no door counts anybody as known for longer (`VENDOR_KNOWN_MS_MAX`).
      this.#database.prepare("delete from vendor_confirmed where confirmed_ms < ?").run(beforeMs);
      // `beforeMs` is a month ago: no clock is set back by that much without a word.
      this.#database.prepare("delete from used_qrs where used_ms < ?").run(beforeMs);
      this.#forgetGenerations();
    });
    return this.ends().firstKept;
  }

  limitPages(pagesMax: number): void {
    this.#database.exec(`pragma max_page_count = ${Math.floor(pagesMax)}`);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #append(first: number, events: readonly LinkEvent[], newestMs: number | null): void {
    for (const [index, event] of events.entries()) {
      this.#insert.run(first + index, JSON.stringify(event));
      if (event.eventType === "DEV_DOOR_RELAY_ON" && event.doorId !== undefined) this.#relayOn.run(event.doorId);
      if (event.eventType === "DEV_DOOR_RELAY_OFF" && event.doorId !== undefined) this.#relayOff.run(event.doorId);
      if (event.eventType === "VENDOR_AUTH_SUCCESS" && event.authId !== undefined) this.#vendorConfirmed.run(event.authId, event.eventAt);
      this.#turnAlarm(event);
      this.#noteQr(event);
    }
    const next = first + events.length;
    this.#head.run(next, newestMs);
    // Beyond the limit the oldest are given up: they are declared lost when the server asks for them.
    this.#database
      .prepare("delete from events where number in (select number from events where number < ? order by number limit ?)")
      .run(next - this.#eventsMax, OUTBOX_TRIM_COUNT_MAX);
  }

  #turnAlarm(event: LinkEvent): void {
    const turn = alarmTurn(event);
    if (turn !== null) (turn.isOn ? this.#alarmOn : this.#alarmOff).run(turn.doorId, turn.deviceId, turn.alarm);
  }

  /** A code is used by being written down: in the same transaction, so that no power cut lets it open again. */
  #noteQr({ eventAt, detail }: LinkEvent): void {
    const { qrId, qrStep } = detail ?? {};
    if (typeof qrId === "number" && typeof qrStep === "number") this.#usedQr.run(qrId, qrStep, Math.floor(eventAt));
  }

  #forgetGenerations(): void {
    this.#database
      .prepare(
        `delete from generations where first in (
          select first from generations
          where first < (select coalesce(min(number), 0) from events)
            and first < (select coalesce(max(first), 0) from generations where first <= (select coalesce(min(number), 0) from events))
          order by first limit max(0, (select count(*) from generations) - ?))`,
      )
      .run(GENERATIONS_REMEMBERED_MAX);
  }
}

function predecessorOf(row: Row): LogPosition | null {
  const generation = integerOrNullOf(row, "predecessor_generation");
  const last = integerOrNullOf(row, "predecessor_last");
  return generation === null || last === null ? null : { generation, last };
}
