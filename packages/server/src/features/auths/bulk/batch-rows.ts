import { createHash, type Hash } from "node:crypto";
import { type ImportRowWanted, type Problem, readImportRow } from "@postern/contract";
import { CAREFUL_ROWS_AT_ONCE_MAX, QUICK_ROWS_AT_ONCE_MAX } from "./limits.ts";
import type { ReadRow } from "./plan-batch.ts";
import type { RawRow } from "./raw-row.ts";

/** A row, and the hash of everything that was read up to its end. */
export type HashedRow = ReadRow & { readonly rowsHash: Uint8Array };

/** Rows that are carried out together, all of one kind. */
export interface RowBatch {
  /** `careful`: some bring PINs, templates or a consent, and are carried out one by one. */
  readonly kind: "quick" | "careful";
  readonly rows: readonly HashedRow[];
}

/** Counts rows, hashes them and knows whom they named. */
export class RowReader {
  readonly #hash: Hash = createHash("sha256");
  readonly #rowOf = new Map<string, number>();
  #rowCount = 0;

  get rowCount(): number {
    return this.#rowCount;
  }

  read(raw: RawRow): HashedRow {
    this.#rowCount += 1;
    this.#hash.update(raw.text).update("\n");
    return { ...this.#judged(raw), rowsHash: this.#hash.copy().digest() };
  }

  #judged(raw: RawRow): ReadRow {
    const row = this.#rowCount;
    if (raw.kind === "unreadable") return { row, problems: raw.problems };
    const read = readImportRow(raw.value);
    if (!read.ok) return { row, problems: read.problems };
    const twice = this.#namedBefore(read.value);
    return twice === null ? { row, wanted: read.value } : { row, problems: [twice] };
  }

  /** Somebody named twice would be changed to and fro by the same file again. */
  #namedBefore({ userKey }: ImportRowWanted): Problem | null {
    const before = this.#rowOf.get(userKey);
    if (before !== undefined) return { field: "userKey", message: `is the person of row ${before}` };
    this.#rowOf.set(userKey, this.#rowCount);
    return null;
  }
}

/** Groups rows that come one after the other by how they are carried out. Where the rows end by a failure, those before it come first. */
export async function* batchesOf(rows: AsyncIterable<HashedRow>): AsyncGenerator<RowBatch, void, undefined> {
  let kind: RowBatch["kind"] = "quick";
  let gathered: HashedRow[] = [];
  let failure: unknown = null;
  try {
    for await (const row of rows) {
      const itsKind = isCareful(row) ? "careful" : "quick";
      const isFull = gathered.length >= (kind === "quick" ? QUICK_ROWS_AT_ONCE_MAX : CAREFUL_ROWS_AT_ONCE_MAX);
      if (gathered.length > 0 && (isFull || itsKind !== kind)) {
        yield { kind, rows: gathered };
        gathered = [];
      }
      kind = itsKind;
      gathered.push(row);
    }
  } catch (cause) {
    failure = cause;
  }
  if (gathered.length > 0) yield { kind, rows: gathered };
  if (failure !== null) throw failure;
}

/** What has to be proven or sealed takes longer than everything else about a row. */
function isCareful(read: ReadRow): boolean {
  if ("problems" in read) return false;
  const { pin, uniquePin, fingerprints } = read.wanted.credentials;
  return pin !== undefined || uniquePin !== undefined || fingerprints !== undefined || read.wanted.faceConsent !== undefined;
}
