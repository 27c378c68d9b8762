import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "@postern/core";

/** Says how the bytes behind it are to be read, so that another way can stand beside this one some day. */
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key of 32 bytes, and what its ciphertext is for: bytes moved to another owner or purpose do not open there. */
export interface SealKey {
  readonly key: Uint8Array;
  readonly boundTo: string;
}

/** AES-256-GCM (NIST SP 800-38D): format, nonce, ciphertext, tag. */
export function sealBytes({ key, boundTo }: SealKey, plain: Uint8Array, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(boundTo));
  return Buffer.concat([Uint8Array.of(FORMAT), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** null: sealed with another key, for something else, or damaged. */
export function openBytes({ key, boundTo }: SealKey, sealed: Uint8Array): Uint8Array | null {
  if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) return null;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(boundTo)).setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
