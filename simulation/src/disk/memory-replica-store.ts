import type { ItemKey } from "@postern/core";
import {
  EMPTY_POSITION,
  type HeldItem,
  type ReplicaDisk,
  type ReplicaPosition,
  readItemKey,
  readItemOf,
  type ServedDoor,
  type StoredReplica,
  TOMBSTONES_MAX,
} from "@postern/door/internal";
import type { SimDisk } from "./sim-disk.ts";

interface StoredItem {
  readonly revision: number;
  readonly content: string | null;
  readonly failure: "item_malformed" | null;
}

/** What stands in a replica's tables. */
export interface ReplicaTables {
  readonly items: Map<string, StoredItem>;
  position: ReplicaPosition;
  doors: readonly ServedDoor[];
  heardMs: number | null;
}

export function emptyReplica(): ReplicaTables {
  return { items: new Map(), position: EMPTY_POSITION, doors: [], heardMs: null };
}

export function copyReplica(tables: ReplicaTables): ReplicaTables {
  return { ...tables, items: new Map(tables.items) };
}

/** `ReplicaStore` over a simulated disk. */
export class MemoryReplicaStore implements ReplicaDisk {
  readonly #disk: SimDisk;
  readonly #tables: ReplicaTables;

  constructor(disk: SimDisk, tables: ReplicaTables) {
    this.#disk = disk;
    this.#tables = tables;
  }

  load(): StoredReplica {
    return this.#disk.read(() => {
      const items: HeldItem[] = [];
      const unreadable: string[] = [];
      for (const [text, stored] of this.#tables.items) {
        const held = readStored(text, stored);
        if (held === null) unreadable.push(text);
        else items.push(held);
      }
      const { position, doors, heardMs } = this.#tables;
      return { position, doors, heardMs, items, unreadable };
    });
  }

  write(writes: readonly HeldItem[], { epoch, urgentTo, completeTo }: ReplicaPosition): void {
    this.#change(() => {
      for (const write of writes) {
        this.#tables.items.set(write.key, {
          revision: write.revision,
          content: write.kind === "item" ? JSON.stringify(write.item) : null,
          failure: write.kind === "failed" ? write.code : null,
        });
      }
      this.#tables.position = { epoch, urgentTo, completeTo, filling: null };
    });
  }

  remove(keys: readonly string[]): void {
    this.#change(() => {
      for (const key of keys) this.#tables.items.delete(key);
    });
  }

  serve(doors: readonly ServedDoor[], foreign: readonly ItemKey[]): void {
    this.#change(() => {
      this.#tables.doors = doors;
      for (const key of foreign) this.#tables.items.delete(key);
    });
  }

  forgetRevisions(): void {
    this.#change(() => {
      for (const [key, stored] of this.#tables.items) {
        if (stored.content === null) this.#tables.items.delete(key);
        else this.#tables.items.set(key, { ...stored, revision: 0 });
      }
    });
  }

  writeHeard(heardMs: number): void {
    this.#change(() => {
      this.#tables.heardMs = heardMs;
    });
  }

  trim(): void {
    this.#change(() => {
      const gone = [...this.#tables.items].filter(([, { content }]) => content === null);
      gone.sort(([, left], [, right]) => left.revision - right.revision);
      for (const [key] of gone.slice(0, Math.max(0, gone.length - TOMBSTONES_MAX))) this.#tables.items.delete(key);
    });
  }

  close(): void {}

  #change(work: () => void): void {
    this.#disk.write(() => {
      const tables = this.#tables;
      const before = this.#disk.armed === null ? null : copyReplica(tables);
      work();
      return () => {
        if (before === null) return;
        tables.items.clear();
        for (const [key, stored] of before.items) tables.items.set(key, stored);
        tables.position = before.position;
        tables.doors = before.doors;
        tables.heardMs = before.heardMs;
      };
    });
  }
}

function readStored(text: string, { revision, content, failure }: StoredItem): HeldItem | null {
  const key = readItemKey(text);
  if (key === null) return null;
  if (content === null) return failure === null ? { kind: "gone", key, revision } : { kind: "failed", key, revision, code: failure };
  const item = readItemOf(key, parseJson(content));
  return item === null ? null : { kind: "item", key, revision, item };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
