import { execFile } from "node:child_process";
import { readFile, readlink, realpath, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type Clock, type Log, pause, type Timers } from "@postern/core";
import { platformError } from "../platform-errors.ts";
import { POSTGRES_POLL_MS, POSTGRES_STOP_MS_MAX } from "../platform-limits.ts";
import { postmasterFilePath, readPostmasterFile } from "./postmaster-file.ts";

const runFile = promisify(execFile);

/** Above the largest process id of Linux (2^22) and macOS. */
const PID_OF_NOBODY = 4_194_999;

export interface LeftoverOptions {
  readonly clusterDir: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Stops the database that a former server left running on this cluster, if there is one. The caller holds the data directory's lock, so
 * nobody else uses it. Fails with `embedded_leftover` when it does not stop.
 */
export async function stopLeftover(options: LeftoverOptions): Promise<void> {
  const file = await readPostmasterFile(options.clusterDir);
  if (file === undefined || !isAlive(file.pid)) return;
  if (!(await isPostmasterOf(file.pid, options.clusterDir))) {
    await disownPid(options.clusterDir, file.pid);
    return;
  }
  options.log.warn("postgres.leftover_stopping", { pid: file.pid });
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    signalIfAlive(file.pid, signal);
    if (await isGoneWithin(file.pid, POSTGRES_STOP_MS_MAX, options)) return;
  }
  throw platformError("embedded_leftover", { detail: `Its process is ${file.pid}.` });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, signal);
}

async function isGoneWithin(pid: number, msMax: number, options: LeftoverOptions): Promise<boolean> {
  const endMs = options.clock.monotonicMs() + msMax;
  while (options.clock.monotonicMs() < endMs) {
    if (!isAlive(pid) || !(await isPostmasterOf(pid, options.clusterDir))) return true;
    await pause(options.timers, "leftover database stops", POSTGRES_POLL_MS);
  }
  return false;
}

/** A process id outlives its process and is given out again, so the number alone proves nothing. A postmaster works in its data directory. */
async function isPostmasterOf(pid: number, clusterDir: string): Promise<boolean> {
  if (process.platform === "linux") {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    const workDir = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    return name.trim() === "postgres" && workDir === (await realpath(clusterDir));
  }
  const listed = await runFile("ps", ["-p", String(pid), "-o", "command="]).catch(() => undefined);
  return listed?.stdout.includes("postgres") === true && listed.stdout.includes(clusterDir);
}

/**
 * The pid in the file is now somebody else's, for whose sake PostgreSQL would refuse to start for ever. The file stays, because it also
 * names the shared memory by which a new postmaster notices backends of the old one; only its pid is replaced by one that cannot exist.
 */
async function disownPid(clusterDir: string, pid: number): Promise<void> {
  const path = postmasterFilePath(clusterDir);
  const text = await readFile(path, "utf8");
  if (text.startsWith(`${pid}\n`)) await writeFile(path, text.replace(/^\d+/, String(PID_OF_NOBODY)));
}
