import type { Problem } from "../errors/index.ts";
import type { ClaimBody } from "./controller.ts";

/** An Ed25519 public key (RFC 8037 §2). */
export interface Ed25519PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

/** The key of a claim, without what else came with it; or why it must not be used. */
export function readClaimKey({ publicKey }: ClaimBody): { readonly key: Ed25519PublicJwk } | { readonly problem: Problem } {
  // Whoever sends the private half has shown it to the network: this pair must not be used.
  if ("d" in publicKey) {
    const message = "must be a public key alone; make a new pair, this one's private half has been sent";
    return { problem: { field: "publicKey", message } };
  }
  return { key: { kty: publicKey.kty, crv: publicKey.crv, x: publicKey.x } };
}
