import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { sign, verify } from "node:crypto";
import { chmod, lstat, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CodedError, seededRandom, systemRandom } from "@postern/core";
import { loadServerKey } from "../../src/platform/server-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const unusable = (error: unknown): boolean => error instanceof CodedError && error.code === "server_key_unusable";

test("the first start makes a key of 32 bytes that only the owner may read, and nothing beside it", async () => {
  await using folder = await temporaryFolder();
  await loadServerKey(folder.path, systemRandom);
  const found = await lstat(join(folder.path, "server.key"));
  assert.deepEqual([found.size, found.mode & 0o777], [32, 0o600]);
  assert.deepEqual(await readdir(folder.path), ["server.key"]);
});

test("a derived key is the same after a restart, another for another name, and not the master key", async () => {
  await using folder = await temporaryFolder();
  const first = await loadServerKey(folder.path, systemRandom);
  const second = await loadServerKey(folder.path, systemRandom);
  assert.deepEqual(second.deriveKey("a"), first.deriveKey("a"));
  assert.notDeepEqual(first.deriveKey("a"), first.deriveKey("b"));
  assert.notDeepEqual(first.deriveKey("a"), await readFile(join(folder.path, "server.key")));
});

test("two servers have different keys", async () => {
  await using one = await temporaryFolder();
  await using two = await temporaryFolder();
  const keys = [await loadServerKey(one.path, seededRandom(1)), await loadServerKey(two.path, seededRandom(2))];
  assert.notDeepEqual(keys[0]?.deriveKey("a"), keys[1]?.deriveKey("a"));
});

test("what a derived signing key signs, its public key verifies, and that of another name does not", async () => {
  await using folder = await temporaryFolder();
  const key = await loadServerKey(folder.path, systemRandom);
  const pair = key.deriveSigningKey("api-keys");
  assert.equal(pair.privateKey.asymmetricKeyType, "ed25519");
  const signature = sign(null, Buffer.from("text"), pair.privateKey);
  assert.ok(verify(null, Buffer.from("text"), pair.publicKey, signature));
  assert.ok(!verify(null, Buffer.from("text"), key.deriveSigningKey("other").publicKey, signature));
});

test("a key that others may read is refused", async () => {
  await using folder = await temporaryFolder();
  await loadServerKey(folder.path, systemRandom);
  await chmod(join(folder.path, "server.key"), 0o640);
  await assert.rejects(loadServerKey(folder.path, systemRandom), unusable);
});

test("a damaged key is refused and not replaced", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "server.key"), "short", { mode: 0o600 });
  await assert.rejects(loadServerKey(folder.path, systemRandom), unusable);
  assert.equal(await readFile(join(folder.path, "server.key"), "utf8"), "short");
});

test("a link or a pipe in place of the key is refused without being read", { timeout: 5_000 }, async () => {
  await using linked = await temporaryFolder();
  await symlink("/dev/urandom", join(linked.path, "server.key"));
  await assert.rejects(loadServerKey(linked.path, systemRandom), unusable);
  await using piped = await temporaryFolder();
  execFileSync("mkfifo", ["-m", "600", join(piped.path, "server.key")]);
  await assert.rejects(loadServerKey(piped.path, systemRandom), unusable);
});
