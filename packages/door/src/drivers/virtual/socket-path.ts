import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doorError } from "../../errors.ts";
import { SOCKET_PATH_BYTES_MAX } from "../../limits.ts";

/**
 * Where the virtual driver of a controller listens: the same path at each start, so that a socket left by a killed process is found and replaced.
 * In a run folder that nobody else may enter; a folder of that name that is not ours is refused. Windows has named pipes instead.
 */
export function controlSocketPath(dataDir: string): string {
  const name = createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\postern-${name}`;
  const folder = `postern-${process.geteuid?.() ?? 0}`;
  for (const parent of [tmpdir(), "/tmp"]) {
    const path = join(parent, folder, `${name}.sock`);
    if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) continue;
    makeRunDirectory(join(parent, folder));
    return path;
  }
  throw doorError("socket_path_too_long", { context: { parent: tmpdir() } });
}

function makeRunDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  // In a folder that everybody may write to, somebody else could have made it first, or made it a link.
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) throw doorError("run_directory_foreign", { context: { path } });
  if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}
