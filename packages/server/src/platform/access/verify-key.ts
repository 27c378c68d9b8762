import type { Actor } from "./actor.ts";

/** Why a key was not accepted. For the log and the limiter; the answer to the caller is the same for all of them (CLUe §7). */
export type KeyRefusal = "missing" | "malformed" | "expired" | "unknown" | "revoked";

/** A key that this server has signed, whatever became of it: what it says of itself is true. */
export interface SignedKey {
  readonly keyId: string;
  readonly placeGroupId: number;
}

export type KeyVerdict =
  | { readonly kind: "accepted"; readonly actor: Actor; readonly expiresAtMs: number }
  | { readonly kind: "refused"; readonly because: KeyRefusal; readonly key?: SignedKey };

/**
 * Judges the value of an `Authorization` header: `Bearer <key>`, any case of the word, or the bare key (CLUe §7). Fails with the database's
 * codes when it cannot be asked: nobody is let in on a guess.
 */
export type VerifyKey = (authorization: string | undefined) => Promise<KeyVerdict>;
