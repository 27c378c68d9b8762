import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, postern, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

interface Demo {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly placeId: number;
}

describe("a backup of a running server, brought back elsewhere", () => {
  let folder: string;
  let server: Running;
  const old = (): string => join(folder, "old");
  const fresh = (): string => join(folder, "fresh");
  const start = async (dataDir: string): Promise<Running> => {
    const running = runPostern(["start"], { POSTERN_DATA_DIR: dataDir, POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" });
    await whenWritten(running, "Ready.");
    return running;
  };
  const stop = async (running: Running, signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    running.process.kill(signal);
    await running.ended;
  };
  const command = (dataDir: string, ...args: string[]): Promise<Ended> => postern(args, { POSTERN_DATA_DIR: dataDir });
  const done = async (dataDir: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(dataDir, ...args);
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  };
  const made = async (dataDir: string, ...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await done(dataDir, ...args, "--json")) as Record<string, unknown>;
  const enrol = (dataDir: string, key: string, card: string): Promise<Record<string, unknown>> =>
    made(dataDir, "auth", "create", "--user-key", key, "--start-at", "now", "--end-at", "2037-12-31", "--doors", "all", "--cards", card);
  const demoOf = async (dataDir: string): Promise<Demo> => JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8")) as Demo;
  const events = async (dataDir: string): Promise<string> => done(dataDir, "events", "--limit", "100");

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-brought-back-"));
    server = await start(old());
  });
  after(async () => {
    await stop(server);
    await rm(folder, { recursive: true, force: true });
  });

  test("people and events come back, doors bring what happened since, and nobody who was erased or revoked returns", {
    timeout: 300_000,
  }, async () => {
    await enrol(old(), "stays", "4001");
    const goes = await enrol(old(), "goes", "4002");
    const key = await made(old(), "key", "create", "--name", "lost laptop", "--scopes", "people");
    await done(old(), "door", "present", "--door", "234", "--card", "4001");
    const file = join(folder, "all.tar");
    const told = await done(old(), "backup", "--out", file);
    assert.match(told, /rows of \d+ tables.*\nserver\.key is not in it/);

    // What a backup does not know.
    await done(old(), "door", "present", "--door", "235", "--card", "4001");
    await enrol(old(), "late", "4003");
    await done(old(), "person", "erase", String(goes["userId"]), "--yes");
    await done(old(), "key", "revoke", String(key["keyId"]), "--yes");
    await until("the doors' events are in the ledger", async () => (await events(old())).includes("Office"));
    await stop(server);

    const restored = await done(fresh(), "restore", file, "--server-key", join(old(), "server.key"));
    assert.match(restored, /There is no erasures\.jsonl/);
    await mkdir(join(fresh(), "controllers"), { recursive: true });
    for (const name of ["erasures.jsonl", "revoked-keys.jsonl", "controllers"])
      await cp(join(old(), name), join(fresh(), name), { recursive: true });
    server = await start(fresh());
    const people = await done(fresh(), "auth", "list");
    assert.match(people, /stays/);
    assert.doesNotMatch(people, /goes|late/);
    const { baseUrl } = await demoOf(fresh());
    const asked = await fetch(`${baseUrl}/v2/people`, { headers: { authorization: `Bearer ${String(key["key"])}` } });
    assert.equal(asked.status, 401);
    // The controller was ahead of the database that it met.
    await until("the doors hold what they should", async () => /1 of 1 controllers have it/.test(await done(fresh(), "sync", "status")));
    await until("the doors' event since the backup is back", async () => (await events(fresh())).includes("Office"));
    assert.match((await events(fresh())).replaceAll(/\n/g, " "), /Entrance.*Office/);
    assert.equal((await command(fresh(), "door", "present", "--door", "234", "--card", "4003")).code, 3);
    await done(fresh(), "door", "present", "--door", "234", "--card", "4001");
  });

  test("a backup that is killed leaves no file that looks like one, and a data directory in use is not restored over", async () => {
    const file = join(folder, "killed.tar");
    const backup = runPostern(["backup", "--out", file], { POSTERN_DATA_DIR: fresh() });
    await until("it began", async () => (await readdir(folder)).includes("killed.tar.partial") || backup.process.exitCode !== null);
    await stop(backup, "SIGKILL");
    const { size } = await stat(file).catch(() => ({ size: 0 }));
    // It may have been quicker than we were; then it is whole.
    if (size === 0) {
      assert.equal((await command(join(folder, "never"), "restore", `${file}.partial`)).code, 1);
      await done(fresh(), "backup", "--out", file);
    }
    const over = await command(fresh(), "restore", file);
    assert.deepEqual([over.code, /in use|has a database/.test(over.stderr)], [1, true], over.stderr);
    const other = await command(join(folder, "other"), "restore", file);
    assert.deepEqual([other.code, /--without-server-key/.test(other.stderr)], [1, true], other.stderr);
  });

  test("a stopped server is backed up too, with its key where that was asked for", async () => {
    await stop(server);
    const file = join(folder, "stopped.tar");
    assert.match(await done(fresh(), "backup", "--out", file, "--with-server-key"), /whoever has this file has everything/);
    const restoring = runPostern(["restore", file, "--json"], { POSTERN_DATA_DIR: join(folder, "third") });
    await until("it began", async () => (await readdir(join(folder, "third")).catch((): string[] => [])).includes("restoring"));
    await stop(restoring, "SIGKILL");
    assert.ok(!(await readdir(join(folder, "third"))).includes("postgres"), "a killed restore leaves nothing to start on");
    const { hasServerKey } = await made(join(folder, "third"), "restore", file);
    assert.equal(hasServerKey, true);
    server = await start(join(folder, "third"));
    assert.match(await done(join(folder, "third"), "auth", "list"), /stays/);
  });
});
