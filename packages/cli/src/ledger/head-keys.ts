import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { headText, type LedgerHead } from "@postern/contract";
import { failure } from "../failure.ts";

const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/;

/** The public keys that somebody trusts, by the names that heads give them. */
export class HeadKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** Each as `postern ledger key` shows it. Fails with `argument_invalid`. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const bytes = KEY_TEXT.test(text) ? Buffer.from(text, "base64url") : null;
      if (bytes === null) throw failure("argument_invalid", "A public key has 43 characters: `postern ledger key` shows it as publicKey.");
      const jwk = { kty: "OKP", crv: "Ed25519", x: text };
      this.#keys.set(createHash("sha256").update(bytes).digest("hex").slice(0, 16), createPublicKey({ key: jwk, format: "jwk" }));
    }
  }

  /** null: signed by one of them, as it stands. */
  faultOf({ keyId, signature, ...facts }: LedgerHead): string | null {
    const key = this.#keys.get(keyId);
    if (key === undefined) return `is signed by the key ${keyId}, and ${[...this.#keys.keys()].join(", ")} is meant`;
    const bytes = Buffer.from(signature, "base64url");
    // Written in one way alone: blanks and spare bits would be read over.
    const isSigned = bytes.toString("base64url") === signature && verify(null, Buffer.from(headText(facts)), key, bytes);
    return isSigned ? null : `is not what the key ${keyId} signed: it is forged, or was changed`;
  }
}
