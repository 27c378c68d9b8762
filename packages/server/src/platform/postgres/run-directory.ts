import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, realpath, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@postern/core";
import { platformError } from "../platform-errors.ts";

/** `sockaddr_un.sun_path` without its final zero: 107 bytes on Linux, 103 on macOS and the BSDs. */
const SOCKET_PATH_BYTES_MAX = process.platform === "linux" ? 107 : 103;
const SOCKET_NAME = ".s.PGSQL.5432";

/** Long enough for any server between making its folder and the socket in it. */
const ABANDONED_MS_MIN = 3_600_000;

/**
 * The private folder of the database's socket, made if missing. It is not in the data directory, whose path may be too long for a socket.
 * PostgreSQL trusts whoever reaches the socket, so a folder that anybody else could have made or may enter is refused.
 */
export async function ensureRunDirectory(dataDir: string, parents: readonly string[] = [tmpdir(), "/tmp"]): Promise<string> {
  const userId = process.getuid?.() ?? 0;
  const digest = createHash("sha256").update(await realpath(dataDir));
  const name = `${prefixOf(userId)}${digest.digest("hex").slice(0, 16)}`;
  const directory = parents
    .map((parent) => join(parent, name))
    .find((path) => Buffer.byteLength(join(path, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX);
  if (directory === undefined)
    throw platformError("embedded_unavailable", {
      detail: "The path of the folder for temporary files is too long for a socket (TMPDIR).",
    });
  await mkdir(directory, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw platformError("embedded_unavailable", { detail: `Cannot make ${directory}.`, cause });
  });
  const found = await lstat(directory);
  const isPrivate = found.isDirectory() && found.uid === userId && (found.mode & 0o077) === 0;
  if (!isPrivate) throw platformError("embedded_unavailable", { detail: `${directory} is not a private folder of this user; remove it.` });
  return directory;
}

/** Removes the folders of servers that were killed and never started again: without them, each such data directory would leave one for ever. */
export async function removeAbandonedRunDirectories(clock: Clock, parent: string = tmpdir()): Promise<void> {
  const prefix = prefixOf(process.getuid?.() ?? 0);
  for (const name of (await readdir(parent)).filter((entry) => entry.startsWith(prefix))) {
    const path = join(parent, name);
    const found = await lstat(path).catch(() => undefined);
    // Of a folder in use the removal fails, since it is not empty.
    if (found !== undefined && clock.nowMs() - found.mtimeMs > ABANDONED_MS_MIN) await rmdir(path).catch(() => undefined);
  }
}

function prefixOf(userId: number): string {
  return `postern-${userId}-`;
}
