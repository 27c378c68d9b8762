import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Replaces a file as a whole, readable by its owner alone: after a crash it is the old one or the new one, durably. */
export function writeFileWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    if (typeof content === "string") writeSync(file, content);
    else for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  // Windows opens no folders, and keeps the order of renames by itself.
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
