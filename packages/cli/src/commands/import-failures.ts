import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import { csvFile, type RowsFile, rowsOf } from "./import-file.ts";

/** What was said of the rows that failed, by their numbers. */
export type Problems = ReadonlyMap<number, string>;

/** `members.csv` has its failures in `members.failed.csv`. */
export function failuresPath({ path }: RowsFile): string {
  return path.replace(/(\.\w+)$/, ".failed$1");
}

/**
 * Writes the rows that failed beside the file, each with what was said of it: to be mended there and imported as it is. Only the owner may read it, as
 * PINs may stand in it.
 */
export async function writeFailures(file: RowsFile, problems: Problems): Promise<string> {
  const path = failuresPath(file);
  const out = createWriteStream(path, { mode: 0o600 });
  await (file.mediaType === "text/csv" ? writeCsv(file, problems, out) : writeLines(file, problems, out));
  out.end();
  await finished(out);
  return path;
}

async function writeCsv(file: RowsFile, problems: Problems, out: WriteStream): Promise<void> {
  const { head, delimiter, rows } = await csvFile(file);
  const at = head.findIndex((name) => name.trim().toLowerCase() === "problem");
  const withProblem = (cells: readonly string[], problem: string): string =>
    stringify([at < 0 ? [...cells, problem] : cells.with(at, problem)], { delimiter });
  await write(out, withProblem(head, "problem"));
  let row = 0;
  for await (const cells of rows) {
    row += 1;
    const problem = problems.get(row);
    if (problem !== undefined) await write(out, withProblem(cells, problem));
  }
}

async function writeLines(file: RowsFile, problems: Problems, out: WriteStream): Promise<void> {
  let row = 0;
  for await (const read of rowsOf(file)) {
    row += 1;
    const problem = problems.get(row);
    if (problem !== undefined && read.kind === "line") await write(out, `${JSON.stringify(lineWithProblem(read.text, problem))}\n`);
  }
}

/** What is no object cannot hold what was said of it: it stands there as a text. */
function lineWithProblem(line: string, problem: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value, problem };
  } catch {
    // Said below.
  }
  return { line, problem };
}

async function write(out: WriteStream, text: string): Promise<void> {
  if (!out.write(text)) await once(out, "drain");
}
