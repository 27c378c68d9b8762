import { resolve } from "node:path";
import { failure } from "./failure.ts";

export const DEFAULT_DATA_DIR = ".postern";

/** The data directory commands speak about: the server's own variable. */
export function dataDir(): string {
  const set = process.env["POSTERN_DATA_DIR"]?.trim() ?? "";
  return resolve(set === "" ? DEFAULT_DATA_DIR : set);
}

/** What a printed command needs in front so that it means the same data directory. */
export function dataDirPrefix(): string {
  const set = process.env["POSTERN_DATA_DIR"]?.trim() ?? "";
  return set === "" ? "" : `POSTERN_DATA_DIR=${quote(dataDir())} `;
}

/** For a POSIX shell. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Terminals get warnings only, unless `POSTERN_LOG_LEVEL` asks for more. */
export function logLevelSetting(): { readonly POSTERN_LOG_LEVEL: string } {
  const set = process.env["POSTERN_LOG_LEVEL"]?.trim() ?? "";
  return { POSTERN_LOG_LEVEL: set === "" ? "warn" : set };
}

/** A positive whole number, or a failure that names the option. */
export function wholeNumber(option: string, typed: string): number {
  if (/^[1-9]\d{0,15}$/.test(typed)) return Number(typed);
  throw failure("argument_invalid", `${option} takes a whole number from 1 on, and not ${JSON.stringify(typed.slice(0, 40))}.`);
}
