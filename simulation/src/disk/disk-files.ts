import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OutboxStore, ReplicaStore } from "@postern/door/internal";

const FILES = ["outbox.db", "replica.db"];

/** The files of one controller's disk. They can be copied and brought back while no process uses them. */
export class DiskFiles {
  readonly #folder: string;
  #outbox: OutboxStore | null = null;
  #replica: ReplicaStore | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  get outbox(): OutboxStore {
    this.#outbox ??= new OutboxStore(join(this.#folder, "outbox.db"));
    return this.#outbox;
  }

  get replica(): ReplicaStore {
    this.#replica ??= new ReplicaStore(join(this.#folder, "replica.db"));
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

  close(): void {
    this.#outbox?.close();
    this.#replica?.close();
    this.#outbox = null;
    this.#replica = null;
  }
}
