import { PROBLEMS_COUNT_MAX, type Problem } from "@postern/contract";

/** What a column holds. The names are those of a row in NDJSON, without `credentials`. */
export const CSV_COLUMNS = [
  "userKey",
  "name",
  "status",
  "startAt",
  "endAt",
  "doors",
  "scheduleId",
  "groupIds",
  "cards",
  "pin",
  "uniquePin",
  "phone",
  "modes",
  "problem",
] as const;
export type CsvColumn = (typeof CSV_COLUMNS)[number];

export type CsvHeadRead =
  | { readonly ok: true; readonly columns: readonly CsvColumn[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const BY_NAME: ReadonlyMap<string, CsvColumn> = new Map(CSV_COLUMNS.map((column) => [column.toLowerCase(), column]));

/** Reads the names of the columns, in any order and case. One that is not known is a mistake: what stands in it would be lost in silence. */
export function readCsvHead(cells: readonly string[]): CsvHeadRead {
  const columns = cells.map((cell) => BY_NAME.get(cell.trim().toLowerCase()));
  const problems: Problem[] = [];
  for (const [index, column] of columns.entries()) {
    if (column === undefined) problems.push({ field: nameOf(cells, index), message: `is no column; there are ${CSV_COLUMNS.join(", ")}` });
    else if (columns.indexOf(column) < index) problems.push({ field: column, message: "stands there twice" });
  }
  if (!columns.includes("userKey")) problems.push({ field: "userKey", message: "is a column that must be there" });
  return problems.length > 0
    ? { ok: false, problems: problems.slice(0, PROBLEMS_COUNT_MAX) }
    : { ok: true, columns: columns.filter((column) => column !== undefined) };
}

/** A file without a head begins with somebody's cells, and those are repeated to nobody: only what looks like the name of a column is. */
function nameOf(cells: readonly string[], index: number): string {
  const name = (cells[index] ?? "").trim();
  return COLUMN_NAME.test(name) ? name : `column ${index + 1}`;
}

const COLUMN_NAME = /^[A-Za-z][A-Za-z _-]{0,31}$/;

/** Spreadsheets of half the world part cells by semicolons. No column's name has either sign. */
export function delimiterOf(headLine: string): "," | ";" | "\t" {
  return headLine.includes(";") ? ";" : headLine.includes("\t") ? "\t" : ",";
}
