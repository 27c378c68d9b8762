import { createHmac } from "node:crypto";
import type { Random } from "@postern/core";
import { openBytes, sealBytes } from "../../platform/person-keys/sealed-bytes.ts";
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

/** `key` is derived from the server's for this purpose alone: a copy of the database tells no secret. */
export function sealSecret(
  key: Uint8Array,
  webhookId: number,
  { secret, random }: { readonly secret: Uint8Array; readonly random: Random },
): Uint8Array {
  return sealBytes({ key, boundTo: boundTo(webhookId) }, secret, random);
}

/** null: sealed by another server's key. */
export function openSecret(key: Uint8Array, webhookId: number, sealed: Uint8Array): Uint8Array | null {
  return openBytes({ key, boundTo: boundTo(webhookId) }, sealed);
}

function boundTo(webhookId: number): string {
  return `webhook ${webhookId}`;
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
