import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";
import { link, lstat, open, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "@postern/core";
import { platformError } from "./platform-errors.ts";
import { syncFolder } from "./sync-folder.ts";

export const SERVER_KEY_FILE = "server.key";
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
  deriveSigningKey(name: string): SigningKey;
}

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Reads `server.key` of a data directory, or makes it on the first start. Fails with `server_key_unusable`. */
export async function loadServerKey(dataDir: string, random: Random): Promise<ServerKey> {
  const path = join(dataDir, SERVER_KEY_FILE);
  return serverKeyOf((await readServerKeyFile(path)) ?? (await makeKey(path, random)));
}

function serverKeyOf(master: Uint8Array): ServerKey {
  const deriveKey = (name: string): Buffer => Buffer.from(hkdfSync("sha256", master, "postern server key", name, KEY_BYTES));
  return { deriveKey, deriveSigningKey: (name) => signingKeyOf(deriveKey(name)) };
}

/** The Ed25519 pair of 32 secret bytes. */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  const der = Buffer.concat([ED25519_PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Tells one server key from another, and nothing about either: stands in backups, so that a restored database meets the key it was written under. */
export function serverKeyMark(master: Uint8Array): string {
  return serverKeyOf(master).deriveKey("mark in backups").toString("hex");
}

/** Gives a data directory a key that was kept elsewhere. Fails with `server_key_unusable` where it has one. */
export async function placeServerKey(dataDir: string, master: Uint8Array, random: Random): Promise<void> {
  await writeKey(join(dataDir, SERVER_KEY_FILE), master, random);
}

/** The bytes of a key file; undefined: there is none. Fails with `server_key_unusable`. */
export async function readServerKeyFile(path: string): Promise<Buffer | undefined> {
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

async function makeKey(path: string, random: Random): Promise<Buffer> {
  const key = Buffer.from(random.bytes(KEY_BYTES));
  await writeKey(path, key, random);
  return key;
}

/** Written in full before it gets its name, so that a kill in between leaves no half key. */
async function writeKey(path: string, key: Uint8Array, random: Random): Promise<void> {
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
}
