import { createHash } from "node:crypto";
import { lstat, mkdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platformError } from "../platform-errors.ts";

/** `sockaddr_un.sun_path` without its final zero: 107 bytes on Linux, 103 on macOS and the BSDs. */
const SOCKET_PATH_BYTES_MAX = process.platform === "linux" ? 107 : 103;
const SOCKET_NAME = ".s.PGSQL.5432";

/**
 * The private folder of the database's socket, made if missing. It is not in the data directory, whose path may be too long for a socket.
 * PostgreSQL trusts whoever reaches the socket, so a folder that anybody else could have made or may enter is refused.
 */
export async function ensureRunDirectory(dataDir: string, parents: readonly string[] = [tmpdir(), "/tmp"]): Promise<string> {
  const userId = process.getuid?.() ?? 0;
  const name = `postern-${userId}-${createHash("sha256")
    .update(await realpath(dataDir))
    .digest("hex")
    .slice(0, 16)}`;
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
