import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CodedError, systemClock } from "@postern/core";
import { holdDataDir } from "../../src/platform/data-dir.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOLDER = fileURLToPath(new URL("../support/hold-data-dir.ts", import.meta.url));

function failsWith(code: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  };
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test("a missing data directory is made for its owner alone, and its parents too", async () => {
  await using folder = await temporaryFolder();
  const held = await holdDataDir(join(folder.path, "a", "b"), systemClock);
  assert.equal(held.path, join(folder.path, "a", "b"));
  assert.equal(await modeOf(held.path), 0o700);
  await held.release();
});

test("a second server is refused, is told who holds the directory, and gets it once it is released", async () => {
  await using folder = await temporaryFolder();
  const first = await holdDataDir(folder.path, systemClock);
  await assert.rejects(holdDataDir(folder.path, systemClock), failsWith("data_dir_held", new RegExp(`Its process is ${process.pid} on `)));
  await first.release();
  await first.release();
  await (await holdDataDir(folder.path, systemClock)).release();
});

test("another process's directory is refused while it lives, and free the moment it was killed", async (t) => {
  await using folder = await temporaryFolder();
  const other = spawn(process.execPath, [HOLDER, folder.path], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => void other.kill("SIGKILL"));
  await once(other.stdout, "data");
  await assert.rejects(holdDataDir(folder.path, systemClock), failsWith("data_dir_held", new RegExp(`Its process is ${other.pid} on `)));
  other.kill("SIGKILL");
  await once(other, "exit");
  await (await holdDataDir(folder.path, systemClock)).release();
});

test("an empty directory that is open to others is closed to them", async () => {
  await using folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  const held = await holdDataDir(folder.path, systemClock);
  assert.equal(await modeOf(folder.path), 0o700);
  await held.release();
});

test("a directory of something else, named by mistake, is refused and left as it was", async () => {
  await using folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  await writeFile(join(folder.path, "letters.txt"), "");
  await assert.rejects(holdDataDir(folder.path, systemClock), failsWith("data_dir_unusable", /chmod 700/));
  assert.equal(await modeOf(folder.path), 0o755);
});

test("a directory of another user is refused, for root too", { skip: process.getuid?.() !== 0 }, async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "theirs");
  await mkdir(path, { mode: 0o700 });
  await chown(path, 1234, 1234);
  await assert.rejects(holdDataDir(path, systemClock), failsWith("data_dir_unusable", /id 1234/));
});

test("a path that cannot be a directory is refused in words", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "file"), "");
  await assert.rejects(holdDataDir(join(folder.path, "file"), systemClock), failsWith("data_dir_unusable", /Cannot make/));
});
