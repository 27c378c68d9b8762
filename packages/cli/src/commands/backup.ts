import { systemClock, systemTimers } from "@postern/core";
import { backup, createLog, readConfig, SERVER_VERSION } from "@postern/server";
import type { Output } from "../output.ts";
import { logLevelSetting } from "../settings.ts";
import { count } from "./import-progress.ts";

export interface BackupOptions {
  readonly out: string;
  readonly withServerKey?: boolean;
  readonly json?: boolean;
}

/** Writes a backup of this machine's server, or of the database that `DATABASE_URL` names. */
export async function makeBackup({ out, withServerKey = false, json = false }: BackupOptions, output: Output): Promise<void> {
  const config = readConfig({ ...process.env, ...logLevelSetting() });
  const log = createLog({ level: config.logLevel, clock: systemClock });
  const made = await backup({
    ...{ config, log, clock: systemClock, timers: systemTimers, version: SERVER_VERSION, path: out, withServerKey },
    onTable: ({ name, rowCount }) => (output.canOverwrite ? output.overwrite(`${name}: ${count(rowCount)} rows`) : undefined),
  });
  output.overwrite("");
  if (json) return output.json(made);
  output.line(`${made.path}: ${count(made.rowCount)} rows of ${made.tableCount} tables, ${count(made.bytes)} bytes.`);
  output.line(
    made.hasServerKey
      ? "server.key is in it: whoever has this file has everything. Keep it as you would keep that key."
      : `server.key is not in it, and without it no PIN, face or fingerprint can be opened and no API key is known. Keep a copy of ${config.dataDir}/server.key elsewhere; it never changes.`,
  );
}
