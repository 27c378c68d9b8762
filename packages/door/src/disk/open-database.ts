import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { assert } from "@postern/core";
import { doorError } from "../errors.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * A SQLite database whose commits survive the loss of power: write-ahead log, and every commit synced before it is answered. A file that is no
 * database, or one that is damaged beyond opening, is a `disk_unusable` error.
 */
export function openDatabase(path: string, schema: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 0;");
    database.exec(schema);
    return database;
  } catch (cause) {
    database?.close();
    throw doorError("disk_unusable", { context: { path }, cause });
  }
}

/** Runs `work` in one durable transaction: when this returns, it is on the disk; when it throws `disk_unusable`, nothing of it is. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  try {
    database.exec("begin immediate");
    const result = work();
    database.exec("commit");
    return result;
  } catch (cause) {
    if (database.isTransaction) database.exec("rollback");
    throw isSqliteError(cause) ? doorError("disk_unusable", { cause }) : cause;
  }
}

/** Runs a read; a disk that cannot be read is `disk_unusable`. */
export function reading<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw isSqliteError(cause) ? doorError("disk_unusable", { cause }) : cause;
  }
}

export function integerOf(row: Row, column: string): number {
  const value = row[column];
  assert(typeof value === "number", `column ${column} is an integer`);
  return value;
}

export function integerOrNullOf(row: Row, column: string): number | null {
  return row[column] === null ? null : integerOf(row, column);
}

export function textOf(row: Row, column: string): string {
  const value = row[column];
  assert(typeof value === "string", `column ${column} is a text`);
  return value;
}

export function textOrNullOf(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

/** SQLite's primary result code, or null when the error is not SQLite's. */
export function sqliteCodeOf(error: unknown): number | null {
  if (!isSqliteError(error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
