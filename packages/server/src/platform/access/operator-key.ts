import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@postern/core";
import { platformError } from "../platform-errors.ts";

export const OPERATOR_KEY_FILE = "operator.key";

const KEY = /^postern-operator\.[\w-]{43}$/;

/** Judges the value of an `Authorization` header: whether it is the key of whoever runs this server. */
export type VerifyOperator = (authorization: string | undefined) => boolean;

/**
 * Reads the operator's key of a data directory, or makes it on the first start: a file that only its owner may read. Whoever holds it makes place
 * groups and their first keys. Fails with `operator_key_unusable`.
 */
export async function loadOperatorKey(dataDir: string, random: Random): Promise<VerifyOperator> {
  const path = join(dataDir, OPERATOR_KEY_FILE);
  const key = (await readKey(path)) ?? (await makeKey(path, random));
  const expected = hashOf(key);
  return (authorization) => {
    const text = authorization === undefined ? "" : authorization.trim().replace(/^bearer[ \t]+/i, "");
    return timingSafeEqual(hashOf(text), expected);
  };
}

async function readKey(path: string): Promise<string | null> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw platformError("operator_key_unusable", { detail: `Cannot read ${path}.`, cause });
  });
  if (text === null) return null;
  if (!KEY.test(text.trim()))
    throw platformError("operator_key_unusable", { detail: `${path} holds no operator key; remove it to have a new one made.` });
  return text.trim();
}

async function makeKey(path: string, random: Random): Promise<string> {
  const key = `postern-operator.${Buffer.from(random.bytes(32)).toString("base64url")}`;
  await writeFile(path, `${key}\n`, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
    throw platformError("operator_key_unusable", { detail: `Cannot make ${path}.`, cause });
  });
  return key;
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
