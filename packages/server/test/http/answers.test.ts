import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLUE_CODES, type ClueCode, ClueError, linkError, NATIVE_CODES, type NativeCode, nativeError } from "@postern/contract";
import { assert as expect } from "@postern/core";
import { clueErrorOf } from "../../src/platform/http/clue-answer.ts";
import { NativeRefusal } from "../../src/platform/http/native-refusal.ts";
import { V1_PREFIXES } from "../../src/platform/http/surface.ts";
import { platformError } from "../../src/platform/platform-errors.ts";
import { type HttpWorld, startHttpWorld } from "./http-world.ts";

/** What the route under test fails with, by the name in its path. */
const FAILURES: Readonly<Record<string, () => unknown>> = {
  clue: () => new ClueError("e1005", { details: [{ field: "auth.endTime", message: "must be after startTime", rejectedValue: 7 }] }),
  busy: () => new ClueError("f1006", { retryAfterS: 3 }),
  away: () => platformError("database_away"),
  unknown_outcome: () => platformError("database_outcome_unknown"),
  bug: () => new TypeError("cannot read 48151623 of undefined"),
  assertion: () => {
    expect(false, "a door has an entry device");
  },
  text: () => "thrown text 48151623",
  native: () => nativeError("conflict"),
  link: () => linkError("claim_code_wrong"),
};

let world: HttpWorld;
before(async () => {
  const routes = (scope: import("fastify").FastifyInstance): void => {
    scope.get("/fails/:how", async (request) => {
      throw FAILURES[(request.params as { how: string }).how]?.();
    });
    scope.get("/places/:placeId/doors", async (request) => ({ url: request.routeOptions.url }));
    scope.put("/places/:other/doors", async () => ({}));
    scope.post("/places/:place/auths", async () => ({}));
    scope.delete("/places/auths/:authId", async () => ({}));
  };
  world = await startHttpWorld({ v1: routes, v2: routes });
});
after(() => world[Symbol.asyncDispose]());

test("a v1 path answers under each of its prefixes, with a slash too many too", async () => {
  for (const prefix of V1_PREFIXES) {
    const answer = await world.call("GET", `${prefix}/places/1/doors`);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.url, `${prefix}/places/:placeId/doors`);
  }
  assert.equal((await world.call("GET", "//v1//places/1/doors/")).status, 200);
});

test("a path that does not exist answers 400 e1007 on v1 and 404 elsewhere, never a page of the framework", async () => {
  for (const prefix of [...V1_PREFIXES, "//v1", "/api/v1/places/1/x/y"]) {
    const answer = await world.call("GET", `${prefix}/nowhere`, { key: null });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { errors: [{ code: "e1007", message: "No such path." }] });
  }
  for (const path of ["/", "/nowhere", "/v2/nowhere", "/v11/x", "/api/v2"]) {
    const answer = await world.call("GET", path);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get("content-type"), "application/problem+json; charset=utf-8");
    assert.equal(answer.body.code, "not_found");
  }
});

test("a known v1 path asked with another method answers 400 e1002, after the key and whatever its parameters are called", async () => {
  for (const [method, path] of [
    ["DELETE", "/v1/places/1/doors"],
    ["GET", "/api/v1/be/places/1/auths"],
    ["PATCH", "/v1/places/auths/7"],
  ] as const) {
    const answer = await world.call(method, path);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body, { errors: [{ code: "e1002", message: `${method} is not supported on this path.` }] });
    assert.equal((await world.call(method, path, { key: null })).status, 401);
  }
  assert.equal((await world.call("POST", "/v1/places/1/auths", { body: "{}" })).status, 200);
  assert.equal((await world.call("PUT", "/v1/places/1/doors", { body: "{}" })).status, 200);
});

test("a path that is no URL and one that is too long are refused in the form of their surface", async () => {
  const broken = await world.call("GET", "/v1/places/%ff/doors");
  assert.equal(broken.status, 400);
  assert.deepEqual(broken.body.errors[0].details, [{ field: "path", message: "is not a valid path" }]);
  assert.equal((await world.call("GET", "/v2/places/%ff/doors")).body.code, "argument_invalid");
  assert.equal((await world.call("GET", `/v1/places/${"x".repeat(1_100)}/doors`)).status, 400);
});

test("a failure in CLUe's words keeps them on v1 and becomes a problem on v2, with its fields", async () => {
  const details = [{ field: "auth.endTime", message: "must be after startTime", rejectedValue: 7 }];
  const clue = await world.call("GET", "/v1/fails/clue");
  assert.equal(clue.status, 400);
  assert.equal(clue.headers.get("content-type"), "application/json; charset=utf-8");
  assert.deepEqual(clue.body, { errors: [{ code: "e1005", message: CLUE_CODES.e1005.summary, details }] });
  const native = await world.call("GET", "/v2/fails/clue");
  const type = "urn:postern:problem:argument_invalid";
  assert.deepEqual(native.body, {
    type,
    title: NATIVE_CODES.argument_invalid.summary,
    status: 400,
    code: "argument_invalid",
    detail: CLUE_CODES.e1005.summary,
    errors: details,
  });
});

test("who shall come back later is told when", async () => {
  const busy = await world.call("GET", "/v1/fails/busy");
  assert.equal(busy.status, 500);
  assert.equal(busy.headers.get("retry-after"), "3");
  assert.equal(busy.body.errors[0].code, "f1006");
});

test("a database that is away is 500 e1000 on v1 and 503 on v2; an outcome that nobody knows is never called undone", async () => {
  for (const how of ["away", "unknown_outcome"]) {
    const answer = await world.call("GET", `/v1/fails/${how}`);
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.body, { errors: [{ code: "e1000", message: CLUE_CODES.e1000.summary }] });
  }
  assert.equal((await world.call("GET", "/v2/fails/away")).status, 503);
  const { status, body } = await world.call("GET", "/v2/fails/unknown_outcome");
  assert.deepEqual([status, body.code, NATIVE_CODES.outcome_unknown.class], [504, "outcome_unknown", "ambiguous"]);
});

test("a bug answers 500 without a word about itself, and its log line says where but not what", async () => {
  for (const how of ["bug", "text", "assertion"]) {
    const clue = await world.call("GET", `/v1/fails/${how}`);
    assert.equal(clue.status, 500);
    assert.deepEqual(clue.body, { errors: [{ code: "e1000", message: CLUE_CODES.e1000.summary }] });
    const native = await world.call("GET", `/v2/fails/${how}`);
    assert.deepEqual(native.body, {
      type: "urn:postern:problem:internal",
      title: NATIVE_CODES.internal.summary,
      status: 500,
      code: "internal",
    });
    const line = world.lines.find(({ event, fields }) => event === "http.bug" && fields["requestId"] === clue.headers.get("x-request-id"));
    assert.equal(line?.level, "error");
    assert.equal(line?.fields["route"], "/v1/fails/:how");
    assert.doesNotMatch(JSON.stringify(line), /48151623/);
    if (how === "bug") assert.match(JSON.stringify(line?.fields["at"]), /answers\.test\.ts/);
  }
});

test("every answer carries a request id that its log line has, and may not be stored or guessed at", async () => {
  const answer = await world.call("GET", "/v1/places/1/doors?q=Jane%20Doe");
  assert.match(answer.headers.get("x-request-id") ?? "", /^[\w-]{16}$/);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const line = world.lines.find(
    ({ event, fields }) => event === "http.answered" && fields["requestId"] === answer.headers.get("x-request-id"),
  );
  assert.deepEqual([line?.fields["method"], line?.fields["route"], line?.fields["status"]], ["GET", "/v1/places/:placeId/doors", 200]);
  assert.doesNotMatch(JSON.stringify(world.lines), /Jane|good/);
});

test("the link's own words reach whoever claims", async () => {
  const answer = await world.call("GET", "/v2/fails/link");
  assert.equal(answer.status, 400);
  assert.equal(answer.body.code, "claim_code_wrong");
  assert.match(answer.body.detail, /claimed with this code/);
});

test("every native code has an answer on v1: CLUe's statuses alone, and 401 for a key", () => {
  for (const code of Object.keys(NATIVE_CODES) as NativeCode[]) {
    const error = clueErrorOf(new NativeRefusal(code));
    const wanted: 400 | 401 | 500 = code === "key_refused" ? 401 : CLUE_CODES[error.code].status;
    assert.equal(error.status, wanted, code);
    assert.equal(error.status === 500, NATIVE_CODES[code].status >= 500 && code !== "device_offline", code);
  }
});

test("every one of CLUe's codes has an answer on v2 with the same say on whose fault it is", async () => {
  const { problemAnswerOf } = await import("../../src/platform/http/problem-answer.ts");
  for (const code of Object.keys(CLUE_CODES) as ClueCode[]) {
    const { status } = problemAnswerOf(new ClueError(code)).document;
    assert.equal(status >= 500, code === "e1000", code);
  }
});
