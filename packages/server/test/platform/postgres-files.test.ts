import assert from "node:assert/strict";
import { chmod, chown, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { findPostgresBinaries, restoreLibraryLinks } from "../../src/platform/postgres/postgres-binaries.ts";
import { chooseRunAs } from "../../src/platform/postgres/run-as.ts";
import { ensureRunDirectory, removeAbandonedRunDirectories } from "../../src/platform/postgres/run-directory.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const unavailable = (error: unknown): boolean => error instanceof CodedError && error.code === "embedded_unavailable";
const isRoot = process.getuid?.() === 0;

test("the folder of the socket is private, the same for the same data directory and another for another", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "a"));
  await mkdir(join(folder.path, "b"));
  const run = (name: string): Promise<string> => ensureRunDirectory(join(folder.path, name), [folder.path]);
  const first = await run("a");
  assert.equal((await stat(first)).mode & 0o777, 0o700);
  assert.equal(await run("a"), first);
  assert.notEqual(await run("b"), first);
});

test("a socket whose path would be too long goes to the next parent folder, and is refused when there is none", async () => {
  await using folder = await temporaryFolder();
  const long = join(folder.path, "x".repeat(100));
  await mkdir(long);
  assert.ok((await ensureRunDirectory(folder.path, [long, folder.path])).startsWith(join(folder.path, "postern-")));
  await assert.rejects(ensureRunDirectory(folder.path, [long]), unavailable);
});

test("a folder for the socket that others may enter, that is another user's, or that is a link is refused", async () => {
  await using folder = await temporaryFolder();
  const run = await ensureRunDirectory(folder.path, [folder.path]);
  await chmod(run, 0o750);
  await assert.rejects(ensureRunDirectory(folder.path, [folder.path]), unavailable);
  await chmod(run, 0o700);
  if (isRoot) {
    await chown(run, 1234, 1234);
    await assert.rejects(ensureRunDirectory(folder.path, [folder.path]), unavailable);
  }
  await rm(run, { recursive: true });
  await mkdir(join(folder.path, "elsewhere"), { mode: 0o700 });
  await symlink(join(folder.path, "elsewhere"), run);
  await assert.rejects(ensureRunDirectory(folder.path, [folder.path]), unavailable);
});

test("an old empty folder of a socket is removed, and one that is young or in use is kept", async () => {
  await using folder = await temporaryFolder();
  const used = await ensureRunDirectory(folder.path, [folder.path]);
  const empty = `${used.slice(0, -1)}z`;
  await mkdir(empty);
  await writeFile(join(used, ".s.PGSQL.5432"), "");
  const clockAfter = (laterMs: number) => ({ nowMs: () => Date.now() + laterMs, monotonicMs: () => 0 });
  await removeAbandonedRunDirectories(clockAfter(0), folder.path);
  assert.deepEqual([(await stat(used)).isDirectory(), (await stat(empty)).isDirectory()], [true, true]);
  await removeAbandonedRunDirectories(clockAfter(2 * 3_600_000), folder.path);
  assert.ok((await stat(used)).isDirectory());
  await assert.rejects(stat(empty), { code: "ENOENT" });
});

test("library links that no install script made are made, and those that are there are kept", async () => {
  await using folder = await temporaryFolder();
  const lib = join(folder.path, "native", "lib");
  await mkdir(lib, { recursive: true });
  await writeFile(join(lib, "libx.so.1.2"), "library");
  const links = ["libx.so", "libx.so.1"].map((name) => ({ source: "native/lib/libx.so.1.2", target: `native/lib/${name}` }));
  await writeFile(join(folder.path, "native", "pg-symlinks.json"), JSON.stringify(links));
  await symlink("libx.so.1.2", join(lib, "libx.so.1"));
  await restoreLibraryLinks(folder.path);
  assert.equal(await readFile(join(lib, "libx.so"), "utf8"), "library");
  assert.equal(await readlink(join(lib, "libx.so")), "libx.so.1.2");
});

test("a platform without binaries is told to set DATABASE_URL", async () => {
  for (const [platform, arch] of [
    ["win32", "x64"],
    ["linux", "riscv64"],
  ] as const) {
    await assert.rejects(findPostgresBinaries(platform, arch), (error) => unavailable(error) && /DATABASE_URL/.test(String(error)));
  }
});

test("root without any way to run PostgreSQL is told to use another user", { skip: !isRoot }, async () => {
  await assert.rejects(
    chooseRunAs([{ prefix: ["no-such-program"], ownerId: 0 }]),
    (error) => unavailable(error) && /another user/.test(String(error)),
  );
});
