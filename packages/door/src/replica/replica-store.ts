import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { WelcomeFrame } from "@postern/contract";
import type { ItemKey } from "@postern/core";
import { inTransaction, integerOf, integerOrNullOf, openDatabase, reading, textOf, textOrNullOf } from "../disk/open-database.ts";
import { TOMBSTONES_MAX } from "../limits.ts";
import type { HeldItem } from "./held-item.ts";
import { EMPTY_POSITION, type ReplicaPosition } from "./plan-replica.ts";
import { failureOf, readHeldOf, readItemKey } from "./read-item.ts";

/** A door that a controller serves, and the devices at it. */
export type ServedDoor = WelcomeFrame["doors"][number];

/** What a replica finds on its disk. */
export interface StoredReplica {
  readonly position: ReplicaPosition;
  readonly doors: readonly ServedDoor[];
  readonly heardMs: number | null;
  readonly items: readonly HeldItem[];
  /** Keys whose content cannot be read any more. They are no longer on the disk, so that the server sends them again. */
  readonly unreadable: readonly string[];
}

const SCHEMA = `
  create table if not exists items(key text primary key, revision integer not null, content text, failure text) strict, without rowid;
  create index if not exists items_not_held on items(revision) where content is null;
  create table if not exists state(
    id integer primary key check (id = 1), epoch text, urgent_to integer not null, complete_to integer not null, doors text not null, heard_ms integer) strict;
  insert or ignore into state values(1, null, 0, 0, '[]', null);
`;

const TRIM =
  "delete from items where key in (select key from items where content is null order by revision limit max(0, (select count(*) from items where content is null) - ?))";

/** What a replica asks of its disk: the methods of `ReplicaStore`, so that a simulation can own the disk. */
export type ReplicaDisk = Pick<ReplicaStore, keyof ReplicaStore>;

/** The roster on disk. Each function is one durable transaction, or one read. */
export class ReplicaStore {
  readonly #database: DatabaseSync;
  readonly #tombstonesMax: number;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #place: StatementSync;

  constructor(path: string, tombstonesMax = TOMBSTONES_MAX) {
    this.#tombstonesMax = tombstonesMax;
    this.#database = openDatabase(path, SCHEMA);
    this.#put = this.#database.prepare("insert or replace into items(key, revision, content, failure) values(?, ?, ?, ?)");
    this.#remove = this.#database.prepare("delete from items where key = ?");
    this.#place = this.#database.prepare("update state set epoch = ?, urgent_to = ?, complete_to = ?");
  }

  load(): StoredReplica {
    return reading(() => {
      const items: HeldItem[] = [];
      const unreadable: string[] = [];
      for (const row of this.#database.prepare("select key, revision, content, failure from items").iterate()) {
        const text = textOf(row, "key");
        const held = readRow(text, integerOf(row, "revision"), textOrNullOf(row, "content"), textOrNullOf(row, "failure"));
        if (held === null) unreadable.push(text);
        else items.push(held);
      }
      return { ...this.#readState(), items, unreadable };
    });
  }

  /** Commits what one frame changes, with the cursors it ends at. */
  write(writes: readonly HeldItem[], position: ReplicaPosition): void {
    inTransaction(this.#database, () => {
      for (const write of writes) {
        const content = write.kind === "item" ? contentText(write) : null;
        this.#put.run(write.key, write.revision, content, write.kind === "failed" ? write.code : null);
      }
      this.#place.run(position.epoch, position.urgentTo, position.completeTo);
    });
  }

  remove(keys: readonly string[]): void {
    inTransaction(this.#database, () => {
      for (const key of keys) this.#remove.run(key);
    });
  }

  serve(doors: readonly ServedDoor[], foreign: readonly ItemKey[]): void {
    inTransaction(this.#database, () => {
      this.#database.prepare("update state set doors = ?").run(JSON.stringify(doors));
      for (const key of foreign) this.#remove.run(key);
    });
  }

  /** Revisions of another epoch say nothing about this one's: contents stay, what only guarded against older revisions goes. */
  forgetRevisions(): void {
    inTransaction(this.#database, () => {
      this.#database.exec("delete from items where content is null; update items set revision = 0");
    });
  }

  writeHeard(heardMs: number): void {
    inTransaction(this.#database, () => this.#database.prepare("update state set heard_ms = ?").run(heardMs));
  }

  /** Deletes the oldest tombstones and failures beyond the limit. */
  trim(): void {
    inTransaction(this.#database, () => this.#database.prepare(TRIM).run(this.#tombstonesMax));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #readState(): Pick<StoredReplica, "position" | "doors" | "heardMs"> {
    const row = this.#database.prepare("select epoch, urgent_to, complete_to, doors, heard_ms from state").get();
    if (row === undefined) return { position: EMPTY_POSITION, doors: [], heardMs: null };
    const position = {
      epoch: textOrNullOf(row, "epoch"),
      urgentTo: integerOf(row, "urgent_to"),
      completeTo: integerOf(row, "complete_to"),
      filling: null,
    };
    return { position, doors: readDoors(textOf(row, "doors")), heardMs: integerOrNullOf(row, "heard_ms") };
  }
}

function readRow(text: string, revision: number, content: string | null, failure: string | null): HeldItem | null {
  const key = readItemKey(text);
  if (key === null) return null;
  if (content === null) return failure === null ? { kind: "gone", key, revision } : { kind: "failed", key, revision, code: failureOf(key) };
  const value = parseJson(content);
  if (typeof value !== "object" || value === null) return null;
  const { templates = [], faceTemplates = [], ...item }: Readonly<Record<string, unknown>> = { ...value };
  return isTexts(templates) && isTexts(faceTemplates) ? readHeldOf(key, revision, item, { templates, faceTemplates }) : null;
}

/** An item as it lies on the disk, with the templates that belong to it beside its own members. */
function contentText({ item, templates, faceTemplates }: HeldItem & { readonly kind: "item" }): string {
  return JSON.stringify({
    ...item,
    ...(templates === undefined ? {} : { templates }),
    ...(faceTemplates === undefined ? {} : { faceTemplates }),
  });
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function readDoors(text: string): ServedDoor[] {
  const value = parseJson(text);
  return Array.isArray(value) ? value.flatMap((entry: unknown) => readDoor(entry) ?? []) : [];
}

function readDoor(value: unknown): ServedDoor | null {
  if (typeof value !== "object" || value === null || !("doorId" in value) || !("entryDeviceId" in value) || !("exitDeviceId" in value))
    return null;
  const { doorId, entryDeviceId, exitDeviceId } = value;
  if (typeof doorId !== "number" || typeof entryDeviceId !== "number") return null;
  return exitDeviceId === null || typeof exitDeviceId === "number" ? { doorId, entryDeviceId, exitDeviceId } : null;
}

/** Undefined for a text that is no JSON: bytes can rot on a disk. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
