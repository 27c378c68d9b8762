import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { link, lstat, open, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "@postern/core";
import { platformError } from "./platform-errors.ts";
import { syncFolder } from "./sync-folder.ts";

const FILE_NAME = "server.key";
const KEY_BYTES = 32;

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7). */
const ED25519_PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The server's own secret, from which all others are derived. It wraps the keys of persons and signs API keys, so it is never in a backup
 * of the database: a copy of the database alone reveals neither.
 */
export interface ServerKey {
  /** 32 bytes, always the same for the same name; they tell nothing about the key of another name (HKDF-SHA-256, RFC 5869). */
  deriveKey(name: string): Buffer;
  /** An Ed25519 pair made from the derived key of that name. */
  deriveSigningKey(name: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
}

/** Reads `server.key` of a data directory, or makes it on the first start. Fails with `server_key_unusable`. */
export async function loadServerKey(dataDir: string, random: Random): Promise<ServerKey> {
  const path = join(dataDir, FILE_NAME);
  const master = (await readKey(path)) ?? (await makeKey(path, random));
  const deriveKey = (name: string): Buffer => Buffer.from(hkdfSync("sha256", master, "postern server key", name, KEY_BYTES));
  const deriveSigningKey: ServerKey["deriveSigningKey"] = (name) => {
    const der = Buffer.concat([ED25519_PKCS8_PREFIX, deriveKey(name)]);
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    return { privateKey, publicKey: createPublicKey(privateKey) };
  };
  return { deriveKey, deriveSigningKey };
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const found = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw platformError("server_key_unusable", { detail: `Cannot read ${path}.`, cause });
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw platformError("server_key_unusable", { detail: `${path} is not a file.` });
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
    throw platformError("server_key_unusable", { detail: `Others may read ${path}; run: chmod 600 '${path}'.` });
  }
  const key = await readFile(path).catch((cause: unknown) => {
    throw platformError("server_key_unusable", { detail: `Cannot read ${path}.`, cause });
  });
  // Never replaced: what the right key protects would be lost, so a damaged one has to be brought back from where it is kept.
  if (key.length !== KEY_BYTES)
    throw platformError("server_key_unusable", { detail: `${path} must hold ${KEY_BYTES} bytes and holds ${key.length}.` });
  return key;
}

/** Written in full before it gets its name, so that a kill in between leaves no half key. */
async function makeKey(path: string, random: Random): Promise<Buffer> {
  const key = Buffer.from(random.bytes(KEY_BYTES));
  const draft = `${path}.${Buffer.from(random.bytes(8)).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(key);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path); // unlike a rename, refuses to replace
    await unlink(draft);
    await syncFolder(dirname(path));
  } catch (cause) {
    throw platformError("server_key_unusable", { detail: `Cannot make ${path}.`, cause });
  }
  return key;
}
