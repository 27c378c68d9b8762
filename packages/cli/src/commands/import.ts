import { createReadStream } from "node:fs";
import { type PosternClient, PosternError } from "@postern/client";
import type { Import, ImportResult } from "@postern/contract";
import { pause, systemClock, systemTimers } from "@postern/core";
import { clientOf } from "../api.ts";
import { describeFailure, EXIT, failure } from "../failure.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "../settings.ts";
import { type TargetOptions, targetOf } from "../target.ts";
import { writeFailures } from "./import-failures.ts";
import { countRows, type RowsFile, rowsFile } from "./import-file.ts";
import { count, importProgress, type Progress } from "./import-progress.ts";

const LOOK_MS = 250;
/** Longer than the server works on one request. */
const REQUEST_MS_MAX = 90_000;
/** Tries in a row that brought no row further; with their pauses about a minute. */
const TRIES_COUNT_MAX = 12;
const RETRY_MS_MAX = 10_000;
/** Rows that are shown to a person; `--json` shows all. */
const SHOWN_COUNT_MAX = 20;
/** The largest page the server gives. */
const PAGE_SIZE = 200;

export interface ImportOptions extends TargetOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly resume?: string;
  readonly json?: boolean;
}

/** Sends a file of rows, as often as it takes, and tells what came of them. Ends with 3 when some failed. */
export async function importRows(options: ImportOptions, output: Output): Promise<number> {
  const file = rowsFile(options.file);
  const rowsTotal = await countRows(file);
  const { placeId, ...target } = await targetOf(options);
  const client = clientOf(target);
  const importId = options.resume === undefined ? await begin(client, placeId, options) : wholeNumber("--resume", options.resume);
  const progress = importProgress(output, rowsTotal, { beganMs: systemClock.monotonicMs(), unit: "rows" });
  const done = await sendUntilDone({ client, file, placeId, importId, progress, output });
  const problems = await tellResults(client, done, { options, output });
  const path = problems.size === 0 ? null : await writeFailures(file, problems);
  if (options.json === true) output.json({ ...done, ...(path === null ? {} : { failuresIn: path }) });
  else output.line(summary(done, path));
  return problems.size === 0 ? EXIT.done : EXIT.refused;
}

async function begin(client: PosternClient, placeId: number, { dryRun = false }: ImportOptions): Promise<number> {
  return (await client.createImport({ params: { placeId }, body: { dryRun } })).importId;
}

interface Sending {
  readonly client: PosternClient;
  readonly file: RowsFile;
  readonly placeId: number;
  readonly importId: number;
  readonly progress: Progress;
  readonly output: Output;
}

/** The whole file each time: the server passes over the rows that are done. */
async function sendUntilDone(sending: Sending): Promise<Import> {
  const { client, importId, progress, output } = sending;
  let [rowCount, triesCount] = [-1, 0];
  for (;;) {
    const sent = await sendOnce(sending).catch(unlessWorthATry);
    if (sent instanceof Error) output.note(`${describeFailure(sent).text} Trying again …`);
    const now = sent instanceof Error ? await client.readImport({ params: { importId } }).catch(unlessWorthATry) : sent;
    if (!(now instanceof Error)) {
      progress.tell(now.rowCount, systemClock.monotonicMs());
      if (now.state === "done") break;
      [rowCount, triesCount] = now.rowCount > rowCount ? [now.rowCount, 0] : [rowCount, triesCount + 1];
    } else triesCount += 1;
    if (triesCount > TRIES_COUNT_MAX) throw gaveUp(importId, sent);
    if (sent instanceof Error) await pause(systemTimers, "send rows again", Math.min(500 * 2 ** triesCount, RETRY_MS_MAX));
  }
  progress.end();
  return client.readImport({ params: { importId } });
}

/** Rows are sent again after what may pass: a server that is away, or that still works on what was cut off. */
function unlessWorthATry(error: unknown): PosternError {
  if (!(error instanceof PosternError)) throw error;
  const isBusy = error.problems.some(({ field, message }) => field === "importId" && message.includes("another request"));
  if (isBusy || error.class === "transient" || error.class === "ambiguous") return error;
  throw error;
}

function gaveUp(importId: number, last: unknown): Error {
  return failure("import_open", `Nothing went on any more. Go on later with --resume ${importId}.`, last);
}

async function sendOnce({ client, file, placeId, importId, progress }: Sending): Promise<Import> {
  const over = new AbortController();
  const looking = lookOn({ client, importId, progress, over: over.signal });
  const content: ReadableStream<Uint8Array> = ReadableStream.from(createReadStream(file.path));
  try {
    const body = { mediaType: file.mediaType, content };
    return await client.importAuths({ params: { placeId }, query: { importId }, body, timeoutMs: REQUEST_MS_MAX });
  } finally {
    over.abort();
    await looking;
  }
}

/** How far it is, asked beside the sending. A look that fails is left out. */
async function lookOn({
  client,
  importId,
  progress,
  over,
}: Pick<Sending, "client" | "importId" | "progress"> & { readonly over: AbortSignal }): Promise<void> {
  for (;;) {
    await pause(systemTimers, "look at the import", LOOK_MS, over);
    if (over.aborted) return;
    const now = await client.readImport({ params: { importId }, signal: over }).catch(() => null);
    if (now !== null) progress.tell(now.rowCount, systemClock.monotonicMs());
  }
}

/** Tells of each row that failed, and in a rehearsal of each that would make a difference. Returns what was said of those that failed. */
async function tellResults(
  client: PosternClient,
  { importId, dryRun, failedCount, createdCount, changedCount }: Import,
  { options, output }: { readonly options: ImportOptions; readonly output: Output },
): Promise<Map<number, string>> {
  const problems = new Map<number, string>();
  const isAll = dryRun && createdCount + changedCount > 0;
  if (!isAll && failedCount === 0) return problems;
  let shownCount = 0;
  const query = isAll ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, outcome: "failed" as const };
  for await (const result of client.pages("listImportResults", { params: { importId }, query })) {
    if (result.outcome === "failed") problems.set(result.row, problemText(result));
    if (result.outcome === "unchanged") continue;
    shownCount += 1;
    if (options.json === true) output.json(result);
    else if (shownCount <= SHOWN_COUNT_MAX) output.line(resultLine(result, output));
  }
  if (options.json !== true && shownCount > SHOWN_COUNT_MAX) output.line(`… and ${count(shownCount - SHOWN_COUNT_MAX)} more rows.`);
  return problems;
}

function problemText({ problems = [] }: ImportResult): string {
  return problems.map(({ field, message }) => (field === "row" ? message : `${field} ${message}`)).join("; ");
}

function resultLine(result: ImportResult, { paint }: Output): string {
  const row = `row ${result.row}`.padEnd(10);
  if (result.outcome === "failed") return `${row}  ${paint.bad("failed")}     ${problemText(result)}`;
  const detail = result.outcome === "changed" ? `    ${(result.changed ?? []).join(", ")}` : "";
  return `${row}  would be ${result.outcome}${detail}`;
}

function summary(
  { importId, dryRun, rowCount, createdCount, changedCount, unchangedCount, failedCount }: Import,
  path: string | null,
): string {
  const counts = `${count(createdCount)} created, ${count(changedCount)} changed, ${count(unchangedCount)} as they were, ${count(failedCount)} failed`;
  const what = dryRun ? `Nothing was changed; of ${count(rowCount)} rows there would be` : `Import ${importId} of ${count(rowCount)} rows:`;
  return `${what} ${counts}.${path === null ? "" : `\nWhat failed stands in ${path}: mend it there and import that file.`}`;
}
