import { EXIT } from "./failure.ts";

/** Where a command writes. Nothing else in this package touches the terminal. */
export interface Output {
  /** One line for the person or program that asked. */
  line(text: string): void;
  /** One JSON value on a line of its own. */
  json(value: unknown): void;
  /** One line about what went wrong or goes on; never part of an answer. */
  note(text: string): void;
  /** Whether somebody watches: one line can be written over and over. */
  readonly canOverwrite: boolean;
  /** Writes over the line that was last written this way; an empty text takes it away. Does nothing where nobody watches. */
  overwrite(text: string): void;
  /** From now on the process goes on when nobody reads what it writes: a server outlives its terminal. */
  outliveReader(): void;
  readonly paint: Paint;
}

export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

const colour =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;

const COLOURS: Paint = { good: colour(32, 39), bad: colour(31, 39), dim: colour(2, 22), strong: colour(1, 22) };
const same = (text: string): string => text;
const PLAIN: Paint = { good: same, bad: same, dim: same, strong: same };

/** Writes to the process's own streams; colours only on a terminal, and not where `NO_COLOR` is set (no-color.org). */
export function terminalOutput(): Output {
  let isForReader = true;
  // Whoever closes the pipe early (`postern events | head`) has seen enough.
  process.stdout.on("error", () => {
    if (isForReader) process.exit(EXIT.done);
  });
  process.stderr.on("error", () => undefined);
  const isColoured = process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  return {
    line: (text) => void process.stdout.write(`${text}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    canOverwrite: process.stderr.isTTY === true,
    overwrite: (text) => {
      if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
    },
    outliveReader: () => {
      isForReader = false;
    },
    paint: isColoured ? COLOURS : PLAIN,
  };
}

/** Columns as wide as their widest cell. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
