import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { Client } from "pg";
import { backup } from "../../../src/platform/backup/backup.ts";
import { readTables } from "../../../src/platform/backup/backup-store.ts";
import { type Restored, restore } from "../../../src/platform/backup/restore.ts";
import { createTestDatabase, type TestDatabase } from "../../support/index.ts";
import { administer, databaseUrl } from "../../support/test-cluster.ts";

const PORTS = { clock: systemClock, timers: systemTimers, log: silentLog };

export interface BackupWorld extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly folder: string;
  readonly serverKey: string;
  /** An empty database of the same cluster, without a table. */
  emptyDatabase(): Promise<string>;
  /** Returns the file. */
  backUp(options?: { readonly url?: string; readonly withServerKey?: boolean; readonly name?: string }): Promise<string>;
  restoreTo(
    url: string,
    file: string,
    options?: { readonly serverKeyFile?: string | null; readonly withoutServerKey?: boolean },
  ): Promise<Restored>;
}

export async function createBackupWorld(): Promise<BackupWorld> {
  const test = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), "postern-backup-"));
  const serverKey = join(folder, "server.key");
  await writeFile(serverKey, randomBytes(32), { mode: 0o600 });
  const names: string[] = [];
  const fresh = (prefix: string): string => `${prefix}_${randomBytes(6).toString("hex")}`;
  return {
    test,
    folder,
    serverKey,
    async emptyDatabase() {
      const name = fresh("restored");
      names.push(name);
      await administer({ url: test.ownerUrl }, `create database ${name}`);
      return databaseUrl(test.ownerUrl, name);
    },
    async backUp({ url = test.ownerUrl, withServerKey = false, name = `${fresh("file")}.tar` } = {}) {
      const config = { dataDir: folder, databaseUrl: url };
      return (await backup({ ...PORTS, config, path: join(folder, name), withServerKey, version: "test" })).path;
    },
    async restoreTo(url, path, { serverKeyFile = serverKey, withoutServerKey = false } = {}) {
      const config = { dataDir: join(folder, fresh("data")), databaseUrl: url };
      return restore({ ...PORTS, random: systemRandom, config, path, serverKeyFile, withoutServerKey });
    },
    async [Symbol.asyncDispose]() {
      for (const name of names) await administer({ url: test.ownerUrl }, `drop database if exists ${name} with (force)`);
      await test.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The contents of every table, as a hash each: what a restore changes on purpose is left out. */
export async function contentsOf(url: string): Promise<Readonly<Record<string, string>>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const contents: Record<string, string> = {};
  for (const { name } of await readTables(client)) {
    const without = name === "deployment" ? "- 'epoch'" : name === "controllers" ? "- 'connected_instance'" : "";
    const { rows } = await client.query<{ row: string }>(`select (to_jsonb(one) ${without})::text as row from "${name}" one order by 1`);
    contents[name] = `${rows.length} ${createHash("sha256")
      .update(rows.map(({ row }) => row).join("\n"))
      .digest("hex")}`;
  }
  await client.end();
  return contents;
}
