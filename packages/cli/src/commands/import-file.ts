import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { errorCode, failure } from "../failure.ts";

/** A file of rows, as the server counts them. */
export interface RowsFile {
  readonly path: string;
  readonly mediaType: "text/csv" | "application/x-ndjson";
}

/** One row as it stands in the file. */
export type FileRow = { readonly kind: "cells"; readonly cells: readonly string[] } | { readonly kind: "line"; readonly text: string };

const MEDIA_OF: Readonly<Record<string, RowsFile["mediaType"]>> = {
  ".csv": "text/csv",
  ".tsv": "text/csv",
  ".ndjson": "application/x-ndjson",
  ".jsonl": "application/x-ndjson",
};

export function rowsFile(path: string): RowsFile {
  const mediaType = MEDIA_OF[extname(path).toLowerCase()];
  if (mediaType !== undefined) return { path, mediaType };
  throw failure("argument_invalid", `${path}: its name must end with ${Object.keys(MEDIA_OF).join(", ")}, which says what is in it.`);
}

/** The rows in their order, without the head of a CSV file. */
export async function* rowsOf(file: RowsFile): AsyncGenerator<FileRow, void, undefined> {
  if (file.mediaType === "text/csv") {
    const { rows } = await csvFile(file);
    for await (const cells of rows) yield { kind: "cells", cells };
    return;
  }
  const lines = createInterface({ input: createReadStream(file.path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const text of lines) if (text.trim() !== "") yield { kind: "line", text };
}

export async function countRows(file: RowsFile): Promise<number> {
  let count = 0;
  for await (const _ of rowsOf(file)) count += 1;
  return count;
}

/** A CSV file with its head apart, and how its cells are parted. */
export async function csvFile({ path }: RowsFile): Promise<{
  readonly head: readonly string[];
  readonly delimiter: string;
  readonly rows: AsyncIterable<readonly string[]>;
}> {
  const delimiter = await delimiterOf(path);
  // As loose as the server is, which judges each row.
  const options = { bom: true, delimiter, skip_empty_lines: true, relax_column_count: true, relax_quotes: true };
  const records: AsyncIterator<string[]> = createReadStream(path).pipe(parse(options))[Symbol.asyncIterator]();
  const { done, value } = await records.next().catch((cause: unknown) => {
    throw failure("argument_invalid", `${path} is no CSV file that can be read.`, cause);
  });
  const rows = { [Symbol.asyncIterator]: () => records };
  return { head: done === true ? [] : value, delimiter, rows };
}

/** No column's name has a semicolon or a tab. */
async function delimiterOf(path: string): Promise<string> {
  const [head = ""] = (await beginningOf(path)).split("\n");
  return head.includes(";") ? ";" : head.includes("\t") ? "\t" : ",";
}

const BEGINNING_BYTES = 4_096;

async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw failure("argument_invalid", `${path} cannot be read${errorCode(cause) === "ENOENT" ? ": there is no such file" : ""}.`, cause);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
