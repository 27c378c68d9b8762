import { Readable } from "node:stream";
import { IMPORT_ROW_BYTES_MAX } from "@postern/contract";
import { type CsvError, type Parser, parse } from "csv-parse";
import { NativeRefusal } from "../../../platform/http/native-refusal.ts";
import { type CsvColumn, delimiterOf, readCsvHead } from "./csv-head.ts";
import { placeTimeReader, type ReadTime, readCsvRow } from "./csv-row.ts";
import { CSV_HEAD_BYTES_MAX } from "./limits.ts";
import type { RawRow } from "./raw-row.ts";

/** Rows of a CSV file (RFC 4180) whose first line names the columns. Fails with `argument_invalid` when that one cannot be read, and with `body_malformed` where quotes never close. */
export async function* csvRows(chunks: AsyncIterable<Buffer>, timeZone: string): AsyncGenerator<RawRow, void, undefined> {
  const readTime = placeTimeReader(timeZone);
  let columns: readonly CsvColumn[] | null = null;
  for await (const cells of recordsOf(chunks)) {
    if (columns === null) columns = acceptedHead(cells);
    else yield rawRow(columns, cells, readTime);
  }
}

function acceptedHead(cells: readonly string[]): readonly CsvColumn[] {
  const head = readCsvHead(cells);
  if (head.ok) return head.columns;
  throw new NativeRefusal("argument_invalid", { problems: head.problems });
}

function rawRow(columns: readonly CsvColumn[], cells: readonly string[], readTime: ReadTime): RawRow {
  const text = JSON.stringify(cells);
  const read = readCsvRow(columns, cells, readTime);
  return read.ok ? { kind: "value", text, value: read.value } : { kind: "unreadable", text, problems: read.problems };
}

/** Behind such a row nobody can tell where the next one begins. The head is counted too. */
function brokenAt(recordCount: number, cause: CsvError): NativeRefusal {
  const where = recordCount === 0 ? "The head" : `Row ${recordCount}`;
  const why =
    cause.code === "CSV_MAX_RECORD_SIZE"
      ? `has more than ${IMPORT_ROW_BYTES_MAX} bytes, or its quotes never close`
      : "has quotes that never close";
  return new NativeRefusal("body_malformed", { detail: `${where} ${why}. The rows before it are done.`, cause });
}

async function* recordsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[], void, undefined> {
  const { line, whole } = await peekLine(chunks);
  const source = Readable.from(whole, { objectMode: false });
  let broken: CsvError | null = null;
  const parser: Parser = parse({
    delimiter: delimiterOf(line),
    bom: true,
    skip_empty_lines: true,
    // How many cells a row has is judged row by row, and a quote within a cell is a quote.
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: IMPORT_ROW_BYTES_MAX,
    // An error of the parser's own would take with it the rows that were read and not yet asked for.
    skip_records_with_error: true,
    on_skip: (failure) => {
      broken ??= failure ?? null;
    },
  });
  source.on("error", (failure) => parser.destroy(failure));
  source.pipe(parser);
  let count = 0;
  const refuseBroken = (): void => {
    if (broken !== null && count >= Number(broken["records"])) throw brokenAt(count, broken);
  };
  try {
    for await (const cells of parser) {
      refuseBroken();
      yield cells;
      count += 1;
    }
    refuseBroken();
  } finally {
    source.destroy();
  }
}

/** The first line, and everything with it. */
async function peekLine(chunks: AsyncIterable<Buffer>): Promise<{ readonly line: string; readonly whole: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let begun = Buffer.alloc(0);
  while (!begun.includes("\n") && begun.length < CSV_HEAD_BYTES_MAX) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    begun = Buffer.concat([begun, value]);
  }
  const line = begun.subarray(0, CSV_HEAD_BYTES_MAX).toString("utf8").split("\n", 1)[0] ?? "";
  const rest = { [Symbol.asyncIterator]: () => iterator };
  const whole = async function* (): AsyncGenerator<Buffer, void, undefined> {
    if (begun.length > 0) yield begun;
    yield* rest;
  };
  return { line, whole: whole() };
}
