import { constants, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { CodedError } from "@postern/core";
import { syncFolder } from "./sync-folder.ts";

export interface KeptApartOptions<Entry> {
  readonly path: string;
  /** Two entries of one name are the same. */
  readonly nameOf: (entry: Entry) => string;
  /** null: the line is none of ours. */
  readonly readEntry: (value: unknown) => Entry | null;
  /** What it fails with where the file cannot be read whole: what it names may come back. */
  readonly unusable: (detail: string, cause?: unknown) => CodedError;
}

/** Facts in a file of the data directory, a line of JSON each, apart from the database: they stay when that is brought back from a backup. */
export class KeptApart<Entry> {
  readonly #options: KeptApartOptions<Entry>;
  readonly #entries: Map<string, Entry>;
  /** Named, and not on the disk: they are written with the next one. */
  readonly #unwritten = new Map<string, Entry>();
  /** Up to where the file is whole, in bytes. */
  #size: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: KeptApartOptions<Entry>, text: string) {
    const { path, nameOf } = options;
    const entries = text.split("\n").flatMap((line, index) => (line === "" ? [] : [entryOf(line, `${path}, line ${index + 1}`, options)]));
    this.#options = options;
    this.#entries = new Map(entries.map((entry) => [nameOf(entry), entry]));
    this.#size = Buffer.byteLength(text);
  }

  static async open<Entry>(options: KeptApartOptions<Entry>): Promise<KeptApart<Entry>> {
    const text = await readFile(options.path, "utf8").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return "";
      throw options.unusable(`Cannot read ${options.path}.`, cause);
    });
    // What a power cut tore has no end of line. It stands in the database, and is written again.
    return new KeptApart(options, text.slice(0, text.lastIndexOf("\n") + 1));
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** Resolves once they are on the disk. Those that are there already cost nothing. */
  keep(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      const name = this.#options.nameOf(entry);
      if (!this.#entries.has(name)) this.#unwritten.set(name, entry);
    }
    const written = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = written;
    return written;
  }

  async #write(): Promise<void> {
    const entries = [...this.#unwritten];
    if (entries.length === 0) return;
    const { path } = this.#options;
    const bytes = Buffer.from(entries.map(([, entry]) => `${JSON.stringify(entry)}\n`).join(""));
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      await file.write(bytes, 0, bytes.length, this.#size);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
    this.#size += bytes.length;
    for (const [name, entry] of entries) {
      this.#entries.set(name, entry);
      this.#unwritten.delete(name);
    }
  }
}

function entryOf<Entry>(line: string, where: string, { readEntry, unusable }: KeptApartOptions<Entry>): Entry {
  const entry = readEntry(parsed(line));
  if (entry === null) throw unusable(`${where} is not of this file; bring the file back or take the line out.`);
  return entry;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
