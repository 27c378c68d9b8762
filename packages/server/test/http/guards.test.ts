import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyInstance } from "fastify";
import type { VerifyKey } from "../../src/platform/access/verify-key.ts";
import {
  CLUE_CALLS_COUNT_MAX,
  KEY_FAILURES_COUNT_MAX,
  KEY_FAILURES_WINDOW_MS,
  NATIVE_CALLS_COUNT_MAX,
  ROUTE_CALLS_WINDOW_MS,
} from "../../src/platform/http/http-limits.ts";
import { platformError } from "../../src/platform/platform-errors.ts";
import { type HttpWorld, startHttpWorld, takeGood, testActor } from "./http-world.ts";

const routes = (scope: FastifyInstance): void => {
  scope.get("/things", async (request) => ({ keyId: request.actor.keyId }));
  scope.get("/others/:otherId", async () => ({}));
};

function manualClock() {
  const time = { ms: 5_000_000 };
  return { time, clock: { nowMs: () => time.ms, monotonicMs: () => time.ms } };
}

async function failTimes(world: HttpWorld, count: number, path = "/v1/things"): Promise<void> {
  for (let call = 0; call < count; call += 1) assert.equal((await world.call("GET", path, { key: "bad" })).status, 401);
}

test("a refused key answers 401 e1001 on v1 and a problem on v2, both saying what is wanted and not what was wrong", async () => {
  await using world = await startHttpWorld({ v1: routes, v2: routes });
  for (const key of [null, "bad", "", "Basic Z29vZDo="]) {
    const clue = await world.call("GET", "/v1/things", { key });
    assert.equal(clue.status, 401);
    assert.deepEqual(clue.body, { errors: [{ code: "e1001", message: "The key is missing, malformed, expired or revoked." }] });
    assert.equal(clue.headers.get("www-authenticate"), "Bearer");
    const native = await world.call("GET", "/v2/things", { key });
    assert.deepEqual([native.status, native.body.code, native.headers.get("www-authenticate")], [401, "key_refused", "Bearer"]);
  }
});

test("the thirty-first wrong key in a minute is told to come back, on both surfaces together", async () => {
  const { time, clock } = manualClock();
  await using world = await startHttpWorld({ v1: routes, v2: routes, clock });
  await failTimes(world, KEY_FAILURES_COUNT_MAX - 1);
  await failTimes(world, 1, "/v2/things");
  const clue = await world.call("GET", "/v1/things", { key: "bad" });
  assert.deepEqual([clue.status, clue.body.errors[0].code, clue.headers.get("retry-after")], [400, "e1010", "60"]);
  const native = await world.call("GET", "/v2/things", { key: null });
  assert.deepEqual([native.status, native.body.code, native.headers.get("retry-after")], [429, "too_many_requests", "60"]);
  time.ms += KEY_FAILURES_WINDOW_MS;
  await failTimes(world, 1);
});

test("a good key goes on working from an address whose wrong keys are over the limit", async () => {
  await using world = await startHttpWorld({ v1: routes });
  await failTimes(world, KEY_FAILURES_COUNT_MAX);
  assert.equal((await world.call("GET", "/v1/things", { key: "bad" })).status, 400);
  assert.deepEqual((await world.call("GET", "/v1/things")).body, { keyId: "good" });
});

test("behind a declared proxy each client is a source of its own; without one nobody can pretend to be another", async () => {
  const from = (address: string) => ({ key: "bad", headers: { "x-forwarded-for": address } });
  await using declared = await startHttpWorld({ v1: routes, server: { trustedProxies: ["127.0.0.0/8"] } });
  for (let call = 0; call < KEY_FAILURES_COUNT_MAX; call += 1) await declared.call("GET", "/v1/things", from("192.0.2.1"));
  assert.equal((await declared.call("GET", "/v1/things", from("192.0.2.1"))).status, 400);
  assert.equal((await declared.call("GET", "/v1/things", from("192.0.2.2"))).status, 401);
  // What a client writes in front of the address that the proxy saw counts for nothing.
  assert.equal((await declared.call("GET", "/v1/things", from("198.51.100.9, 192.0.2.1"))).status, 400);
  await using direct = await startHttpWorld({ v1: routes });
  for (let call = 0; call < KEY_FAILURES_COUNT_MAX; call += 1) await direct.call("GET", "/v1/things", from(`192.0.2.${call}`));
  assert.equal((await direct.call("GET", "/v1/things", from("192.0.2.99"))).status, 400);
});

const takeAny: VerifyKey = async (authorization) => {
  if (authorization === undefined) return { kind: "refused", because: "missing" };
  return { kind: "accepted", actor: testActor(authorization), expiresAtMs: 9e15 };
};

test("with the rate limit on, a key has 300 calls in five minutes for each route, whatever prefix and parameters it uses", async () => {
  const { time, clock } = manualClock();
  await using world = await startHttpWorld({ v1: routes, v2: routes, clock, rateLimit: "on", verifyKey: takeAny });
  const prefixes = ["/v1", "/v1/be", "/api/v1", "/api/v1/be"];
  for (let call = 0; call < CLUE_CALLS_COUNT_MAX; call += 1) {
    assert.equal((await world.call("GET", `${prefixes[call % 4]}/others/${call}`, { key: "a" })).status, 200);
  }
  const over = await world.call("GET", "/v1/others/1", { key: "a" });
  assert.deepEqual([over.status, over.body.errors[0].code, over.headers.get("retry-after")], [400, "e1010", "300"]);
  assert.equal((await world.call("GET", "/v1/things", { key: "a" })).status, 200);
  assert.equal((await world.call("GET", "/v1/others/1", { key: "b" })).status, 200);
  time.ms += ROUTE_CALLS_WINDOW_MS;
  assert.equal((await world.call("GET", "/v1/others/1", { key: "a" })).status, 200);
});

test("with the rate limit on, v2 has an allowance of its own, ten times as large, and whoever follows is not held up", async () => {
  const { clock } = manualClock();
  const v2 = (scope: FastifyInstance): void => {
    routes(scope);
    scope.get("/followed", { config: { isUncounted: true } }, async () => ({}));
  };
  await using world = await startHttpWorld({ v1: routes, v2, clock, rateLimit: "on" });
  const inject = async (url: string): Promise<number> =>
    (await world.app.inject({ method: "GET", url, headers: { authorization: "good" } })).statusCode;
  for (let call = 0; call < NATIVE_CALLS_COUNT_MAX; call += 1) {
    assert.equal(await inject("/v2/things"), 200);
    assert.equal(await inject("/v2/followed"), 200);
  }
  const over = await world.call("GET", "/v2/things");
  assert.deepEqual([over.status, over.body.code, over.headers.get("retry-after")], [429, "too_many_requests", "300"]);
  assert.equal(await inject("/v2/followed"), 200);
  assert.equal(await inject("/v2/others/1"), 200);
  assert.equal(await inject("/v1/things"), 200);
});

test("with the rate limit off no number of calls is too many", async () => {
  await using world = await startHttpWorld({ v1: routes });
  for (let call = 0; call < CLUE_CALLS_COUNT_MAX + 5; call += 1) assert.equal((await world.call("GET", "/v1/things")).status, 200);
});

test("nobody is let in while the database cannot say who they are, and it does not count as a wrong key", async () => {
  const verifyKey: VerifyKey = async () => {
    throw platformError("database_away");
  };
  await using world = await startHttpWorld({ v1: routes, v2: routes, verifyKey });
  for (let call = 0; call <= KEY_FAILURES_COUNT_MAX; call += 1) {
    const answer = await world.call("GET", "/v1/things");
    assert.deepEqual([answer.status, answer.body.errors[0].code], [500, "e1000"]);
  }
  assert.equal((await world.call("GET", "/v2/things")).status, 503);
});

test("every route under a prefix asks for a key unless it says otherwise, and a public one knows no actor", async () => {
  const v2 = (scope: FastifyInstance): void => {
    routes(scope);
    scope.get("/open", { config: { access: "public" } }, async () => ({}));
    scope.get("/confused", { config: { access: "public" } }, async (request) => ({ keyId: request.actor.keyId }));
  };
  await using world = await startHttpWorld({ v1: routes, v2, verifyKey: takeGood });
  assert.equal((await world.call("GET", "/v2/open", { key: null })).status, 200);
  assert.equal((await world.call("GET", "/v2/confused")).status, 500);
  for (const path of ["/v1/things", "/v1/be/others/1", "/api/v1/things", "/api/v1/be/things", "/v2/things"]) {
    assert.equal((await world.call("GET", path, { key: null })).status, 401, path);
    assert.equal((await world.call("HEAD", path, { key: null }).catch(() => ({ status: 0 }))).status, 401, path);
  }
});
