import { createHash, sign } from "node:crypto";
import { type HeadFacts, headText, type LedgerHead, type LedgerKey } from "@postern/contract";
import { assert } from "@postern/core";
import { signingKeyOf } from "../platform/server-key.ts";

/** Bytes of the key itself at the end of its SubjectPublicKeyInfo (RFC 8410 §4). */
const PUBLIC_KEY_BYTES = 32;

/** Signs the ends of ledgers with a key of the deployment that does nothing else. */
export interface HeadSigner {
  readonly key: LedgerKey;
  sign(facts: HeadFacts): LedgerHead;
}

/** The signer of 32 secret bytes. */
export function headSignerOf(seed: Uint8Array): HeadSigner {
  const { privateKey, publicKey } = signingKeyOf(seed);
  const bytes = publicKey.export({ format: "der", type: "spki" }).subarray(-PUBLIC_KEY_BYTES);
  const pem = publicKey.export({ format: "pem", type: "spki" });
  assert(typeof pem === "string", "PEM is text");
  const keyId = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return {
    key: { keyId, algorithm: "Ed25519", publicKey: bytes.toString("base64url"), pem },
    sign: (facts) => ({ ...facts, keyId, signature: sign(null, Buffer.from(headText(facts)), privateKey).toString("base64url") }),
  };
}
