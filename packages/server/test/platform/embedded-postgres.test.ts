import assert from "node:assert/strict";
import { cp, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { CodedError, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { openDatabase } from "../../src/platform/database.ts";
import { POSTGRES_STOP_MS_MAX } from "../../src/platform/platform-limits.ts";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../src/platform/postgres/embedded-postgres.ts";
import { rootWays } from "../../src/platform/postgres/run-as.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ports = { clock: systemClock, timers: systemTimers, log: silentLog };
const isRoot = process.getuid?.() === 0;

let model: Awaited<ReturnType<typeof temporaryFolder>>;

before(async () => {
  model = await temporaryFolder();
  await (await startEmbeddedPostgres({ ...ports, dataDir: model.path, durability: "volatile" })).stop();
});

after(async () => {
  await model[Symbol.asyncDispose]();
});

/** A data directory with a cluster in it, copied: making one takes ten times as long. */
async function folderWithCluster(): Promise<Awaited<ReturnType<typeof temporaryFolder>>> {
  const folder = await temporaryFolder();
  await cp(join(model.path, "postgres"), join(folder.path, "postgres"), { recursive: true });
  return folder;
}

/** Stopped after the test, also after a failed one. */
async function start(t: TestContext, options: Partial<EmbeddedPostgresOptions> & { readonly dataDir: string }): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ ...ports, ...options });
  t.after(() => postgres.stop());
  return postgres;
}

function databaseOf(postgres: EmbeddedPostgres) {
  return openDatabase({ address: postgres.owner, timers: systemTimers, random: systemRandom, log: silentLog });
}

async function ask(postgres: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const database = databaseOf(postgres);
  try {
    return await database.query(sql);
  } finally {
    await database.close();
  }
}

function socketDirOf(postgres: EmbeddedPostgres): string {
  return decodeURIComponent(new URL(postgres.owner.url).hostname);
}

test("stopping ends every process, removes the socket's folder, and starting again finds the data", async (t) => {
  await using folder = await temporaryFolder();
  const first = await start(t, { dataDir: folder.path });
  await ask(first, "create table kept as select 7 as n");
  assert.ok(processesWith(folder.path).length > 0);
  await Promise.all([first.stop(), first.stop()]);
  assert.deepEqual(processesWith(folder.path), []);
  await assert.rejects(lstat(socketDirOf(first)), { code: "ENOENT" });
  const second = await start(t, { dataDir: folder.path });
  assert.deepEqual(await ask(second, "select n from kept"), [{ n: 7 }]);
  await second.stop();
});

test("the cluster is durable, checks its pages, listens on no network, and its socket is its owner's alone", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path });
  const names = ["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses", "server_encoding"];
  const rows = await ask(postgres, `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`);
  assert.deepEqual(rows, [
    { fsync: "on", synchronous_commit: "on", full_page_writes: "on", data_checksums: "on", listen_addresses: "", server_encoding: "UTF8" },
  ]);
  assert.deepEqual(await ask(postgres, "select datlocprovider, datlocale from pg_database where datname = current_database()"), [
    { datlocprovider: "b", datlocale: "C.UTF-8" },
  ]);
  assert.equal((await lstat(socketDirOf(postgres))).mode & 0o777, 0o700);
  assert.equal((await lstat(join(folder.path, "postgres"))).mode & 0o777, 0o700);
  await postgres.stop();
});

test("the database's own log quotes neither the statement nor the row of a refused insert", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path });
  await ask(postgres, "create table cards (csn bigint primary key)");
  await assert.rejects(ask(postgres, "insert into cards values (4711), (4711) /* statement */"));
  await postgres.stop();
  const text = await readFile(join(folder.path, "postgres.log"), "utf8");
  assert.match(text, /duplicate key/);
  assert.doesNotMatch(text, /4711|statement \*\//);
});

test("a cluster that a kill left half made is replaced", async (t) => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "postgres.making-1"));
  await writeFile(join(folder.path, "postgres.making-1", "PG_VERSION"), "18\n");
  const postgres = await start(t, { dataDir: folder.path, durability: "volatile" });
  assert.deepEqual((await readdir(folder.path)).sort(), ["postgres", "postgres.log"]);
  await postgres.stop();
});

test("a pid file that names an unrelated living process does not keep the database from starting", async (t) => {
  await using folder = await folderWithCluster();
  const first = await start(t, { dataDir: folder.path, durability: "volatile" });
  const pidFile = join(folder.path, "postgres", "postmaster.pid");
  const text = await readFile(pidFile, "utf8");
  await first.stop();
  await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)), { mode: 0o600 });
  const second = await start(t, { dataDir: folder.path, durability: "volatile" });
  assert.deepEqual(await ask(second, "select 1 as n"), [{ n: 1 }]);
  await second.stop();
});

test("a cluster of another version is refused and left alone", async (t) => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "postgres"), { mode: 0o700 });
  await writeFile(join(folder.path, "postgres", "PG_VERSION"), "17\n");
  await assert.rejects(start(t, { dataDir: folder.path }), (error) => error instanceof CodedError && error.code === "embedded_version");
  assert.deepEqual(await readdir(join(folder.path, "postgres")), ["PG_VERSION"]);
});

test("root without namespaces runs the same cluster as nobody, and with them again", { skip: !isRoot }, async (t) => {
  await using folder = await folderWithCluster();
  for (const runAs of [rootWays[0], rootWays[1], rootWays[0]]) {
    assert.ok(runAs);
    const postgres = await start(t, { dataDir: folder.path, durability: "volatile", runAs });
    await ask(postgres, "create table if not exists kept (n int); insert into kept values (1)");
    assert.equal((await lstat(join(folder.path, "postgres"))).uid, runAs.ownerId);
    if (runAs === rootWays[1]) assert.deepEqual(await ask(postgres, "select count(*) as n from kept"), [{ n: 2 }]);
    await postgres.stop();
  }
});

test("a killed postmaster is started again, what was answered is there, and the pool recovers by itself", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path });
  const database = databaseOf(postgres);
  await database.query("create table answered (n bigint primary key)");
  const killedPid = postgres.pid();
  assert.ok(killedPid);
  let answered = 0;
  const failure = await (async () => {
    for (;;) {
      if (answered === 50) process.kill(killedPid, "SIGKILL");
      await database.query("insert into answered values ($1)", [answered]);
      answered += 1;
    }
  })().catch((error: unknown) => error);
  assert.ok(failure instanceof CodedError && failure.class === "transient", String(failure));
  const rows = await eventually("recovered", () =>
    database.query<{ n: number }>("select n from answered order by n").catch(() => undefined),
  );
  const present = new Set(rows.map((row) => row.n));
  for (let n = 0; n < answered; n += 1) assert.ok(present.has(n), `${n} of ${answered} is missing`);
  assert.notEqual(postgres.pid(), killedPid);
  await database.close();
  await postgres.stop();
  assert.deepEqual(processesWith(folder.path), []);
});

test("a killed guard does not leave a database without one", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path, durability: "volatile" });
  const pid = postgres.pid();
  const guard = processesWith(folder.path).find((found) => found.command.startsWith("sh ") && found.parentPid === process.pid);
  assert.ok(guard);
  process.kill(guard.pid, "SIGKILL");
  await eventually("started again", () => postgres.pid() !== undefined && postgres.pid() !== pid);
  assert.deepEqual(await ask(postgres, "select 1 as n"), [{ n: 1 }]);
  await postgres.stop();
  await eventually("all ended", () => processesWith(folder.path).length === 0);
});

test("stopping while the database is being started again leaves nothing running", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path, durability: "volatile" });
  const pid = postgres.pid();
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
  await eventually("noticed", () => postgres.pid() === undefined);
  const startMs = performance.now();
  await postgres.stop();
  await eventually("all ended", () => processesWith(folder.path).length === 0);
  assert.ok(performance.now() - startMs < POSTGRES_STOP_MS_MAX, "it heard the first signals or those after them");
});

test("a database whose socket folder was tidied away is reachable again after its restart", async (t) => {
  await using folder = await folderWithCluster();
  const postgres = await start(t, { dataDir: folder.path, durability: "volatile" });
  const pid = postgres.pid();
  assert.ok(pid);
  await rm(socketDirOf(postgres), { recursive: true });
  process.kill(pid, "SIGKILL");
  await eventually("started again", () => postgres.pid() !== undefined && postgres.pid() !== pid);
  assert.deepEqual(await ask(postgres, "select 1 as n"), [{ n: 1 }]);
  await postgres.stop();
});
