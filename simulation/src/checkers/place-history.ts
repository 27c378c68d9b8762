import { canonicalJson, type ItemKey, type Json, type RosterItem } from "@postern/core";
import type { Tables } from "../database/memory-tables.ts";

/** What an item was from a moment on. */
export interface Version {
  readonly atMs: number;
  readonly epoch: string;
  readonly revision: number;
  /** null: there was none. */
  readonly item: RosterItem | null;
  /** The item as one text, so that two can be compared; empty for none. */
  readonly text: string;
}

/** Everything the place's roster has ever said, by the world's own time: what a door may know is some of it. */
export class PlaceHistory {
  readonly #versions = new Map<ItemKey, Version[]>();
  #epoch = "";
  #revision = 0;

  get epoch(): string {
    return this.#epoch;
  }

  /** Takes over what was committed since the last call. */
  follow(tables: Tables, atMs: number): void {
    if (tables.epoch !== this.#epoch) {
      this.#begin(tables, atMs);
      return;
    }
    for (const row of tables.items.values()) {
      if (row.revision > this.#revision) this.#add(row.key, { atMs, epoch: tables.epoch, revision: row.revision, ...contentOf(row.item) });
    }
    this.#revision = tables.revision;
  }

  /** Takes over one version that is known already, the oldest first. */
  say(key: ItemKey, { item, ...moment }: Pick<Version, "atMs" | "epoch" | "revision" | "item">): void {
    this.#add(key, { ...moment, ...contentOf(item) });
  }

  keys(): IterableIterator<ItemKey> {
    return this.#versions.keys();
  }

  /** The versions of an item, the oldest first. */
  of(key: ItemKey): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** What the item is now. */
  now(key: ItemKey): Version | undefined {
    return this.of(key).at(-1);
  }

  /** Where in `of(key)` the version stands that held at a revision of an epoch; -1 before the first. */
  indexAt(key: ItemKey, epoch: string, revision: number): number {
    return this.of(key).findLastIndex((version) => version.epoch === epoch && version.revision <= revision);
  }

  /** Where in `of(key)` the version stands that held at a time; -1 before the first. */
  indexAtTime(key: ItemKey, atMs: number): number {
    return this.of(key).findLastIndex((version) => version.atMs <= atMs);
  }

  /** The data has gone back in time: every item is said anew, under the new epoch. */
  #begin(tables: Tables, atMs: number): void {
    this.#epoch = tables.epoch;
    this.#revision = tables.revision;
    for (const key of new Set([...this.#versions.keys(), ...tables.items.keys()])) {
      const row = tables.items.get(key);
      this.#add(key, { atMs, epoch: tables.epoch, revision: row?.revision ?? 0, ...contentOf(row?.item ?? null) });
    }
  }

  #add(key: ItemKey, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [version]);
    else versions.push(version);
  }
}

function contentOf(item: unknown): { item: RosterItem | null; text: string } {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the world writes roster items and nothing else.
  return item === null ? { item: null, text: "" } : { item: item as RosterItem, text: textOf(item as RosterItem) };
}

/** An item as one text. */
export function textOf(item: RosterItem): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a roster item is plain data.
  return canonicalJson(item as unknown as Json);
}
