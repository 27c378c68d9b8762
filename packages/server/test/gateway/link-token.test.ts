import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { verifyLinkToken } from "../../src/gateway/link-token.ts";

const SERIAL = "VC-1001";
const NOW_MS = 1_790_000_000_000;
const NOW_S = NOW_MS / 1_000;

let privateKey: CryptoKey;
let publicJwk: JWK;

before(async () => {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  privateKey = pair.privateKey;
  publicJwk = await exportJWK(pair.publicKey);
});

interface Claims {
  readonly aud?: string | string[];
  readonly sub?: string;
  readonly iat?: number;
  readonly exp?: number;
}

/** A good token unless a claim says otherwise; undefined leaves the claim out. */
function tokenWith(claims: Claims = {}, key: CryptoKey = privateKey): Promise<string> {
  const all = { aud: "postern-link", sub: SERIAL, iat: NOW_S, exp: NOW_S + 60, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: "EdDSA" }).sign(key);
}

async function opens(token: string | Promise<string>, jwk: unknown = publicJwk): Promise<boolean> {
  return verifyLinkToken(await token, jwk, SERIAL, NOW_MS);
}

test("a token made now with the controller's key opens the link", async () => {
  assert.equal(await opens(tokenWith()), true);
});

test("a token of another key opens nothing", async () => {
  const other = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  assert.equal(await opens(tokenWith({}, other.privateKey)), false);
});

test("a token for another audience or serial, or without one, opens nothing", async () => {
  for (const claims of [{ aud: "postern" }, { aud: undefined }, { sub: "VC-1002" }, { sub: undefined }]) {
    assert.equal(await opens(tokenWith(claims as Claims)), false, JSON.stringify(claims));
  }
});

test("a token is good until five seconds after its end and not a second longer", async () => {
  assert.equal(await opens(tokenWith({ iat: NOW_S - 64, exp: NOW_S - 4 })), true);
  assert.equal(await opens(tokenWith({ iat: NOW_S - 65, exp: NOW_S - 5 })), false);
  assert.equal(await opens(tokenWith({ iat: NOW_S - 3_600, exp: NOW_S - 3_540 })), false);
});

test("a token that lives longer than 60 seconds opens nothing, at any time of its life", async () => {
  assert.equal(await opens(tokenWith({ iat: NOW_S, exp: NOW_S + 61 })), false);
  assert.equal(await opens(tokenWith({ iat: NOW_S - 86_400, exp: NOW_S + 86_400 })), false);
});

test("a controller's clock may be a minute ahead and not two", async () => {
  assert.equal(await opens(tokenWith({ iat: NOW_S + 60, exp: NOW_S + 120 })), true);
  assert.equal(await opens(tokenWith({ iat: NOW_S + 61, exp: NOW_S + 121 })), false);
});

test("a token without its times opens nothing", async () => {
  assert.equal(await opens(tokenWith({ exp: undefined } as unknown as Claims)), false);
  assert.equal(await opens(tokenWith({ iat: undefined } as unknown as Claims)), false);
});

test("a token that nobody signed opens nothing", async () => {
  const unsigned = new UnsecuredJWT({ aud: "postern-link", sub: SERIAL, iat: NOW_S, exp: NOW_S + 60 }).encode();
  assert.equal(await opens(unsigned), false);
});

test("a token signed with the public key as an HMAC secret opens nothing", async () => {
  const secrets = [JSON.stringify(publicJwk), publicJwk.x ?? ""].map((text) => Buffer.from(text));
  const raw = Buffer.from(publicJwk.x ?? "", "base64url");
  for (const secret of [...secrets, raw]) {
    const claims = { aud: "postern-link", sub: SERIAL, iat: NOW_S, exp: NOW_S + 60 };
    assert.equal(await opens(new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret)), false);
  }
});

test("a token that names its algorithm otherwise opens nothing, though its signature is good", async () => {
  const claims = { aud: "postern-link", sub: SERIAL, iat: NOW_S, exp: NOW_S + 60 };
  assert.equal(await opens(new SignJWT(claims).setProtectedHeader({ alg: "Ed25519" }).sign(privateKey)), false);
});

test("a token with one character changed opens nothing", async () => {
  const token = await tokenWith();
  for (const position of [5, Math.floor(token.length / 2), token.length - 10]) {
    const changed = token.slice(0, position) + (token[position] === "A" ? "B" : "A") + token.slice(position + 1);
    assert.equal(await opens(changed), false);
  }
});

test("what is no token, and a key that is none, are answered and not thrown over", async () => {
  for (const text of ["", "a.b.c", "..", "\u0000", "x".repeat(2_048)]) assert.equal(await opens(text), false);
  const token = await tokenWith();
  const notKeys: readonly unknown[] = [
    null,
    7,
    "key",
    {},
    { kty: "oct", k: publicJwk.x },
    { ...publicJwk, crv: "X25519" },
    { ...publicJwk, x: "AA" },
  ];
  for (const jwk of notKeys) assert.equal(await opens(token, jwk), false);
  assert.equal(await verifyLinkToken(token, undefined, SERIAL, NOW_MS), false);
});
