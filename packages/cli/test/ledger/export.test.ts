import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, postern, type Running, runPostern, until, whenWritten } from "../support/postern-process.ts";
import { madeLedger, PLACE_ID } from "./made-ledger.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-ledger-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const verify = (...args: string[]): Promise<Ended> => postern(["ledger", "verify", ...args], {});

describe("the ledger of a running server, in a file", () => {
  let server: Running;
  const old = (): string => join(folder, "old");
  const fresh = (): string => join(folder, "fresh");
  const file = (name: string): string => join(folder, name);
  const start = async (dataDir: string): Promise<Running> => {
    const running = runPostern(["start"], { POSTERN_DATA_DIR: dataDir, POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" });
    await whenWritten(running, "Ready.");
    return running;
  };
  const stop = async (running: Running): Promise<void> => {
    running.process.kill("SIGTERM");
    await running.ended;
  };
  const done = async (dataDir: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await postern(args, { POSTERN_DATA_DIR: dataDir });
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  };
  const read = async (dataDir: string, ...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await done(dataDir, ...args, "--json")) as Record<string, unknown>;
  const present = async (dataDir: string, card: string): Promise<void> => {
    const { sequence } = await read(dataDir, "ledger", "head");
    // Let in or refused: it is recorded.
    await postern(["door", "present", "--door", "234", "--card", card], { POSTERN_DATA_DIR: dataDir });
    await until("it is in the ledger", async () => Number((await read(dataDir, "ledger", "head"))["sequence"]) > Number(sequence));
  };
  const keep = async (dataDir: string): Promise<void> => {
    const line = `${JSON.stringify(await read(dataDir, "ledger", "head"))}\n`;
    await writeFile(file("heads.ndjson"), line, { flag: "a" });
  };

  before(async () => {
    server = await start(old());
  });
  after(() => stop(server));

  test("it is whole, stays so when somebody is erased, and after a restore is held to what was signed before", {
    timeout: 240_000,
  }, async () => {
    const { publicKey } = await read(old(), "ledger", "key");
    const trusted = ["--key", String(publicKey), "--heads", file("heads.ndjson")];
    const person = await read(
      old(),
      ...["auth", "create", "--user-key", "goes", "--start-at", "now", "--end-at", "2037-12-31"],
      ...["--doors", "all", "--cards", "4001"],
    );
    await present(old(), "4001");
    await keep(old());
    const { eventCount, isWhole } = await read(old(), "ledger", "export", "--out", file("one.ndjson"));
    assert.ok(isWhole === true && Number(eventCount) > 2);
    assert.equal((await stat(file("one.ndjson"))).mode & 0o077, 0);
    const whole = await verify(file("one.ndjson"), ...trusted);
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, /^WHOLE {2}place 178: .*\nHeads that you keep: 1, in agreement: 1\.\nSigned by the key that you gave/);

    await done(old(), "person", "erase", String(person["userId"]), "--yes");
    await done(old(), "ledger", "export", "--out", file("erased.ndjson"));
    assert.equal((await verify(file("erased.ndjson"), ...trusted)).code, 0);
    const [before_, after_] = await Promise.all(
      [file("one.ndjson"), file("erased.ndjson")].map(async (path) =>
        (await readFile(path, "utf8")).split("\n").filter((line) => line.startsWith('{"hash"')),
      ),
    );
    assert.deepEqual(after_?.slice(0, before_?.length), before_);
    assert.ok(!(await readFile(file("erased.ndjson"), "utf8")).includes("goes"));

    const changed = (await readFile(file("one.ndjson"), "utf8")).replace('"doorId":234', '"doorId":235');
    await writeFile(file("changed.ndjson"), changed);
    const refused = await verify(file("changed.ndjson"), "--json");
    assert.equal(refused.code, 1);
    const { whole: isSo, line, what } = JSON.parse(refused.stdout) as Record<string, unknown>;
    assert.deepEqual([isSo, line], [false, changed.split("\n").findIndex((each) => each.includes('"doorId":235')) + 1]);
    assert.match(String(what), /does not follow/);

    await done(old(), "backup", "--out", file("all.tar"));
    await present(old(), "999");
    await stop(server);
    await done(fresh(), "restore", file("all.tar"), "--server-key", join(old(), "server.key"));
    await mkdir(join(fresh(), "controllers"), { recursive: true });
    for (const name of ["erasures.jsonl", "controllers"]) await cp(join(old(), name), join(fresh(), name), { recursive: true });
    server = await start(fresh());
    await present(fresh(), "998");
    await done(fresh(), "ledger", "export", "--out", file("restored.ndjson"));
    const restored = await verify(file("restored.ndjson"), ...trusted);
    assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  });
});

test("an export that is killed leaves no file of its name, and what it leaves is not whole", async () => {
  const ledger = madeLedger({ count: 2_500, headEvery: 10_000 });
  const events = ledger.lines.filter((line) => line.startsWith('{"hash"')).map((line) => line.slice(83, -1));
  const { publicKey, keyId } = ledger.signer;
  const answers: Readonly<Record<string, unknown>> = {
    "/v2/ledger/key": { keyId, algorithm: "Ed25519", publicKey, pem: "" },
    [`/v2/places/${PLACE_ID}/ledger`]: ledger.headAt(2_500),
    [`/v2/places/${PLACE_ID}/ledger/kept`]: { items: [] },
  };
  const stuck = Promise.withResolvers<void>();
  await using stack = new AsyncDisposableStack();
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://local");
    const from = Number(searchParams.get("after"));
    if (pathname.endsWith("/lines") && from > 0) return stuck.resolve();
    const answer = pathname.endsWith("/lines") ? { lines: events.slice(from, from + 1_000), next: from + 1_000 } : answers[pathname];
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  stack.defer(() => http.closeAllConnections());
  stack.defer(() => void http.close());
  await new Promise((resolve) => http.once("listening", resolve));
  const out = join(folder, "killed.ndjson");
  const { port } = http.address() as AddressInfo;
  const running = runPostern(
    ["ledger", "export", "--server", `http://127.0.0.1:${port}`, "--key", "k", "--place", String(PLACE_ID), "--out", out],
    {},
  );
  await stuck.promise;
  running.process.kill("SIGKILL");
  await running.ended;
  await assert.rejects(stat(out), { code: "ENOENT" });
  const left = await verify(`${out}.part`);
  assert.equal(left.code, 1);
  assert.match(left.stdout, /^WRONG {2}Line 1002, at the sequence 1001, is missing: the file was cut, or its making was/);
});
