import { createHmac } from "node:crypto";
import type { Random } from "@postern/core";
import { openBytes, type SealKey, sealBytes } from "../person-keys/sealed-bytes.ts";
import { SECRET_BYTES } from "./limits.ts";

const PREFIX = "whsec_";

/** Draws a secret. */
export function newSecret(random: Random): Uint8Array {
  return random.bytes(SECRET_BYTES);
}

/** As a receiver is told it (Standard Webhooks, "Symmetric"). */
export function secretText(secret: Uint8Array): string {
  return PREFIX + Buffer.from(secret).toString("base64");
}

/** `key` is derived from the server's for this purpose alone, and the secret is its owner's: a copy of the database tells none, and none opens elsewhere. */
export function sealSecret(owner: SealKey, secret: Uint8Array, random: Random): Uint8Array {
  return sealBytes(owner, secret, random);
}

/** A secret, and the one before it while it lives. */
export interface SealedSecrets {
  readonly secretSealed: Uint8Array;
  readonly previousSecretSealed: Uint8Array | null;
  readonly previousSecretUntil: number | null;
}

/** Every secret that lives; null: one was sealed by another server's key. */
export function openSecrets(
  owner: SealKey,
  { secretSealed, previousSecretSealed, previousSecretUntil }: SealedSecrets,
  nowMs: number,
): readonly Uint8Array[] | null {
  const isPreviousAlive = previousSecretSealed !== null && (previousSecretUntil ?? 0) > nowMs;
  const sealed = isPreviousAlive ? [secretSealed, previousSecretSealed] : [secretSealed];
  const opened = sealed.map((each) => openBytes(owner, each)).filter((secret) => secret !== null);
  return opened.length === sealed.length ? opened : null;
}

export interface SignedMessage {
  readonly messageId: string;
  readonly atMs: number;
  readonly body: string;
}

/** The headers of Standard Webhooks, with a signature for each secret that lives. */
export function signedHeaders(secrets: readonly Uint8Array[], { messageId, atMs, body }: SignedMessage): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secret).update(`${messageId}.${timestamp}.${body}`).digest("base64")}`,
  );
  return { "webhook-id": messageId, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
