import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock, systemTimers } from "@postern/core";
import { Client } from "pg";
import { clientConfig, type DatabaseAddress } from "../../src/platform/database-address.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { startEmbeddedPostgres } from "../../src/platform/postgres/embedded-postgres.ts";
import { isAlive } from "../../src/platform/postgres/leftover.ts";

const DIR_PREFIX = "postern-test-";
export const TEMPLATE_DATABASE = "postern_template";

export interface TestCluster {
  /** The template database, as its owner; test databases are copies of it. */
  readonly owner: DatabaseAddress;
  stop(): Promise<void>;
}

/** A cluster without fsync in a folder of its own, with a template database to which all migrations have been applied. */
export async function startTestCluster(): Promise<TestCluster> {
  await removeAbandonedFolders();
  const dataDir = await mkdtemp(join(tmpdir(), `${DIR_PREFIX}${process.pid}-`));
  const removeDir = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const ports = { clock: systemClock, timers: systemTimers, log: silentLog };
    const postgres = await startEmbeddedPostgres({ ...ports, dataDir, durability: "volatile", database: TEMPLATE_DATABASE });
    const stop = async (): Promise<void> => {
      await postgres.stop();
      await removeDir();
    };
    await migrate({ owner: postgres.owner, log: silentLog }).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    return { owner: postgres.owner, stop };
  } catch (error) {
    await removeDir();
    throw error;
  }
}

/** One statement in the maintenance database: databases cannot be made or dropped from inside themselves. */
export async function administer(template: DatabaseAddress, sql: string): Promise<void> {
  const client = new Client(clientConfig({ url: databaseUrl(template.url, "postgres") }));
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The same server and user with another database. */
export function databaseUrl(url: string, database: string): string {
  return url.replace(/\/[^/]*$/, `/${database}`);
}

/** Folders of runs that were killed: their guard has stopped the database, and their process, named in the folder, is gone. */
async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^postern-test-(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
