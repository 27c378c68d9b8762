import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readlink } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = "packages/cli/src/main.ts";
const COMMAND_MS_MAX = 30_000;
const LOOK_MS = 50;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of this test, and what it has written so far. */
export interface Running {
  readonly process: ChildProcess;
  stdout(): string;
  /** Resolves with the end; the output is whole by then. */
  readonly ended: Promise<Ended>;
}

/** What the test inherits says nothing about a server: neither this machine's settings nor that npm is the parent. */
function cleanEnvironment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(POSTERN_|npm_|NODE_TEST_|NODE_OPTIONS$|DATABASE_URL$)/.test(name));
  return { ...Object.fromEntries(kept), ...settings };
}

function run(command: string, args: readonly string[], settings: Readonly<Record<string, string>>): Running {
  const child = spawn(command, args, { cwd: ROOT, env: cleanEnvironment(settings), stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
  });
  const ended = once(child, "close").then(() => ({ code: child.exitCode, ...written }));
  return { process: child, stdout: () => written.stdout, ended };
}

/** `postern …`, with the interpreter of this test. */
export function runPostern(args: readonly string[], settings: Readonly<Record<string, string>>): Running {
  return run(process.execPath, [MAIN, ...args], settings);
}

/** `postern …` as npm runs it: by a process that may be killed without it. Ends when that one and its output have ended. */
export function runUnderNpm(args: readonly string[], settings: Readonly<Record<string, string>>): Running {
  const parent = `require("node:child_process").spawn(process.execPath, process.argv.slice(1), { stdio: "inherit" })`;
  return run(process.execPath, ["-e", parent, MAIN, ...args], { ...settings, npm_lifecycle_event: "start" });
}

/** `postern …` to its end; one that takes too long is killed, and then has no exit code. */
export function postern(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Ended> {
  return endOf(runPostern(args, settings));
}

/** A line as somebody pastes it into a shell that stands in the repository. */
export function pasted(line: string): Promise<Ended> {
  return endOf(runPasted(line));
}

export function runPasted(line: string): Running {
  return run("sh", ["-c", line], {});
}

async function endOf(running: Running): Promise<Ended> {
  const limit = setTimeout(() => running.process.kill("SIGKILL"), COMMAND_MS_MAX);
  try {
    return await running.ended;
  } finally {
    clearTimeout(limit);
  }
}

/** Waits until the output holds this text; fails with what was written when the process ends first, or takes too long. */
export async function whenWritten(running: Running, text: string): Promise<void> {
  await until(`"${text}" on stdout`, () => {
    assert.equal(running.process.exitCode, null, `It ended before "${text}":\n${running.stdout()}`);
    return running.stdout().includes(text);
  });
}

/** Looks again and again until this is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, msMax = COMMAND_MS_MAX): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!(await isSo())) {
    assert.ok(performance.now() < endMs, `Not within ${msMax} ms: ${what}`);
    await wait(LOOK_MS);
  }
}

/** The ids of all processes that name the folder in their command line, or (where the system tells) work inside it, as PostgreSQL's own do. */
export async function processesOn(folder: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "pid=,args="], { maxBuffer: 16 * 1_048_576 });
  const rows = stdout.split("\n").flatMap((row) => {
    const [, pid, args = ""] = /^\s*(\d+)\s+(.*)$/.exec(row) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), args }];
  });
  const found = await Promise.all(
    rows.map(async ({ pid, args }) => {
      const place = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      return args.includes(folder) || place.startsWith(folder) ? [pid] : [];
    }),
  );
  return found.flat();
}
