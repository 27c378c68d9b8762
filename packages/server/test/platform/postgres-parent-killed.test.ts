import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, readdir } from "node:fs/promises";
import { createInterface, type Interface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { silentLog, systemClock, systemTimers } from "@postern/core";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../../src/platform/postgres/embedded-postgres.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("../support/run-embedded.ts", import.meta.url));
const ports = { clock: systemClock, timers: systemTimers, log: silentLog };

interface Parent {
  readonly process: ChildProcess;
  readonly lines: Interface;
}

function startParent(t: TestContext, dataDir: string, userId?: number): Parent {
  const user = userId === undefined ? {} : { uid: userId, gid: userId };
  const parent = spawn(process.execPath, [SCRIPT, dataDir], { ...user, detached: true, stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => void parent.kill("SIGKILL"));
  return { process: parent, lines: createInterface(parent.stdout) };
}

async function ready(parent: Parent): Promise<{ ownerUrl: string; pid: number }> {
  const [line] = await once(parent.lines, "line");
  return JSON.parse(String(line)) as { ownerUrl: string; pid: number };
}

async function kill(parent: Parent): Promise<void> {
  parent.process.kill("SIGKILL");
  await once(parent.process, "exit");
}

/** The ids of the postmasters of a data directory. A dead one that nobody has waited for still has an id, but does not run. */
function postmasters(dataDir: string): readonly number[] {
  const found = processesWith(dataDir).filter(
    (running) => /\/bin\/postgres -D/.test(running.command) && !running.command.startsWith("sh "),
  );
  return found.map((running) => running.pid);
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test("nothing is left running after the parent was killed, and the data is there at the next start", async (t) => {
  await using folder = await temporaryFolder();
  const parent = startParent(t, folder.path);
  const { ownerUrl } = await ready(parent);
  await ask(ownerUrl, "create table kept as select 7 as n");
  await kill(parent);
  await eventually("all ended", () => processesWith(folder.path).length === 0);
  const postgres = await startEmbeddedPostgres({ ...ports, dataDir: folder.path });
  t.after(() => postgres.stop());
  assert.deepEqual(await ask(postgres.owner.url, "select n from kept"), [{ n: 7 }]);
  await postgres.stop();
});

test("a database left behind by a killed parent and a killed guard is stopped by the next start, which keeps its data", async (t) => {
  await using folder = await temporaryFolder();
  const parent = startParent(t, folder.path);
  const { ownerUrl, pid } = await ready(parent);
  await ask(ownerUrl, "create table kept as select 7 as n");
  const guards = processesWith(folder.path).filter((found) => found.command.startsWith("sh "));
  assert.ok(guards.length >= 2, "the guard and its watcher");
  parent.process.kill("SIGSTOP"); // or it could see its guard's end and start the database again
  for (const guard of guards) process.kill(guard.pid, "SIGKILL");
  await kill(parent);
  assert.deepEqual(postmasters(folder.path), [pid], "the database lives on alone");
  const startMs = performance.now();
  const postgres = await startEmbeddedPostgres({ ...ports, dataDir: folder.path });
  t.after(() => postgres.stop());
  const tookMs = performance.now() - startMs;
  assert.deepEqual(postmasters(folder.path), [postgres.pid()]);
  assert.deepEqual(await ask(postgres.owner.url, "select n from kept"), [{ n: 7 }]);
  await postgres.stop();
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
});

test("a parent killed while it makes the cluster leaves nothing running and nothing that the next start stumbles over", async (t) => {
  await using folder = await temporaryFolder();
  const parent = startParent(t, folder.path);
  await eventually("being made", async () => (await readdir(folder.path)).some((name) => name.includes("making")));
  await kill(parent);
  await eventually("all ended", () => processesWith(folder.path).length === 0);
  const postgres = await startEmbeddedPostgres({ ...ports, dataDir: folder.path });
  t.after(() => postgres.stop());
  assert.deepEqual(
    (await readdir(folder.path)).filter((name) => name.includes("making")),
    [],
  );
  await postgres.stop();
});

test("the terminal's Ctrl-C reaches the server but not its database, which is still there to drain into", async (t) => {
  await using folder = await temporaryFolder();
  const parent = startParent(t, folder.path);
  await ready(parent);
  assert.ok(parent.process.pid);
  process.kill(-parent.process.pid, "SIGINT");
  const [line] = await once(parent.lines, "line");
  assert.equal(line, "drained");
  await once(parent.process, "exit");
  await eventually("all ended", () => processesWith(folder.path).length === 0);
});

const NOBODY = 65_534;

test("a user other than root runs it directly", { skip: process.getuid?.() !== 0 }, async (t) => {
  await using folder = await temporaryFolder();
  await chown(folder.path, NOBODY, NOBODY);
  await chmod(folder.path, 0o700);
  const parent = startParent(t, folder.path, NOBODY);
  const { ownerUrl } = await ready(parent);
  assert.deepEqual(await ask(ownerUrl, "select 1 as n"), [{ n: 1 }]);
  await kill(parent);
  await eventually("all ended", () => processesWith(folder.path).length === 0);
});
