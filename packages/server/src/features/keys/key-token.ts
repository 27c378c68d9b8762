import type { KeyObject } from "node:crypto";
import { compactVerify, SignJWT } from "jose";

/** The server's Ed25519 pair for API keys. */
export interface KeySigner {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What a key says of itself. Scopes, places and the end that counts stand in its row. */
export interface KeyClaims {
  readonly keyId: string;
  readonly placeGroupId: number;
  readonly expiresAtMs: number;
}

const ALGORITHM = "EdDSA";

/** The text of a key: a JWT, as CLUe's are (CLUe §1.1). Its end is rounded up to the second; the row's is exact. */
export function signKey(signer: KeySigner, claims: KeyClaims, nowMs: number): Promise<string> {
  return new SignJWT({ grp: claims.placeGroupId })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setJti(claims.keyId)
    .setIssuedAt(Math.floor(nowMs / 1_000))
    .setExpirationTime(Math.ceil(claims.expiresAtMs / 1_000))
    .sign(signer.privateKey);
}

/** The claims of a text that this server has signed, else null. Their end is not judged here. */
export async function readKeyToken(signer: KeySigner, text: string): Promise<KeyClaims | null> {
  const verified = await compactVerify(text, signer.publicKey, { algorithms: [ALGORITHM] }).catch(() => null);
  return verified === null ? null : claimsOf(verified.payload);
}

/** Signed by us, so of our form; an older version of this server may have had another, and that is no key any more. */
function claimsOf(payload: Uint8Array): KeyClaims | null {
  const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (typeof claims !== "object" || claims === null) return null;
  if (!("jti" in claims) || !("grp" in claims) || !("exp" in claims)) return null;
  const { jti, grp, exp } = claims;
  if (typeof jti !== "string" || typeof grp !== "number" || typeof exp !== "number") return null;
  return { keyId: jti, placeGroupId: grp, expiresAtMs: exp * 1_000 };
}

const AUTHORIZATION = /^(?:bearer[ \t]+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The key in an `Authorization` header: after `Bearer`, any case of the word, or bare (CLUe §7); null when there is none in it. Its length is bounded by that of headers. */
export function keyTextOf(authorization: string): string | null {
  return AUTHORIZATION.exec(authorization.trim())?.[1] ?? null;
}
