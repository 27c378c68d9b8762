import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CodedError, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type Database, openDatabase } from "../../src/platform/database.ts";
import { openNotifications } from "../../src/platform/notifications.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/platform/postgres/embedded-postgres.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What design §12 promises: every request fails within this while the database is away. */
const REQUEST_MS_MAX = 5_000;

async function start(t: TestContext, dataDir: string): Promise<{ postgres: EmbeddedPostgres; database: Database }> {
  const postgres = await startEmbeddedPostgres({
    dataDir,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    durability: "volatile",
  });
  const database = openDatabase({
    address: postgres.owner,
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    connectionCount: 4,
  });
  t.after(async () => {
    signalAll(dataDir, "SIGCONT");
    await database.close();
    await postgres.stop();
  });
  return { postgres, database };
}

/** To the postmaster and its backends; those show the cluster's name and work in its folder. */
function signalAll(dataDir: string, signal: NodeJS.Signals): void {
  const postmasters = processesWith(dataDir).filter(
    (found) => found.command.includes("/bin/postgres -D") && !found.command.startsWith("sh "),
  );
  const backends = processesWith("postgres: postern: ").filter((found) =>
    postmasters.some((postmaster) => postmaster.pid === found.parentPid),
  );
  for (const found of [...postmasters, ...backends]) process.kill(found.pid, signal);
}

async function failsInTime(request: Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  const failure = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(performance.now() - startMs < REQUEST_MS_MAX);
  assert.ok(failure instanceof CodedError, `answered, or ${String(failure)}`);
  assert.equal(failure.class, "transient");
}

test("with a database that does not answer every pending request fails in time, and work goes on when it answers again", async (t) => {
  await using folder = await temporaryFolder();
  const { database } = await start(t, folder.path);
  const pidOfOne = "select pg_backend_pid() as pid, pg_sleep(0.1)";
  const silent = await Promise.all([database.query<{ pid: number }>(pidOfOne), database.query<{ pid: number }>(pidOfOne)]); // two connections, two to be made
  signalAll(folder.path, "SIGSTOP");
  const requests = [...Array.from({ length: 8 }, () => database.query("select 1")), database.transaction((tx) => tx.query("select 1"))];
  await Promise.all(requests.map(failsInTime));
  signalAll(folder.path, "SIGCONT");
  await eventually("answers", () => database.query("select 1").catch(() => undefined));
  // A connection that once fell silent could do so again, and its late answers belong to nobody.
  const [now] = await database.query<{ pid: number }>(pidOfOne);
  assert.ok(!silent.flat().some((row) => row.pid === now?.pid));
});

test("closing does not wait for a database that does not answer", async (t) => {
  await using folder = await temporaryFolder();
  const { database } = await start(t, folder.path);
  await Promise.all([database.query("select pg_sleep(0.1)"), database.query("select 1")]); // one connection stays idle, one gets stuck
  signalAll(folder.path, "SIGSTOP");
  const startMs = performance.now();
  await Promise.all([failsInTime(database.query("select 1")), database.close()]);
  assert.ok(performance.now() - startMs < REQUEST_MS_MAX);
});

test("with a database that is gone every request fails in time, and those after its return are answered", async (t) => {
  await using folder = await temporaryFolder();
  const { postgres, database } = await start(t, folder.path);
  await database.query("select 1");
  await postgres.stop();
  await Promise.all(Array.from({ length: 8 }, () => failsInTime(database.query("select 1"))));
  const again = await startEmbeddedPostgres({
    dataDir: folder.path,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    durability: "volatile",
  });
  t.after(() => again.stop());
  assert.deepEqual(await database.query("select 1 as n"), [{ n: 1 }]);
});

test("a listener notices a silent database, gives up its lock and returns by itself", async (t) => {
  await using folder = await temporaryFolder();
  const { postgres } = await start(t, folder.path);
  const notifications = openNotifications({ address: postgres.owner, timers: systemTimers, log: silentLog });
  t.after(() => notifications.close());
  const held = await notifications.holdAdvisoryLock(7);
  assert.ok(held);
  signalAll(folder.path, "SIGSTOP");
  await eventually("lost", () => held.lost.aborted, 15_000);
  signalAll(folder.path, "SIGCONT");
  await eventually("held again", async () => (await notifications.holdAdvisoryLock(7).catch(() => null)) !== null, 15_000);
});
