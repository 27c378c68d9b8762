// A lock file made against a registry that lacks the packages of some platforms leaves them out, and `npm ci` then refuses it everywhere.
// `node scripts/lock-file.ts` writes them in; the tidy test says when that is needed.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface LockEntry {
  readonly version?: string;
  readonly dev?: true;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  packages: Record<string, LockEntry>;
}

interface MissingPackage {
  readonly name: string;
  readonly version: string;
  readonly isForDevelopment: boolean;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** Optional packages that an entry names and the lock file does not hold where npm would look for them. */
export function missingOptionalPackages(text: string): readonly MissingPackage[] {
  const { packages }: LockFile = JSON.parse(text);
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !placesSeenFrom(place, name).some((each) => packages[each] !== undefined))
      .map(([name, version]) => ({ name, version, isForDevelopment: entry.dev === true })),
  );
}

/** `node_modules/a/node_modules/b`, then `node_modules/b`: inner ones first. */
function placesSeenFrom(place: string, name: string): readonly string[] {
  const folders = place.split("node_modules/").slice(0, -1);
  const outer = folders.map((_, index) => place.split("node_modules/", index + 1).join("node_modules/"));
  return [`${place}/node_modules/${name}`, ...outer.reverse().map((each) => `${each}node_modules/${name}`), `node_modules/${name}`];
}

function entryFor({ name, version, isForDevelopment }: MissingPackage): LockEntry & Record<string, unknown> {
  const words = name.split(/[-/]/);
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.some((word) => word.startsWith("gnu")) ? "glibc" : null;
  return {
    version,
    cpu: words.filter((word) => PROCESSORS.includes(word)),
    ...(isForDevelopment ? { dev: true } : {}),
    ...(libc === null ? {} : { libc: [libc] }),
    optional: true,
    os: words.filter((word) => SYSTEMS.includes(word)),
  };
}

function complete(text: string): string {
  const lock: LockFile = JSON.parse(text);
  for (const missing of missingOptionalPackages(text)) lock.packages[`node_modules/${missing.name}`] = entryFor(missing);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([left], [right]) => left.localeCompare(right, "en")));
  return `${JSON.stringify(lock, null, 2)}\n`;
}

if (import.meta.main) {
  const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
  writeFileSync(path, complete(readFileSync(path, "utf8")));
}
