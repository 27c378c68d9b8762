import { createHash } from "node:crypto";
import type { Clock } from "@postern/core";
import type { Actor } from "../../platform/access/actor.ts";
import type { KeyRefusal, KeyVerdict, VerifyKey } from "../../platform/access/verify-key.ts";
import type { Queryable } from "../../platform/database.ts";
import { ExpiringMap } from "../../platform/expiring-map.ts";
import { type KeyClaims, type KeySigner, keyTextOf, readKeyToken } from "./key-token.ts";
import { ROW_LIFETIME_MS, SIGNATURE_LIFETIME_MS, SIGNATURES_COUNT_MAX } from "./limits.ts";
import { findKey, type KeyRow } from "./store.ts";

export interface KeyVerifierDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  readonly signer: KeySigner;
}

export interface KeyVerifier {
  readonly verify: VerifyKey;
  /** Has the row of this key read anew; without an id, every row. */
  forget(keyId?: string): void;
}

/** A signature is checked once per text; the row, which alone says what a key may do, at most half a second ago. */
export function createKeyVerifier({ database, clock, signer }: KeyVerifierDeps): KeyVerifier {
  // By hash, so that a dump of the memory does not hold a list of keys.
  const signatures = new ExpiringMap<string, KeyClaims>(clock, { countMax: SIGNATURES_COUNT_MAX, lifetimeMs: SIGNATURE_LIFETIME_MS });
  const rows = new ExpiringMap<string, Promise<KeyRow | null>>(clock, { countMax: SIGNATURES_COUNT_MAX, lifetimeMs: ROW_LIFETIME_MS });

  async function claimsOf(text: string): Promise<KeyClaims | null> {
    const hash = createHash("sha256").update(text).digest("base64");
    const known = signatures.get(hash);
    if (known !== undefined) return known;
    const claims = await readKeyToken(signer, text);
    // A text that is no key is not remembered: made-up ones would push out those in use.
    if (claims !== null) signatures.set(hash, claims);
    return claims;
  }

  function rowOf(keyId: string): Promise<KeyRow | null> {
    const known = rows.get(keyId);
    if (known !== undefined) return known;
    const row = findKey(database, keyId).catch((failure: unknown) => {
      rows.delete(keyId);
      throw failure;
    });
    rows.set(keyId, row);
    return row;
  }

  const verify: VerifyKey = async (authorization) => {
    if (authorization === undefined || authorization.trim() === "") return { kind: "refused", because: "missing" };
    const text = keyTextOf(authorization);
    const claims = text === null ? null : await claimsOf(text);
    if (claims === null) return { kind: "refused", because: "malformed" };
    if (clock.nowMs() >= claims.expiresAtMs) return refusedOf(claims, "expired");
    return judge(claims, await rowOf(claims.keyId), clock.nowMs());
  };

  const forget = (keyId?: string): void => (keyId === undefined ? rows.clear() : rows.delete(keyId));
  return { verify, forget };
}

function judge(claims: KeyClaims, row: KeyRow | null, nowMs: number): KeyVerdict {
  if (row === null || row.placeGroupId !== claims.placeGroupId) return refusedOf(claims, "unknown");
  if (row.revokedAt !== null) return refusedOf(claims, "revoked");
  if (nowMs >= row.expiresAt) return refusedOf(claims, "expired");
  const { keyId, placeGroupId, placeIds, scopes } = row;
  const actor: Actor = { keyId, placeGroupId, placeIds, scopes: new Set(scopes) };
  return { kind: "accepted", actor, expiresAtMs: row.expiresAt };
}

function refusedOf({ keyId, placeGroupId }: KeyClaims, because: KeyRefusal): KeyVerdict {
  return { kind: "refused", because, key: { keyId, placeGroupId } };
}
