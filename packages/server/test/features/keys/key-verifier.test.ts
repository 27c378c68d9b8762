import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { SignJWT } from "jose";
import { signKey } from "../../../src/features/keys/key-token.ts";
import { createKeyVerifier } from "../../../src/features/keys/key-verifier.ts";
import type { Queryable } from "../../../src/platform/database.ts";
import { platformError } from "../../../src/platform/platform-errors.ts";
import { TEST_NOW_MS } from "../../support/index.ts";
import { createKeysWorld, type KeysWorld, signerOf } from "./keys-world.ts";

let world: KeysWorld;
before(async () => {
  world = await createKeysWorld();
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.time.nowMs = TEST_NOW_MS;
  world.verifier.forget();
});

async function verdictOf(authorization: string | undefined): Promise<string> {
  const verdict = await world.verifier.verify(authorization);
  return verdict.kind === "refused" ? verdict.because : verdict.kind;
}

/** Counts the statements that reach the database. */
function countingDatabase(): { readonly database: Queryable; count(): number } {
  let count = 0;
  const { database } = world.test;
  const query: Queryable["query"] = (statement, values) => {
    count += 1;
    return database.query(statement, values);
  };
  return { database: { query, execute: (statement, values) => database.execute(statement, values) }, count: () => count };
}

test("a key is accepted after Bearer in any case and bare, and tells who asks, where and for what", async () => {
  const { keyId, key } = await world.rootKey({ scopes: ["people", "events"], placeIds: [501] });
  for (const header of [`Bearer ${key}`, `bearer ${key}`, `BEARER   ${key}`, key, `  Bearer ${key}  `])
    assert.equal(await verdictOf(header), "accepted", header.slice(0, 12));
  const verdict = await world.verifier.verify(key);
  assert.ok(verdict.kind === "accepted");
  assert.deepEqual(verdict.actor, {
    keyId,
    placeGroupId: world.place.placeGroupId,
    placeIds: [501],
    scopes: new Set(["people", "events"]),
  });
});

test("no key, another scheme, and text that is no key are refused without asking the database", async () => {
  const { database, count } = countingDatabase();
  const verifier = createKeyVerifier({
    database,
    clock: { nowMs: () => TEST_NOW_MS, monotonicMs: () => TEST_NOW_MS },
    signer: world.signer,
  });
  const { key } = await world.rootKey();
  const [head, body, signature] = key.split(".");
  const headers = [
    undefined,
    "",
    "  ",
    "Bearer",
    "Bearer ",
    "Basic Z29vZDo=",
    `Token ${key}`,
    `Bearer ${key} ${key}`,
    `${head}.${body}`,
    `${head}.${body}.`,
  ];
  const broken = [
    `${head}.${body}.${"A".repeat(86)}`,
    `${head}.${body}x.${signature}`,
    "a.b.c",
    "x".repeat(100_000),
    `Bearer ${"a".repeat(2_000)}.b.c`,
    "\0.\0.\0",
  ];
  for (const header of [...headers, ...broken]) {
    const verdict = await verifier.verify(header);
    assert.equal(verdict.kind, "refused", header?.slice(0, 40));
  }
  assert.equal(count(), 0);
});

test("a key signed by anybody else, or with another algorithm or none, is refused", async () => {
  const { keyId } = await world.rootKey();
  const claims = { keyId, placeGroupId: world.place.placeGroupId, expiresAtMs: TEST_NOW_MS + 60_000 };
  assert.equal(await verdictOf(await signKey(world.signer, claims, TEST_NOW_MS)), "accepted");
  assert.equal(await verdictOf(await signKey(signerOf(2), claims, TEST_NOW_MS)), "malformed");
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const payload = { jti: keyId, grp: claims.placeGroupId, exp: claims.expiresAtMs / 1_000 };
  assert.equal(await verdictOf(`${encode({ alg: "none" })}.${encode(payload)}.AA`), "malformed");
  // The public key as the secret of an HMAC: what a verifier that believes the header would take.
  const secret = world.signer.publicKey.export({ format: "der", type: "spki" });
  const forged = await new SignJWT({ grp: claims.placeGroupId })
    .setProtectedHeader({ alg: "HS256" })
    .setJti(keyId)
    .setExpirationTime(payload.exp)
    .sign(secret);
  assert.equal(await verdictOf(forged), "malformed");
});

test("a key of ours that names no row, or another group's, opens nothing", async () => {
  const { keyId } = await world.rootKey();
  const expiresAtMs = TEST_NOW_MS + 60_000;
  const sign = (claims: { keyId: string; placeGroupId: number }): Promise<string> =>
    signKey(world.signer, { ...claims, expiresAtMs }, TEST_NOW_MS);
  assert.equal(await verdictOf(await sign({ keyId: "nobody", placeGroupId: world.place.placeGroupId })), "unknown");
  assert.equal(await verdictOf(await sign({ keyId, placeGroupId: world.foreign.placeGroupId })), "unknown");
  assert.equal(
    await verdictOf(await new SignJWT({ any: 1 }).setProtectedHeader({ alg: "EdDSA" }).sign(world.signer.privateKey)),
    "malformed",
  );
});

test("a key is good until the very millisecond of its end, whatever second its text says", async () => {
  const { key } = await world.rootKey({ expiresAtMs: TEST_NOW_MS + 10_001 });
  world.time.nowMs = TEST_NOW_MS + 10_000;
  assert.equal(await verdictOf(key), "accepted");
  world.time.nowMs = TEST_NOW_MS + 10_001;
  assert.equal(await verdictOf(key), "expired");
  world.time.nowMs = TEST_NOW_MS + 11_000;
  assert.equal(await verdictOf(key), "expired");
});

test("an end that was brought forward in the row counts, the one in the text cannot be put off", async () => {
  const { keyId, key } = await world.rootKey({ expiresAtMs: TEST_NOW_MS + 60_000 });
  const setEnd = (endMs: number) => world.test.database.execute("update api_keys set expires_at = $1 where key_id = $2", [endMs, keyId]);
  await setEnd(TEST_NOW_MS + 1_000);
  world.time.nowMs += 1_000;
  assert.equal(await verdictOf(key), "expired");
  await setEnd(TEST_NOW_MS + 600_000);
  world.time.nowMs = TEST_NOW_MS + 60_000;
  assert.equal(await verdictOf(key), "expired");
});

test("a revocation that another process wrote acts within half a second", async () => {
  const { keyId, key } = await world.rootKey();
  assert.equal(await verdictOf(key), "accepted");
  await world.test.database.execute("update api_keys set revoked_at = $1 where key_id = $2", [world.time.nowMs, keyId]);
  world.time.nowMs += 500;
  assert.equal(await verdictOf(key), "revoked");
});

test("a busy key costs one look at its row every half second, however many ask at once", async () => {
  const { database, count } = countingDatabase();
  const time = { ms: TEST_NOW_MS };
  const verifier = createKeyVerifier({ database, clock: { nowMs: () => time.ms, monotonicMs: () => time.ms }, signer: world.signer });
  const { key } = await world.rootKey();
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => verifier.verify(key)));
  assert.ok(verdicts.every((verdict) => verdict.kind === "accepted"));
  assert.equal(count(), 1);
  time.ms += 499;
  await verifier.verify(key);
  assert.equal(count(), 1);
  time.ms += 1;
  await verifier.verify(key);
  assert.equal(count(), 2);
});

test("a database that is away is a failure and no verdict, and is asked again at once", async () => {
  const { key } = await world.rootKey();
  let isAway = true;
  const { database } = world.test;
  const query: Queryable["query"] = async (statement, values) => {
    if (isAway) throw platformError("database_away");
    return database.query(statement, values);
  };
  const clock = { nowMs: () => TEST_NOW_MS, monotonicMs: () => TEST_NOW_MS };
  const verifier = createKeyVerifier({ database: { query, execute: database.execute.bind(database) }, clock, signer: world.signer });
  await assert.rejects(verifier.verify(key), { code: "database_away" });
  isAway = false;
  assert.equal((await verifier.verify(key)).kind, "accepted");
});
