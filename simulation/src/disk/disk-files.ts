import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OutboxStore, ReplicaStore } from "@postern/door/internal";

/** Fewer than in the product, so that worlds come to it. */
const TOMBSTONES_MAX = 3;

const FILES = ["outbox.db", "replica.db"];

/** The files of one controller's disk. They can be copied and brought back while no process uses them. */
export class DiskFiles {
  readonly #folder: string;
  /** Nothing is ever copied or exchanged. */
  readonly #isInMemory: boolean;
  #outbox: OutboxStore | null = null;
  #replica: ReplicaStore | null = null;

  constructor(folder: string, isInMemory = false) {
    this.#folder = folder;
    this.#isInMemory = isInMemory;
    if (!isInMemory) mkdirSync(folder, { recursive: true });
  }

  get outbox(): OutboxStore {
    this.#outbox ??= new OutboxStore(this.#path("outbox.db"));
    return this.#outbox;
  }

  get replica(): ReplicaStore {
    this.#replica ??= new ReplicaStore(this.#path("replica.db"), TOMBSTONES_MAX);
    return this.#replica;
  }

  /** Copies everything as it stands now into a folder of its own. */
  copyTo(folder: string): void {
    // Files exist from the first opening on.
    void this.outbox;
    void this.replica;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of FILES) {
      const database = new DatabaseSync(join(this.#folder, file));
      database.prepare("vacuum into ?").run(join(folder, file));
      database.close();
    }
  }

  /** Puts a copy in place of what stands here; null: an empty disk. */
  replaceWith(folder: string | null): void {
    this.close();
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    if (folder !== null) for (const file of FILES) copyFileSync(join(folder, file), join(this.#folder, file));
  }

  /** Changes an item on the disk behind everybody's back: whom it names stays, when it ends does not. */
  spoil(key: string): void {
    const database = new DatabaseSync(join(this.#folder, "replica.db"));
    database.prepare("update items set content = replace(content, '\"userId\":', '\"userId\":9') where key = ?").run(key);
    database.close();
  }

  #path(file: string): string {
    return this.#isInMemory ? ":memory:" : join(this.#folder, file);
  }

  close(): void {
    this.#outbox?.close();
    this.#replica?.close();
    this.#outbox = null;
    this.#replica = null;
  }
}
