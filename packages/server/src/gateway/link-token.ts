import { LINK_TOKEN_SECONDS } from "@postern/contract";
import { importJWK, type JWTPayload, jwtVerify } from "jose";

const AUDIENCE = "postern-link";

/** A controller's clock may be a minute ahead: it has none of its own before its first welcome. */
const ISSUED_AHEAD_SECONDS_MAX = 60;

/** A token may arrive this long after its end: the way here takes its time. */
const EXPIRED_SECONDS_MAX = 5;

/**
 * Whether `token` is a JWT that the controller `serial` made for the link, by the rules of the link's SPEC ("Joining", 3): EdDSA under this public
 * JWK, `aud` postern-link, `sub` the serial, a life of 60 seconds at most that holds `nowMs`. Anything else is false, a key that is none
 * included; never rejects.
 */
export async function verifyLinkToken(token: string, publicKeyJwk: unknown, serial: string, nowMs: number): Promise<boolean> {
  if (!isEd25519PublicKey(publicKeyJwk)) return false;
  try {
    const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: publicKeyJwk.x }, "EdDSA");
    const { payload } = await jwtVerify(token, key, {
      // Named here and never taken from the token: a token that says `none`, or HS256 keyed with the public key, is refused before any check.
      algorithms: ["EdDSA"],
      audience: AUDIENCE,
      subject: serial,
      currentDate: new Date(nowMs),
      clockTolerance: EXPIRED_SECONDS_MAX,
    });
    return isShortLived(payload, nowMs / 1_000);
  } catch {
    return false;
  }
}

function isEd25519PublicKey(value: unknown): value is { readonly x: string } {
  if (typeof value !== "object" || value === null) return false;
  const isOctetKeyPair = "kty" in value && value.kty === "OKP" && "crv" in value && value.crv === "Ed25519";
  return isOctetKeyPair && "x" in value && typeof value.x === "string";
}

/** A longer life would be a longer time in which a stolen token opens the link; that it has ended is checked with its signature. */
function isShortLived({ exp, iat }: JWTPayload, nowS: number): boolean {
  if (exp === undefined || iat === undefined) return false;
  return exp - iat <= LINK_TOKEN_SECONDS && iat <= nowS + ISSUED_AHEAD_SECONDS_MAX;
}
