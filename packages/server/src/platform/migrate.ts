import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Log } from "@postern/core";
import { runner } from "node-pg-migrate";
import { Client } from "pg";
import { APPLICATION_ROLE, clientConfig, type DatabaseAddress } from "./database-address.ts";
import { databaseError, sqlStateOf } from "./database-error.ts";
import { platformError } from "./platform-errors.ts";
import * as limits from "./platform-limits.ts";

const MIGRATIONS_DIR = fileURLToPath(new URL("../../migrations/", import.meta.url));
export const MIGRATIONS_TABLE = "schema_migrations";
const INSUFFICIENT_PRIVILEGE = "42501";

export interface MigrateOptions {
  /** As the owner: the role that may create tables, not the application's. */
  readonly owner: DatabaseAddress;
  readonly log: Log;
  /** So many of the files that have not run yet and no more: for a database that shall be as it was at an earlier version. */
  readonly countMax?: number;
  /** For tests of the mechanism itself. */
  readonly migrationsDir?: string;
}

/**
 * Brings the database to this version: forward only, all pending files in one transaction, one process at a time (others wait).
 * Returns the names of the files it ran. Fails with `database_newer`, `database_role_missing`, `migration_failed`, `database_away`.
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  const migrationsDir = options.migrationsDir ?? MIGRATIONS_DIR;
  const client = new Client({
    ...clientConfig(options.owner),
    application_name: "postern migrate",
    connectionTimeoutMillis: limits.CONNECT_MS_MAX,
  });
  client.on("error", () => undefined); // the statement under way fails and reports it
  try {
    await client.connect();
    await refuseNewerDatabase(client, migrationsDir);
    return await runMigrations(client, migrationsDir, options);
  } catch (error) {
    throw await explain(error, client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The names of this version's files, in their order. */
export async function knownMigrations(dir: string = MIGRATIONS_DIR): Promise<readonly string[]> {
  return (await readdir(dir))
    .filter((file) => file.endsWith(".sql"))
    .map((file) => file.slice(0, -".sql".length))
    .sort();
}

async function runMigrations(client: Client, dir: string, { log, countMax }: MigrateOptions): Promise<readonly string[]> {
  const ran = await runner({
    dbClient: client,
    dir,
    direction: "up",
    ...(countMax === undefined ? {} : { count: countMax }),
    migrationsTable: MIGRATIONS_TABLE,
    singleTransaction: true,
    checkOrder: true,
    advisoryLockMode: "wait",
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (text) => log.warn("database.migration_note", { text }),
      error: () => undefined,
    },
  });
  const names = ran.map((migration) => migration.name);
  if (names.length > 0) log.info("database.migrated", { names });
  return names;
}

/** An older server would misread what a newer one has written. */
async function refuseNewerDatabase(client: Client, dir: string): Promise<void> {
  const known = new Set(await knownMigrations(dir));
  const table = await client.query<{ found: boolean }>("select to_regclass($1) is not null as found", [MIGRATIONS_TABLE]);
  if (table.rows[0]?.found !== true) return;
  const ran = await client.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE} order by id`);
  const unknown = ran.rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw platformError("database_newer", { detail: `Unknown here: ${unknown.join(", ")}.` });
}

async function explain(error: unknown, client: Client): Promise<unknown> {
  const failure = databaseError(error);
  if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE && !(await mayActAsApplication(client))) {
    const user = client.user ?? "";
    const sql = `create role ${APPLICATION_ROLE} nologin; grant ${APPLICATION_ROLE} to "${user}";`;
    return platformError("database_role_missing", { detail: `An administrator must run once: ${sql}`, cause: failure });
  }
  const isStatement = failure instanceof Error && "code" in failure && failure.code === "statement_refused";
  return isStatement ? platformError("migration_failed", { detail: failure.message, cause: failure }) : failure;
}

async function mayActAsApplication(client: Client): Promise<boolean> {
  // The failed migration may have left a transaction open or not; outside of one, `rollback` is a warning.
  await client.query("rollback").catch(() => undefined);
  const answer = await client.query(`set role ${APPLICATION_ROLE}`).catch(() => undefined);
  return answer !== undefined;
}
