import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { doorError } from "../errors.ts";
import { sqliteCodeOf } from "./open-database.ts";

const SQLITE_BUSY = 5;

/** Makes the folder, readable by its owner alone. */
export function makeDataDirectory(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700);
}

/**
 * Holds a controller's folder for this process until the returned function is called or the process dies, however it dies: the operating
 * system releases the lock. A folder that somebody holds is `data_directory_taken`.
 */
export function lockDataDirectory(dataDir: string): () => void {
  const database = new DatabaseSync(join(dataDir, "lock.db"));
  try {
    database.exec("pragma busy_timeout = 0; begin exclusive");
  } catch (cause) {
    database.close();
    const code = sqliteCodeOf(cause) === SQLITE_BUSY ? "data_directory_taken" : "disk_unusable";
    throw doorError(code, { context: { dataDir }, cause });
  }
  return () => {
    if (database.isOpen) database.close();
  };
}
