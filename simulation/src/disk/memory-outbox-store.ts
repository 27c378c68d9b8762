import type { LinkEvent } from "@postern/contract";
import {
  GENERATIONS_REMEMBERED_MAX,
  type KeptEvent,
  type LogEnds,
  type LogGeneration,
  type LogPosition,
  OUTBOX_EVENTS_MAX,
  OUTBOX_TRIM_COUNT_MAX,
  type OutboxDisk,
  STORED_MARK_MS,
} from "@postern/door/internal";
import type { SimDisk } from "./sim-disk.ts";

interface StoredGeneration {
  readonly first: number;
  readonly generation: number;
  readonly predecessor: LogPosition | null;
}

/** What stands in an outbox's tables. */
export interface OutboxTables {
  /** In ascending order. */
  readonly events: Map<number, string>;
  readonly generations: StoredGeneration[];
  readonly openRelays: Set<number>;
  readonly storedMarks: Map<number, { readonly through: number; readonly storedMs: number }>;
  next: number;
  newestMs: number | null;
}

export function emptyOutbox(): OutboxTables {
  return { events: new Map(), generations: [], openRelays: new Set(), storedMarks: new Map(), next: 1, newestMs: null };
}

export function copyOutbox(tables: OutboxTables): OutboxTables {
  return {
    events: new Map(tables.events),
    generations: [...tables.generations],
    openRelays: new Set(tables.openRelays),
    storedMarks: new Map(tables.storedMarks),
    next: tables.next,
    newestMs: tables.newestMs,
  };
}

/** `OutboxStore` over a simulated disk. */
export class MemoryOutboxStore implements OutboxDisk {
  readonly #disk: SimDisk;
  readonly #tables: OutboxTables;
  readonly #eventsMax: number;

  constructor(disk: SimDisk, tables: OutboxTables, eventsMax = OUTBOX_EVENTS_MAX) {
    this.#disk = disk;
    this.#tables = tables;
    this.#eventsMax = eventsMax;
  }

  ends(): LogEnds {
    return this.#disk.read(() => ({ next: this.#tables.next, firstKept: this.#firstKept() }));
  }

  newestMs(): number | null {
    return this.#disk.read(() => this.#tables.newestMs);
  }

  generations(next: number): LogGeneration[] {
    return this.#disk.read(() => {
      const all = this.#tables.generations;
      return all.map(({ generation, predecessor, first }, index) => ({
        generation,
        predecessor,
        first,
        last: (all[index + 1]?.first ?? next) - 1,
      }));
    });
  }

  begin(
    generation: number,
    predecessor: LogPosition | null,
    record: { readonly number: number; readonly event: LinkEvent; readonly newestMs: number | null },
  ): void {
    this.#disk.write(() => {
      this.#tables.generations.push({ first: record.number, generation, predecessor });
      const undo = this.#append(record.number, [record.event], record.newestMs);
      return () => {
        undo();
        this.#tables.generations.pop();
      };
    });
  }

  append(first: number, events: readonly LinkEvent[], newestMs: number | null): void {
    this.#disk.write(() => this.#append(first, events, newestMs));
  }

  read(from: number, to: number, countMax: number): KeptEvent[] {
    return this.#disk.read(() => {
      const kept: KeptEvent[] = [];
      for (let number = Math.max(from, this.#firstKept()); number <= to && number < this.#tables.next; number += 1) {
        if (kept.length >= countMax) break;
        const body = this.#tables.events.get(number);
        if (body !== undefined) kept.push({ number, body });
      }
      return kept;
    });
  }

  openRelays(): number[] {
    return this.#disk.read(() => [...this.#tables.openRelays].sort((left, right) => left - right));
  }

  writeNewest(newestMs: number): void {
    this.#change(() => {
      this.#tables.newestMs = newestMs;
    });
  }

  markStored(through: number, storedMs: number): void {
    this.#change(() => {
      const slot = Math.floor(storedMs / STORED_MARK_MS);
      const before = this.#tables.storedMarks.get(slot)?.through ?? 0;
      this.#tables.storedMarks.set(slot, { through: Math.max(before, through), storedMs });
    });
  }

  rewindStored(through: number): void {
    this.#change(() => {
      for (const [slot, mark] of this.#tables.storedMarks) {
        if (mark.through > through) this.#tables.storedMarks.set(slot, { ...mark, through });
      }
    });
  }

  trim(beforeMs: number): number {
    this.#change(() => {
      const old = [...this.#tables.storedMarks].filter(([, mark]) => mark.storedMs <= beforeMs);
      const through = old.reduce((most, [, mark]) => Math.max(most, mark.through), 0);
      this.#forgetEvents((number) => number <= through);
      for (const [slot, mark] of old) if (mark.through < through) this.#tables.storedMarks.delete(slot);
      this.#forgetGenerations();
    });
    return this.ends().firstKept;
  }

  limitPages(): void {}

  close(): void {}

  #firstKept(): number {
    for (const number of this.#tables.events.keys()) return number;
    return this.#tables.next;
  }

  /** A write whose undoing is a copy of everything: for what is rare. */
  #change(work: () => void): void {
    this.#disk.write(() => {
      const before = this.#disk.armed === null ? null : copyOutbox(this.#tables);
      work();
      return () => {
        if (before !== null) restore(this.#tables, before);
      };
    });
  }

  #append(first: number, events: readonly LinkEvent[], newestMs: number | null): () => void {
    const tables = this.#tables;
    const before = this.#disk.armed === null ? null : copyOutbox(tables);
    for (const [index, event] of events.entries()) {
      tables.events.set(first + index, JSON.stringify(event));
      if (event.eventType === "DEV_DOOR_RELAY_ON" && event.doorId !== undefined) tables.openRelays.add(event.doorId);
      if (event.eventType === "DEV_DOOR_RELAY_OFF" && event.doorId !== undefined) tables.openRelays.delete(event.doorId);
    }
    tables.next = first + events.length;
    tables.newestMs = newestMs;
    this.#forgetEvents((number) => number < tables.next - this.#eventsMax);
    return () => {
      if (before !== null) restore(tables, before);
    };
  }

  #forgetEvents(isOver: (number: number) => boolean): void {
    let count = 0;
    for (const number of this.#tables.events.keys()) {
      if (count >= OUTBOX_TRIM_COUNT_MAX || !isOver(number)) return;
      this.#tables.events.delete(number);
      count += 1;
    }
  }

  /** A generation goes when nothing of it is kept, the next begins at or before what is kept, and too many are remembered; the oldest first. */
  #forgetGenerations(): void {
    const { events, generations } = this.#tables;
    const oldest = events.size === 0 ? 0 : this.#firstKept();
    const holding = generations.reduce((most, { first }) => (first <= oldest ? Math.max(most, first) : most), 0);
    const excess = Math.max(0, generations.length - GENERATIONS_REMEMBERED_MAX);
    const gone = generations.filter(({ first }) => first < oldest && first < holding).slice(0, excess);
    for (const one of gone) generations.splice(generations.indexOf(one), 1);
  }
}

function restore(tables: OutboxTables, before: OutboxTables): void {
  tables.events.clear();
  for (const [number, body] of before.events) tables.events.set(number, body);
  tables.generations.splice(0, tables.generations.length, ...before.generations);
  tables.openRelays.clear();
  for (const doorId of before.openRelays) tables.openRelays.add(doorId);
  tables.storedMarks.clear();
  for (const [slot, mark] of before.storedMarks) tables.storedMarks.set(slot, mark);
  tables.next = before.next;
  tables.newestMs = before.newestMs;
}
