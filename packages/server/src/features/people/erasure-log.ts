import { join } from "node:path";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { KeptApart } from "../../platform/kept-apart.ts";
import { platformError } from "../../platform/platform-errors.ts";
import type { ErasedPerson } from "./erase-store.ts";

export const ERASURES_FILE = "erasures.jsonl";

const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const line = Compile(Type.Object({ userId: Id, placeGroupId: Id, madeAt: Id, erasedAt: Id }));

/**
 * Who was erased, in a file of the data directory apart from the database: a line of ids and times each. It stays when the database is brought back from a
 * backup, which knows the person still.
 */
export class ErasureLog {
  readonly #kept: KeptApart<ErasedPerson>;

  private constructor(kept: KeptApart<ErasedPerson>) {
    this.#kept = kept;
  }

  /** Fails with `erasures_unusable` where the file cannot be read whole: people may come back whom it names. */
  static async open(dataDir: string): Promise<ErasureLog> {
    const unusable = (detail: string, cause?: unknown) => platformError("erasures_unusable", { detail, cause });
    return new ErasureLog(await KeptApart.open({ path: join(dataDir, ERASURES_FILE), nameOf, readEntry, unusable }));
  }

  get people(): readonly ErasedPerson[] {
    return this.#kept.entries;
  }

  /** Resolves once they are on the disk. Those that are there already cost nothing. */
  keep(people: readonly ErasedPerson[]): Promise<void> {
    return this.#kept.keep(people);
  }
}

/** Somebody with a number that was given again is somebody else. */
function nameOf({ userId, placeGroupId, madeAt }: ErasedPerson): string {
  return `${placeGroupId} ${userId} ${madeAt}`;
}

function readEntry(value: unknown): ErasedPerson | null {
  if (!line.Check(value)) return null;
  const { userId, placeGroupId, madeAt, erasedAt } = value;
  return { userId, placeGroupId, madeAt, erasedAt };
}
