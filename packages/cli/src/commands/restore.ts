import { systemClock, systemRandom, systemTimers } from "@postern/core";
import { createLog, readConfig, restore } from "@postern/server";
import type { Output } from "../output.ts";
import { logLevelSetting } from "../settings.ts";
import { count } from "./import-progress.ts";

export interface RestoreOptions {
  readonly file: string;
  readonly serverKey?: string;
  readonly withoutServerKey?: boolean;
  readonly json?: boolean;
}

/** Brings a backup back. */
export async function restoreBackup(options: RestoreOptions, output: Output): Promise<void> {
  const config = readConfig({ ...process.env, ...logLevelSetting() });
  const log = createLog({ level: config.logLevel, clock: systemClock });
  const restored = await restore({
    ...{ config, log, clock: systemClock, timers: systemTimers, random: systemRandom, path: options.file },
    serverKeyFile: options.serverKey ?? null,
    withoutServerKey: options.withoutServerKey ?? false,
    onTable: ({ name, rowCount }) => (output.canOverwrite ? output.overwrite(`${name}: ${count(rowCount)} rows`) : undefined),
  });
  output.overwrite("");
  if (options.json === true) return output.json(restored);
  output.line(
    `As it was on ${new Date(restored.madeAt).toISOString()}: ${count(restored.rowCount)} rows of ${restored.tableCount} tables.`,
  );
  if (!restored.hasServerKey)
    output.line("There was no server.key: PINs, faces and fingerprints stay closed, and keys of the API must be made anew.");
  if (!restored.knowsErasures)
    output.line(
      `There is no erasures.jsonl in ${config.dataDir}: people who were erased since then come back. Where the former data directory still exists, copy its erasures.jsonl, revoked-keys.jsonl and ended-controller-keys.jsonl here before you start the server.`,
    );
  output.line("Start the server: doors compare what they hold and bring back the events that they still keep.");
}
