import { existsSync, renameSync, rmSync } from "node:fs";
import { CodedError } from "@postern/core";
import { sqliteCodeOf } from "./open-database.ts";

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether a database file itself is broken. A disk that is full or busy is not: what stands on it is still good. */
export function isDamaged(error: unknown): boolean {
  const code = error instanceof CodedError ? sqliteCodeOf(error.cause) : null;
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Moves a broken database out of the way, as `<path>.damaged`, for whoever wants to look. */
export function setAside(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    const file = `${path}${suffix}`;
    rmSync(`${file}.damaged`, { force: true });
    if (existsSync(file)) renameSync(file, `${file}.damaged`);
  }
}
