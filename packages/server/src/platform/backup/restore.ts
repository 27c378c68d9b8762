import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Random } from "@postern/core";
import { Client } from "pg";
import type { Config } from "../config.ts";
import { holdDataDir } from "../data-dir.ts";
import { clientConfig, type DatabaseAddress } from "../database-address.ts";
import { databaseError } from "../database-error.ts";
import { knownMigrations, migrate } from "../migrate.ts";
import { platformError } from "../platform-errors.ts";
import { CONNECT_MS_MAX } from "../platform-limits.ts";
import { startEmbeddedPostgres } from "../postgres/embedded-postgres.ts";
import { placeServerKey, readServerKeyFile, SERVER_KEY_FILE, serverKeyMark } from "../server-key.ts";
import { syncFolder } from "../sync-folder.ts";
import { readParts, verifyArchive } from "./archive-reader.ts";
import { readSchema } from "./backup-store.ts";
import type { DatabasePorts } from "./live-database.ts";
import { type Manifest, SERVER_KEY_NAME, type TableOfBackup } from "./manifest.ts";
import { beginLoading, endLoading, findFilled, loadTable } from "./restore-store.ts";

export interface RestoreOptions extends DatabasePorts {
  readonly config: Pick<Config, "dataDir" | "databaseUrl">;
  readonly random: Random;
  readonly path: string;
  /** Where `server.key` is kept; null: in the backup or in the data directory. */
  readonly serverKeyFile: string | null;
  /** What was sealed stays closed and keys of the API are no longer known: somebody wants the rest all the same. */
  readonly withoutServerKey: boolean;
  readonly onTable?: (table: { readonly name: string; readonly rowCount: number }) => void;
}

export interface Restored {
  readonly madeAt: number;
  readonly rowCount: number;
  readonly tableCount: number;
  readonly hasServerKey: boolean;
  /** Whether those who were erased are known here, so that none of them comes back. */
  readonly knowsErasures: boolean;
}

/**
 * Brings a backup back into a data directory without a database, or into an empty database. Everything about the file is judged before anything is
 * changed; the rows come in one transaction, under a new epoch; and the embedded database gets its name when it is whole.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const dataDir = resolve(options.config.dataDir);
  const manifest = await verifyArchive(options.path);
  const olderCount = await judgeSchema(manifest);
  await using stack = new AsyncDisposableStack();
  const held = await holdDataDir(dataDir, options.clock);
  stack.defer(() => held.release());
  const serverKey = await judgeServerKey(options, manifest, dataDir);
  if (options.config.databaseUrl === null) await restoreEmbedded(options, dataDir, { manifest, olderCount });
  else await load(options, { url: options.config.databaseUrl }, { manifest, olderCount });
  if (serverKey !== null) await placeServerKey(dataDir, serverKey, options.random);
  const { tables, madeAt } = manifest;
  return {
    madeAt,
    rowCount: tables.reduce((sum, table) => sum + table.rowCount, 0),
    tableCount: tables.length,
    hasServerKey: !options.withoutServerKey,
    knowsErasures: (await readdir(dataDir)).includes("erasures.jsonl"),
  };
}

interface Judged {
  readonly manifest: Manifest;
  /** How many of this version's migrations the backup's database had run. */
  readonly olderCount: number;
}

async function judgeSchema({ schema, version }: Manifest): Promise<number> {
  const known = await knownMigrations();
  const unknown = schema.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw platformError("backup_unusable", {
      detail: `It was written by a newer server (${version}): unknown here are ${unknown.join(", ")}.`,
    });
  if (schema.some((name, index) => known[index] !== name))
    throw platformError("backup_unusable", { detail: `Its database had run other migrations than this server has (${version}).` });
  return schema.length;
}

/** The key to put into the data directory; null: it is there, or is gone for good. */
async function judgeServerKey(options: RestoreOptions, manifest: Manifest, dataDir: string): Promise<Buffer | null> {
  const there = await readServerKeyFile(join(dataDir, SERVER_KEY_FILE));
  const given = options.serverKeyFile === null ? await keyInBackup(options.path, manifest) : await keyIn(options.serverKeyFile);
  const key = there ?? given;
  if (key === undefined) {
    if (options.withoutServerKey) return null;
    const detail =
      "The backup holds no server.key, and none is here. Name the file with --server-key; or, if it is lost, say --without-server-key: then no PIN, face " +
      "or fingerprint can be opened any more, and every key of the API must be made anew.";
    throw platformError("restore_refused", { detail });
  }
  if (manifest.serverKeyMark !== null && serverKeyMark(key) !== manifest.serverKeyMark)
    throw platformError("restore_refused", {
      detail: `${there === undefined ? "That server.key" : `${dataDir}/${SERVER_KEY_FILE}`} is not the one the backup was made under.`,
    });
  return there === undefined ? key : null;
}

async function keyIn(path: string): Promise<Buffer> {
  const key = await readServerKeyFile(resolve(path));
  if (key === undefined) throw platformError("restore_refused", { detail: `There is no file ${path}.` });
  return key;
}

async function keyInBackup(path: string, manifest: Manifest): Promise<Buffer | undefined> {
  if (manifest.serverKey === null) return undefined;
  for await (const { name, bytes } of readParts(path, manifest)) if (name === SERVER_KEY_NAME) return bytes;
  return undefined;
}

async function restoreEmbedded(options: RestoreOptions, dataDir: string, judged: Judged): Promise<void> {
  const clusterDir = join(dataDir, "postgres");
  if ((await stat(clusterDir).catch(() => null)) !== null)
    throw platformError("restore_refused", {
      detail: `${dataDir} has a database already. Name another folder with POSTERN_DATA_DIR, or put that one aside.`,
    });
  // Under another name until it is whole: a restore that was killed leaves nothing that a server would start on.
  const makingDir = join(dataDir, "restoring");
  await rm(makingDir, { recursive: true, force: true });
  await mkdir(makingDir, { mode: 0o700 });
  try {
    const embedded = await startEmbeddedPostgres({ ...options, dataDir: makingDir });
    try {
      await load(options, embedded.owner, judged);
    } finally {
      await embedded.stop();
    }
    await rename(join(makingDir, "postgres"), clusterDir);
    await syncFolder(dataDir);
  } finally {
    await rm(makingDir, { recursive: true, force: true });
  }
}

async function load(options: RestoreOptions, owner: DatabaseAddress, { manifest, olderCount }: Judged): Promise<void> {
  const client = new Client({ ...clientConfig(owner), application_name: "postern restore", connectionTimeoutMillis: CONNECT_MS_MAX });
  client.on("error", () => undefined); // the statement under way fails and reports it
  try {
    await client.connect();
    await prepareSchema(options, client, { owner, manifest, olderCount });
    await beginLoading(client, manifest);
    await loadTables(options, client, manifest);
    await endLoading(client, manifest, Buffer.from(options.random.bytes(12)).toString("base64url"));
    await migrate({ owner, log: options.log });
  } catch (failure) {
    throw databaseError(failure);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Empty tables as the backup's database had them. */
async function prepareSchema(
  { log }: RestoreOptions,
  client: Client,
  { owner, manifest, olderCount }: Judged & { readonly owner: DatabaseAddress },
): Promise<void> {
  const ran = await readSchema(client);
  const filled = ran.length === 0 ? null : await findFilled(client);
  if (filled !== null) throw platformError("restore_refused", { detail: `The database is not empty: ${filled} holds rows.` });
  if (ran.length === 0) await migrate({ owner, log, countMax: olderCount });
  else if (ran.length !== manifest.schema.length)
    throw platformError("restore_refused", { detail: "The database was prepared by another version than the backup: give an empty one." });
}

/** Tables come one after the other, each in its parts. */
async function loadTables(options: RestoreOptions, client: Client, manifest: Manifest): Promise<void> {
  const parts = readParts(options.path, manifest);
  const next = async (): Promise<Buffer> => {
    for (;;) {
      const { done, value } = await parts.next();
      if (done === true) throw platformError("backup_damaged", { detail: "The file became shorter while it was read." });
      if (value.name !== SERVER_KEY_NAME) return value.bytes;
    }
  };
  for (const table of manifest.tables) {
    await loadOne(client, table, next);
    options.onTable?.(table);
  }
}

async function loadOne(client: Client, table: TableOfBackup, next: () => Promise<Buffer>): Promise<void> {
  if (table.parts.length === 0) return;
  const loading = loadTable(client, table);
  for (const _ of table.parts) await loading.write(await next());
  const rowCount = await loading.end();
  if (rowCount !== table.rowCount)
    throw platformError("backup_damaged", { detail: `${table.name} has ${rowCount} rows in place of ${table.rowCount}.` });
}
