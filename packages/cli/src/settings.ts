import { resolve } from "node:path";
import type { ApiTarget } from "./api.ts";
import { readDemoFile } from "./demo-file.ts";
import { failure } from "./failure.ts";
import { trustCertificate } from "./own-certificate.ts";

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

export interface TargetOptions {
  readonly server?: string;
  readonly key?: string;
  readonly place?: string;
}

export interface Target extends ApiTarget {
  readonly placeId: number;
}

/** The server, key and place a command speaks to: what is said, else the variables, else the demo of the data directory. */
export async function targetOf(options: TargetOptions): Promise<Target> {
  const baseUrl = options.server ?? process.env["POSTERN_SERVER"];
  const apiKey = options.key ?? process.env["POSTERN_API_KEY"];
  const demo = baseUrl === undefined || apiKey === undefined ? await readDemoFile(dataDir()) : null;
  const found = { baseUrl: baseUrl ?? demo?.baseUrl, apiKey: apiKey ?? demo?.apiKey };
  if (found.baseUrl === undefined || found.apiKey === undefined) {
    throw failure(
      "server_unknown",
      `Which server? Give --server and --key (or POSTERN_SERVER and POSTERN_API_KEY), or run \`npm start\` first: ${dataDir()} holds no demo.json.`,
    );
  }
  if (!/^https?:\/\/[^/]/.test(found.baseUrl) || !URL.canParse(found.baseUrl))
    throw failure("argument_invalid", "--server takes an address such as http://127.0.0.1:8080.");
  if (found.baseUrl === demo?.baseUrl) await trustCertificate(demo.certFile);
  return { baseUrl: found.baseUrl, apiKey: found.apiKey, placeId: wholeNumber("--place", options.place ?? String(demo?.placeId ?? 178)) };
}

/** A positive whole number, or a failure that names the option. */
export function wholeNumber(option: string, typed: string): number {
  if (/^[1-9]\d{0,15}$/.test(typed)) return Number(typed);
  throw failure("argument_invalid", `${option} takes a whole number from 1 on, and not ${JSON.stringify(typed.slice(0, 40))}.`);
}
