import { randomBytes } from "node:crypto";
import { silentLog, systemRandom, systemTimers } from "@postern/core";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { APPLICATION_ROLE } from "../../src/platform/database-address.ts";
import { TEST_CLUSTER_VARIABLE } from "./global-setup.ts";
import { administer, databaseUrl, startTestCluster, TEMPLATE_DATABASE, type TestCluster } from "./test-cluster.ts";

export interface TestDatabase {
  /** Acts as the application's role, with its rights and no others. */
  readonly database: Database;
  /** May do everything; for a test's preparations. */
  readonly ownerUrl: string;
  readonly appUrl: string;
  /** Closes `database` and removes the database with whoever is still connected. Idempotent. */
  drop(): Promise<void>;
}

/** The cluster of a test file that is run by itself, without the global setup. */
let ownCluster: Promise<TestCluster> | undefined;

/** A database of the test's own with all migrations applied; a copy of the template takes about 20 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const owner = await templateUrl();
  const name = `test_${randomBytes(8).toString("hex")}`;
  await administer({ url: owner }, `create database ${name} template ${TEMPLATE_DATABASE} strategy file_copy`);
  const ownerUrl = databaseUrl(owner, name);
  const appUrl = ownerUrl.replace(/\/\/[^@]*@/, `//${APPLICATION_ROLE}@`);
  const database = openDatabase({
    address: { url: appUrl },
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    connectionCount: 10,
  });
  let dropped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    await database.close();
    await administer({ url: owner }, `drop database if exists ${name} with (force)`);
  };
  return { database, ownerUrl, appUrl, drop: () => (dropped ??= drop()) };
}

async function templateUrl(): Promise<string> {
  const shared = process.env[TEST_CLUSTER_VARIABLE];
  if (shared !== undefined) return shared;
  ownCluster ??= startOwnCluster();
  return (await ownCluster).owner.url;
}

async function startOwnCluster(): Promise<TestCluster> {
  const cluster = await startTestCluster();
  // A hook of the test runner would run before the file's own hooks, which still need the cluster. The cluster does not keep the process alive.
  process.once("beforeExit", () => void cluster.stop());
  return cluster;
}
