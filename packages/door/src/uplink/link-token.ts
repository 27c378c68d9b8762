import { LINK_TOKEN_SECONDS } from "@postern/contract";
import { importJWK, SignJWT } from "jose";
import type { PrivateKeyJwk } from "../claim/identity.ts";

/** The password of one connection: who the controller is, signed with its key, good for a minute (link/SPEC.md, "Joining"). */
export async function signLinkToken(serial: string, key: PrivateKeyJwk, nowMs: number): Promise<string> {
  const issuedS = Math.floor(nowMs / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: "EdDSA" })
    .setAudience("postern-link")
    .setSubject(serial)
    .setIssuedAt(issuedS)
    .setExpirationTime(issuedS + LINK_TOKEN_SECONDS)
    .sign(await importJWK({ ...key }, "EdDSA"));
}
