import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, postern, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

interface Demo {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly placeId: number;
}

const HEAD = "userKey;name;startAt;endAt;doors;cards";

describe("importing people from the command line", () => {
  let folder: string;
  let server: Running;
  const settings = (): Record<string, string> => ({ POSTERN_DATA_DIR: join(folder, "data") });
  const start = async (): Promise<Running> => {
    const running = runPostern(["start"], { ...settings(), POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" });
    await whenWritten(running, "Ready.");
    return running;
  };
  const imported = (...args: string[]): Promise<Ended> => postern(["import", ...args], settings());
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postern-import-"));
    server = await start();
  });
  after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  });

  test("rows are carried out, and the same file again finds them as they were", async () => {
    const path = await file(
      "members.csv",
      `${HEAD}\nlena;Lena;2026-12-01;2027-12-01;all;880001\nomar;Omar;2026-12-01;2027-12-01;234;880002\n`,
    );
    const rehearsal = await imported(path, "--dry-run");
    assert.deepEqual([rehearsal.code, rehearsal.stderr], [0, ""]);
    assert.match(
      rehearsal.stdout,
      /row 1 +would be created\nrow 2 +would be created\nNothing was changed; of 2 rows there would be 2 created/,
    );
    assert.match((await imported(path)).stdout, /of 2 rows: 2 created, 0 changed, 0 as they were, 0 failed\.\n$/);
    assert.match((await imported(path)).stdout, /0 created, 0 changed, 2 as they were, 0 failed\.\n$/);
    assert.match((await postern(["auth", "list"], settings())).stdout, /Lena/);
    assert.ok(!existsSync(join(folder, "members.failed.csv")));
  });

  test("rows that fail are written beside, to be mended there, and the exit code says so", async () => {
    const path = await file("team.csv", `${HEAD}\nzoe;Zoe;2026-12-01;2027-12-01;all;880003\nmax;Max;2026-12-01;2027-12-01;9999;880004\n`);
    const first = await imported(path);
    assert.equal(first.code, 3, first.stderr);
    assert.match(first.stdout, /row 2 +failed +doors\[0\] is no door of this place\n/);
    const failures = join(folder, "team.failed.csv");
    const text = await readFile(failures, "utf8");
    assert.equal(text, `${HEAD};problem\nmax;Max;2026-12-01;2027-12-01;9999;880004;doors[0] is no door of this place\n`);
    assert.equal((await stat(failures)).mode & 0o077, 0);
    await writeFile(failures, text.replace("9999", "234"));
    const mended = await imported(failures, "--json");
    assert.equal(mended.code, 0, mended.stderr);
    assert.equal((JSON.parse(mended.stdout) as { createdCount: number }).createdCount, 1);
  });

  test("rows of NDJSON that fail are written beside as they came", async () => {
    const row = { userKey: "ndj", startAt: 1, endAt: 2_000_000_000_000, doors: [9999] };
    const path = await file("rows.ndjson", `${JSON.stringify(row)}\n{broken\n`);
    assert.equal((await imported(path)).code, 3);
    const [first, second] = (await readFile(join(folder, "rows.failed.ndjson"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(first, { ...row, problem: "doors[0] is no door of this place" });
    assert.deepEqual(second, { line: "{broken", problem: "must be a JSON object on one line" });
  });

  test("a file that is not there, or of no form that is known, is said, with exit code 1", async () => {
    assert.match((await imported(join(folder, "none.csv"))).stderr, /none\.csv cannot be read: there is no such file/);
    const { code, stderr } = await imported(await file("members.xlsx", "x"));
    assert.deepEqual([code, /its name must end with \.csv/.test(stderr)], [1, true]);
  });

  test("an import goes on where it was when the server is killed in the middle of it, and no row is done twice", async () => {
    const count = 20_000;
    const rows = Array.from({ length: count }, (_, index) => `bulk-${index};B;2026-12-01;2027-12-01;all;${5_000_000 + index}`);
    const path = await file("many.csv", [HEAD, ...rows].join("\n"));
    const running = runPostern(["import", path, "--json"], settings());
    const { baseUrl, apiKey, placeId } = JSON.parse(await readFile(join(folder, "data", "demo.json"), "utf8")) as Demo;
    const lookUp = async (): Promise<number> => {
      const answer = await fetch(`${baseUrl}/v2/places/${placeId}/imports?limit=200`, { headers: { authorization: `Bearer ${apiKey}` } });
      return ((await answer.json()) as { items: { rowCount: number }[] }).items.at(-1)?.rowCount ?? 0;
    };
    await until("some rows are done", async () => (await lookUp()) > 2_000);
    server.process.kill("SIGKILL");
    await server.ended;
    server = runPostern(["start"], { ...settings(), POSTERN_HTTP_PORT: new URL(baseUrl).port, POSTERN_MQTT_PORT: "0" });
    await whenWritten(server, "Ready.");
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, `${stdout}${stderr}`);
    const done = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { rowCount: number; createdCount: number; failedCount: number };
    assert.deepEqual([done.rowCount, done.createdCount, done.failedCount], [count, count, 0]);
    assert.match(stderr, /Trying again/);
  });
});
