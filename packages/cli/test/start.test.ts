import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MAIN = "packages/cli/src/main.ts";
const folder = mkdtempSync(join(tmpdir(), "postern-cli-"));
const env = { ...process.env, POSTERN_DATA_DIR: folder, POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" };
let server: { child: ChildProcess; printed: string };

async function start(): Promise<{ child: ChildProcess; printed: string }> {
  const child = spawn(process.execPath, [MAIN, "start"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const started = { child, printed: "" };
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      started.printed += chunk.toString();
      if (started.printed.includes("Ready.")) resolve();
    });
    child.on("exit", () => reject(new TypeError(`ended before it was ready: ${started.printed}`)));
  });
  return started;
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(server.child, "exit");
  server.child.kill(signal);
  const [code] = await ended;
  return typeof code === "number" ? code : null;
}

function postern(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { cwd: ROOT, env, encoding: "utf8", timeout: 40_000 });
  return { status, stdout, stderr };
}

/** A line of the greeting, run as it was printed. */
function paste(start: RegExp): string {
  const line = server.printed.split("\n").find((printed) => start.test(printed));
  assert.ok(line !== undefined, `a printed line like ${start.source}`);
  return spawnSync("sh", ["-c", line], { cwd: ROOT, env: process.env, encoding: "utf8", timeout: 40_000 }).stdout;
}

/** Processes whose command line names the data directory. */
function leftovers(): string[] {
  const commands = readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return [];
    }
  });
  return commands.filter((command) => command.includes(folder));
}

before(async () => {
  server = await start();
});
after(async () => {
  if (server.child.exitCode === null) await stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("the printed request enrols, and pasted again answers the same", () => {
  const first = JSON.parse(paste(/^curl .*\/auths/));
  assert.equal(first.code, 200);
  assert.equal(JSON.parse(paste(/^curl .*\/auths/)).data.authId, first.data.authId);
});

test("the printed card opens the door, another is refused with its reason, and no door is a failure", () => {
  assert.match(paste(/door present/), /is open/);
  assert.equal(postern("door", "present", "--door", "234", "--card", "12345", "--json").status, 0);
  const refused = postern("door", "present", "--door", "234", "--card", "999", "--json");
  assert.equal(refused.status, 3);
  assert.equal(JSON.parse(refused.stdout).reason, "unknown");
  const missing = postern("door", "present", "--door", "9", "--card", "12345");
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /door 9/);
});

test("the printed events request answers what happened", () => {
  const { code, total, data } = JSON.parse(paste(/^curl .*\/events/));
  assert.equal(code, 200);
  assert.equal(total, data.length);
  assert.ok(
    data.some((event: { eventType: string; userId?: string }) => event.eventType === "DEV_CARD_AUTH_SUCCESS" && event.userId === "1234567"),
  );
});

test("the story plays to its end", () => {
  const told = postern("demo", "--json");
  assert.equal(told.status, 0, told.stdout);
  assert.equal(told.stdout.trim().split("\n").length, 10);
});

test("only its owner may read the demo's key", () => {
  assert.equal(statSync(join(folder, "demo.json")).mode & 0o777, 0o600);
});

test("a second server on the same data directory says who holds it", () => {
  const second = postern("start");
  assert.equal(second.status, 1);
  assert.match(second.stderr, new RegExp(`held.*${server.child.pid}`));
});

test("a port that is taken is named with its variable", () => {
  const port = new URL(JSON.parse(readFileSync(join(folder, "demo.json"), "utf8")).baseUrl).port;
  const other = mkdtempSync(join(tmpdir(), "postern-cli-"));
  const taken = spawnSync(process.execPath, [MAIN, "start"], {
    cwd: ROOT,
    env: { ...env, POSTERN_DATA_DIR: other, POSTERN_HTTP_PORT: port },
    encoding: "utf8",
    timeout: 40_000,
  });
  rmSync(other, { recursive: true, force: true });
  assert.equal(taken.status, 1);
  assert.match(taken.stderr, /POSTERN_HTTP_PORT/);
});

test("a killed server leaves nothing running, and the next one has everything that was answered", async () => {
  await stop("SIGKILL");
  const endMs = performance.now() + 20_000;
  while (leftovers().length > 0) {
    assert.ok(performance.now() < endMs, leftovers().join("\n"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  server = await start();
  assert.equal(postern("door", "present", "--door", "234", "--card", "12345").status, 0);
  assert.match(paste(/^curl .*\/events/), /"userId":"1234567"/);
});

test("a server that is told to stop stops cleanly and leaves nothing running", async () => {
  assert.equal(await stop("SIGTERM"), 0);
  assert.match(server.printed, /Stopped\./);
  assert.deepEqual(leftovers(), []);
});
