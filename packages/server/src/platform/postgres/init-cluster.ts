import { readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { platformError } from "../platform-errors.ts";
import { syncFolder } from "../sync-folder.ts";
import type { Durability } from "./cluster-settings.ts";
import { startGuarded } from "./guarded-process.ts";
import { POSTGRES_MAJOR, type PostgresBinaries } from "./postgres-binaries.ts";
import type { RunAs } from "./run-as.ts";

/** The cluster's superuser: runs migrations, never the application's statements. */
export const OWNER_ROLE = "postern_owner";

export interface InitClusterOptions {
  readonly clusterDir: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly durability: Durability;
  readonly outputFd: number;
}

/**
 * Makes the cluster if there is none. It is made under another name and renamed when complete, so that a kill in between leaves no half-made
 * one. Fails with `embedded_version` when it is another version's.
 */
export async function ensureCluster(options: InitClusterOptions): Promise<void> {
  const version = await readFile(join(options.clusterDir, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version === undefined) return initCluster(options);
  if (version.trim() === POSTGRES_MAJOR) return;
  throw platformError("embedded_version", { detail: `It holds version ${version.trim()}, this server brings ${POSTGRES_MAJOR}.` });
}

async function initCluster(options: InitClusterOptions): Promise<void> {
  const parentDir = dirname(options.clusterDir);
  const prefix = `${basename(options.clusterDir)}.making-`;
  for (const entry of await readdir(parentDir)) {
    if (entry.startsWith(prefix)) await rm(join(parentDir, entry), { recursive: true, force: true });
  }
  const makingDir = join(parentDir, `${prefix}${process.pid}`);
  const command = [...options.runAs.prefix, options.binaries.initdb, ...initdbArguments(makingDir, options.durability)];
  const initdb = await startGuarded({ command, outputFd: options.outputFd });
  const code = await initdb.exited;
  if (code !== 0)
    throw platformError("embedded_start_failed", { detail: `initdb ended with ${code}; see postgres.log in the data directory.` });
  await rename(makingDir, options.clusterDir);
  await syncFolder(parentDir);
}

function initdbArguments(directory: string, durability: Durability): string[] {
  return [
    `--pgdata=${directory}`,
    `--username=${OWNER_ROLE}`,
    // The folder of the socket admits only the operating system's user that runs the server; nothing else is listened on.
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    // Sorts by code point and needs no library whose update would spoil indexes.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
    ...(durability === "volatile" ? ["--no-sync"] : []),
  ];
}
