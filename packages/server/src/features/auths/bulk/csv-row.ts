import type { Problem } from "@postern/contract";
import { absoluteMs, readCardText, readWallClock } from "@postern/core";
import type { CsvColumn } from "./csv-head.ts";
import { KNOWN_TIMES_COUNT_MAX } from "./limits.ts";

export type CsvRowRead =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A time as somebody wrote it, or what is wrong with it. */
export type ReadTime = (typed: string) => number | string;

const CREDENTIALS: ReadonlySet<CsvColumn> = new Set(["cards", "pin", "uniquePin", "phone", "modes"]);
const TIMES: ReadonlySet<CsvColumn> = new Set(["startAt", "endAt"]);

/** The cells of one row as a row in NDJSON says it. An empty cell says nothing; `none` takes away what was there. What is written badly goes on as it is, to be refused by its name. */
export function readCsvRow(columns: readonly CsvColumn[], cells: readonly string[], readTime: ReadTime): CsvRowRead {
  if (cells.length !== columns.length)
    return {
      ok: false,
      problems: [{ field: "row", message: `must have ${columns.length} cells, as the head has, and has ${cells.length}` }],
    };
  const value: Record<string, unknown> = {};
  const credentials: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [index, column] of columns.entries()) {
    const cell = (cells[index] ?? "").trim();
    if (cell === "") continue;
    const read = TIMES.has(column) ? readTime(cell) : READERS[column](cell);
    if (TIMES.has(column) && typeof read === "string") problems.push({ field: column, message: read });
    else if (CREDENTIALS.has(column)) credentials[column] = read;
    else value[column] = read;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: Object.keys(credentials).length === 0 ? value : { ...value, credentials } };
}

const text = (cell: string): unknown => cell;
const orNone = (cell: string): unknown => (cell === "none" ? null : cell);
const READERS: Readonly<Record<CsvColumn, (cell: string) => unknown>> = {
  userKey: text,
  name: text,
  status: (cell) => cell.toUpperCase(),
  startAt: text,
  endAt: text,
  doors: (cell) => (cell === "all" ? "all" : numbersOf(cell)),
  scheduleId: (cell) => (cell === "none" ? null : numberOf(cell)),
  groupIds: numbersOf,
  cards: (cell) => partsOf(cell).map(readCardText),
  pin: orNone,
  uniquePin: orNone,
  phone: orNone,
  modes: (cell) => (cell === "none" ? null : partsOf(cell)),
  problem: text,
};

/** `234 235`, with blanks or any of `, ; |` between; `none` is the empty list. */
function partsOf(cell: string): string[] {
  return cell === "none" ? [] : cell.split(/[\s,;|]+/).filter((part) => part !== "");
}

function numbersOf(cell: string): unknown[] {
  return partsOf(cell).map(numberOf);
}

function numberOf(part: string): unknown {
  return /^\d{1,16}$/.test(part) ? Number(part) : part;
}

/** Reads times as people write them: with their distance from UTC, in epoch milliseconds, or by the clocks of the place. */
export function placeTimeReader(timeZone: string): ReadTime {
  const known = new Map<string, number | string>();
  return (typed) => {
    const found = known.get(typed) ?? readTimeIn(timeZone, typed);
    // Asking a zone takes longer than all else about a row, and a file repeats its times.
    if (known.size < KNOWN_TIMES_COUNT_MAX) known.set(typed, found);
    return found;
  };
}

function readTimeIn(timeZone: string, typed: string): number | string {
  const absolute = absoluteMs(typed);
  if (absolute !== null) return absolute;
  const clock = readWallClock(typed, timeZone);
  if (clock.kind === "at") return clock.atMs;
  if (clock.kind === "skipped") return `does not exist in ${timeZone}, where clocks are put forward then`;
  return "must be a time of the place such as 2026-12-01 08:00, one with its zone such as 2026-12-01T08:00Z, or epoch milliseconds";
}
