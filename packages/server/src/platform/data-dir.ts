import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@postern/core";
import { platformError } from "./platform-errors.ts";

/** SQLite holds the lock of this file by the operating system's means, which release it when the process ends, however it ends. */
const LOCK_FILE = "server.lock";
/** Only for the error message of a second server; the lock decides. */
const HOLDER_FILE = "server.pid";

export interface HeldDataDir {
  /** Absolute. */
  readonly path: string;
  /** Lets another server have it. Idempotent. */
  release(): Promise<void>;
}

/**
 * Makes the data directory if missing, with access for its owner only, and holds it against other servers until released or until this
 * process ends. Fails with `data_dir_unusable`, or `data_dir_held`, which names the holder.
 */
export async function holdDataDir(directory: string, clock: Clock): Promise<HeldDataDir> {
  const path = resolve(directory);
  await ensurePrivate(path);
  const lock = await takeLock(path);
  const holder = `${process.pid} on ${hostname()} since ${new Date(clock.nowMs()).toISOString()}\n`;
  await writeFile(join(path, HOLDER_FILE), holder, { mode: 0o600 });
  const release = async (): Promise<void> => {
    if (!lock.isOpen) return;
    await rm(join(path, HOLDER_FILE), { force: true });
    lock.close();
  };
  return { path, release };
}

async function ensurePrivate(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw platformError("data_dir_unusable", { detail: `Cannot make the folder ${path}.`, cause });
  });
  const found = await stat(path);
  const userId = process.getuid?.() ?? found.uid;
  if (found.uid !== userId) {
    throw platformError("data_dir_unusable", {
      detail: `${path} belongs to the user with id ${found.uid}, and this one is ${userId}: run the server as that user.`,
    });
  }
  if (process.platform === "win32" || (found.mode & 0o077) === 0) return;
  const entries = await readdir(path);
  // A folder of something else, named by mistake, keeps its mode.
  if (entries.length > 0 && !entries.includes(LOCK_FILE)) {
    throw platformError("data_dir_unusable", {
      detail: `${path} holds something else and is open to others; name an empty folder, or run: chmod 700 '${path}'.`,
    });
  }
  await chmod(path, 0o700);
}

async function takeLock(path: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 });
    lock.exec("begin exclusive");
    return lock;
  } catch (cause) {
    lock?.close();
    if (!isBusy(cause)) throw platformError("data_dir_unusable", { detail: `Cannot lock ${path}.`, cause });
    const holder = await readFile(join(path, HOLDER_FILE), "utf8").catch(() => "");
    const who = holder === "" ? "Its process is not known." : `Its process is ${holder.trim()}.`;
    throw platformError("data_dir_held", { detail: `${path} is held. ${who}`, cause });
  }
}

/** SQLITE_BUSY in the first byte of SQLite's result code. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === 5;
}
