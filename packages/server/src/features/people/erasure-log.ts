import { constants, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { platformError } from "../../platform/platform-errors.ts";
import { syncFolder } from "../../platform/sync-folder.ts";
import type { ErasedPerson } from "./erase-store.ts";

export const ERASURES_FILE = "erasures.jsonl";

const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const line = Compile(Type.Object({ userId: Id, placeGroupId: Id, madeAt: Id, erasedAt: Id }));

/**
 * Who was erased, in a file of the data directory apart from the database: a line of ids and times each. It stays when the database is brought back from a
 * backup, which knows the person still.
 */
export class ErasureLog {
  readonly #path: string;
  readonly #people: Map<string, ErasedPerson>;
  /** Named, and not on the disk: they are written with the next one. */
  readonly #unwritten = new Map<string, ErasedPerson>();
  /** Up to where the file is whole, in bytes. */
  #size: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, text: string) {
    const people = text.split("\n").flatMap((each, index) => (each === "" ? [] : [readLine(each, `${path}, line ${index + 1}`)]));
    this.#path = path;
    this.#people = new Map(people.map((person) => [nameOf(person), person]));
    this.#size = Buffer.byteLength(text);
  }

  /** Fails with `erasures_unusable` where the file cannot be read whole: people may come back whom it names. */
  static async open(dataDir: string): Promise<ErasureLog> {
    const path = join(dataDir, ERASURES_FILE);
    const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return "";
      throw platformError("erasures_unusable", { detail: `Cannot read ${path}.`, cause });
    });
    // What a power cut tore has no end of line. Its erasure stands in the database, and is written again.
    return new ErasureLog(path, text.slice(0, text.lastIndexOf("\n") + 1));
  }

  get people(): readonly ErasedPerson[] {
    return [...this.#people.values()];
  }

  /** Resolves once they are on the disk. Those that are there already cost nothing. */
  keep(people: readonly ErasedPerson[]): Promise<void> {
    for (const person of people) if (!this.#people.has(nameOf(person))) this.#unwritten.set(nameOf(person), person);
    const written = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = written;
    return written;
  }

  async #write(): Promise<void> {
    const people = [...this.#unwritten];
    if (people.length === 0) return;
    const bytes = Buffer.from(people.map(([, person]) => `${JSON.stringify(person)}\n`).join(""));
    const file = await open(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      await file.write(bytes, 0, bytes.length, this.#size);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(this.#path));
    this.#size += bytes.length;
    for (const [name, person] of people) {
      this.#people.set(name, person);
      this.#unwritten.delete(name);
    }
  }
}

/** Somebody with a number that was given again is somebody else. */
function nameOf({ userId, placeGroupId, madeAt }: ErasedPerson): string {
  return `${placeGroupId} ${userId} ${madeAt}`;
}

function readLine(text: string, where: string): ErasedPerson {
  const person = parsed(text);
  if (!line.Check(person))
    throw platformError("erasures_unusable", { detail: `${where} names no erasure; bring the file back or take the line out.` });
  const { userId, placeGroupId, madeAt, erasedAt } = person;
  return { userId, placeGroupId, madeAt, erasedAt };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
