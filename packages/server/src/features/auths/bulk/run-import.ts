import { IMPORT_ROWS_MAX, type Import } from "@postern/contract";
import { NativeRefusal } from "../../../platform/http/native-refusal.ts";
import type { StreamedBody } from "../../../platform/operations/operation-request.ts";
import { batchesOf, type HashedRow, type RowBatch, RowReader } from "./batch-rows.ts";
import { type BatchDeps, carryOutBatch, type Importing } from "./carry-out-batch.ts";
import { csvRows } from "./csv-rows.ts";
import { endImport, findImport, type KeptImport, lockImport } from "./import-store.ts";
import { jsonRows } from "./json-rows.ts";
import { IMPORT_WORK_MS_MAX } from "./limits.ts";
import type { RawRow } from "./raw-row.ts";

export interface ImportRequest extends Omit<Importing, "importId"> {
  /** The import that goes on; null: one that begins with the first row. */
  readonly kept: KeptImport | null;
  /** Makes it. */
  readonly begin: () => Promise<number>;
  readonly body: StreamedBody;
  /** Aborted when the key ends, nobody waits any more or the server stops. */
  readonly signal: AbortSignal;
}

/**
 * Carries out rows as they come, and passes over those that an earlier request of the same import has done. Returns how far it is when the rows end, or
 * when the time of one request is over. While one batch is carried out the next is read, and no more: the sender is held back meanwhile.
 */
export async function runImport(deps: BatchDeps, request: ImportRequest): Promise<Import> {
  const { clock } = deps;
  const untilMs = clock.monotonicMs() + IMPORT_WORK_MS_MAX;
  const reader = new RowReader();
  const batches = batchesOf(rowsBehind(request, reader));
  let importId = request.kept?.view.importId ?? null;
  let reading = batches.next();
  for (let read = await reading; read.done !== true; read = await reading) {
    // A file that cannot be read from its beginning on leaves nothing behind.
    importId ??= await request.begin();
    // Whoever was cut off comes again at once: what was read of them last is theirs to send.
    if (request.signal.aborted) return present(deps, importId);
    const isLast = clock.monotonicMs() >= untilMs;
    if (!isLast) reading = ahead(batches);
    const { view } = await carryOutBatch(deps, { ...request, importId }, read.value);
    if (isLast) return view;
  }
  return end(deps, importId ?? (await request.begin()), reader.rowCount);
}

/** What goes wrong while the batch before is carried out is met once that is done. */
function ahead(batches: AsyncGenerator<RowBatch, void, undefined>): ReturnType<typeof batches.next> {
  const reading = batches.next();
  reading.catch(() => undefined);
  return reading;
}

async function present({ database }: BatchDeps, importId: number): Promise<Import> {
  const kept = await findImport(database, importId);
  if (kept === null) throw gone();
  return kept.view;
}

/** The rows that are not done yet. Fails with `conflict` when what is passed over is not what was done. */
async function* rowsBehind({ body, place, kept }: ImportRequest, reader: RowReader): AsyncGenerator<HashedRow, void, undefined> {
  const { rowCount, isDone } = { rowCount: kept?.view.rowCount ?? 0, isDone: kept?.view.state === "done" };
  const raws: AsyncIterable<RawRow> = body.mediaType === "text/csv" ? csvRows(body.chunks, place.timeZone) : jsonRows(body.chunks);
  for await (const raw of raws) {
    if (reader.rowCount >= IMPORT_ROWS_MAX) throw tooMany();
    const read = reader.read(raw);
    if (read.row > rowCount && isDone) throw anotherFile();
    if (read.row > rowCount) yield read;
    else if (read.row === rowCount && !isSame(read.rowsHash, kept?.rowsHash ?? null)) throw anotherFile();
  }
  if (reader.rowCount < rowCount) throw anotherFile();
}

function isSame(hash: Uint8Array, other: Uint8Array | null): boolean {
  return other !== null && Buffer.compare(hash, other) === 0;
}

async function end({ database, clock }: BatchDeps, importId: number, rowCount: number): Promise<Import> {
  return database.transaction(async (tx) => {
    const kept = await lockImport(tx, importId);
    if (kept === null) throw gone();
    // Another request has gone further with a longer file, or is on its way.
    if (kept.view.rowCount !== rowCount) throw anotherFile();
    return (kept.view.state === "done" ? kept : await endImport(tx, importId, clock.nowMs())).view;
  });
}

function anotherFile(): NativeRefusal {
  const message = "was begun with other rows: send the same file, or begin another import";
  return new NativeRefusal("conflict", { problems: [{ field: "importId", message }] });
}

function tooMany(): NativeRefusal {
  const detail = `An import has at most ${IMPORT_ROWS_MAX} rows. Those up to there are done; send the others as another import.`;
  return new NativeRefusal("body_too_large", { detail });
}

function gone(): NativeRefusal {
  return new NativeRefusal("not_found", { problems: [{ field: "importId", message: "names nothing within reach" }] });
}
