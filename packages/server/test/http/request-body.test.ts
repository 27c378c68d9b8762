import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AUTH_BODY_BYTES_MAX, BODY_BUDGET_BYTES, BODY_BYTES_MAX } from "../../src/platform/http/http-limits.ts";
import { eventually } from "../support/eventually.ts";
import { type HttpWorld, openSocket, startHttpWorld } from "./http-world.ts";

let world: HttpWorld;
before(async () => {
  const routes = (scope: import("fastify").FastifyInstance): void => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
      scope.route({ method, url: "/things", handler: async (request) => ({ body: request.body ?? null }) });
    }
    scope.post("/bare", { config: { body: "optional" } }, async (request) => ({ body: request.body ?? null }));
    scope.post("/auths", { bodyLimit: AUTH_BODY_BYTES_MAX }, async (request) => ({ length: JSON.stringify(request.body).length }));
  };
  world = await startHttpWorld({ v1: routes, v2: routes });
});
after(() => world[Symbol.asyncDispose]());

/** A JSON text of exactly so many bytes. */
function jsonOf(bytes: number): string {
  return `"${"x".repeat(bytes - 2)}"`;
}

function codeOf(answer: { status: number; body: { errors: { code: string }[] } }): string {
  assert.equal(answer.status, 400);
  return answer.body.errors[0]?.code ?? "";
}

test("v1 reads a body of any content type, of none and of a nonsensical one as JSON", async () => {
  for (const type of [
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "json",
    ";;;",
    "application/json; charset=UTF-8",
  ]) {
    const answer = await world.call("POST", "/v1/things", { body: '{"a":1}', headers: { "content-type": type } });
    assert.deepEqual(answer.body, { body: { a: 1 } }, type);
  }
  const { socket, received } = await openSocket(world.port);
  socket.end('POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nConnection: close\r\nContent-Length: 7\r\n\r\n{"a":1}');
  assert.match(await eventually("the answer", () => received().includes('{"a":1}') && received()), /^HTTP\/1.1 200 /);
});

test("v2 takes JSON under its own name alone", async () => {
  for (const type of ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]) {
    assert.equal((await world.call("POST", "/v2/things", { body: "{}", headers: { "content-type": type } })).status, 200, type);
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]) {
    const answer = await world.call("POST", "/v2/things", { body: "{}", headers: { "content-type": type } });
    assert.deepEqual([answer.status, answer.body.code], [415, "media_type_unsupported"], type);
  }
});

test("a charset that is not JSON's is e1003, broken JSON and deep nesting are e1004, each saying what it is", async () => {
  const charset = await world.call("POST", "/v1/things", {
    body: "{}",
    headers: { "content-type": "application/json; charset=shift_jis" },
  });
  assert.equal(codeOf(charset), "e1003");
  assert.match(charset.text, /charset/);
  const broken = await world.call("POST", "/v1/things", { body: '{"pin":"48151623"' });
  assert.equal(codeOf(broken), "e1004");
  assert.match(broken.text, /at character 17/);
  const deep = await world.call("POST", "/v1/things", { body: `${"[".repeat(33)}${"]".repeat(33)}` });
  assert.equal(codeOf(deep), "e1004");
  assert.match(deep.text, /nested deeper than 32/);
  const bytes = await world.call("POST", "/v1/things", { body: new Uint8Array([0x22, 0xe4, 0x22]) });
  assert.equal(codeOf(bytes), "e1004");
  assert.match(bytes.text, /UTF-8/);
});

test("a byte-order mark and UTF-16 are read over the wire", async () => {
  const utf16 = new Uint8Array(Buffer.from('\ufeff{"a":"ü"}', "utf16le"));
  assert.deepEqual((await world.call("POST", "/v1/things", { body: utf16 })).body, { body: { a: "ü" } });
  assert.deepEqual((await world.call("POST", "/v1/things", { body: '\ufeff{"a":1}' })).body, { body: { a: 1 } });
});

test("a POST, PUT or PATCH without a body is e1004 unless its route may have none; DELETE needs none", async () => {
  for (const method of ["POST", "PUT", "PATCH"]) {
    for (const body of [undefined, "", "  \n"]) {
      const answer = await world.call(method, "/v1/things", body === undefined ? {} : { body });
      assert.equal(codeOf(answer), "e1004", `${method} ${JSON.stringify(body)}`);
      assert.match(answer.text, /empty/);
    }
  }
  assert.equal((await world.call("POST", "/v2/things")).body.code, "body_malformed");
  assert.deepEqual((await world.call("POST", "/v2/bare")).body, { body: null });
  assert.deepEqual((await world.call("DELETE", "/v1/things", { headers: { "content-type": "application/json" } })).body, { body: null });
});

test("null is a body", async () => {
  assert.equal((await world.call("POST", "/v1/things", { body: "null" })).status, 200);
});

test("a body of exactly the limit is read and one byte more is refused, on each kind of route", async () => {
  for (const [path, bytesMax] of [
    ["/things", BODY_BYTES_MAX],
    ["/auths", AUTH_BODY_BYTES_MAX],
  ] as const) {
    assert.equal((await world.call("POST", `/v1${path}`, { body: jsonOf(bytesMax) })).status, 200);
    const over = await world.call("POST", `/v1${path}`, { body: jsonOf(bytesMax + 1) });
    assert.equal(codeOf(over), "e1006");
    assert.deepEqual(over.body.errors[0].details, [{ field: "body", message: `must have at most ${bytesMax} bytes` }]);
  }
  assert.equal((await world.call("POST", "/v2/things", { body: jsonOf(BODY_BYTES_MAX + 1) })).status, 413);
});

test("a body without a declared length is refused as soon as it is longer than the limit; its rest is let pass, and the connection goes on", async () => {
  const { socket, received } = await openSocket(world.port);
  socket.write("POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
  for (let sent = 0; sent <= BODY_BYTES_MAX; sent += 65_536) socket.write(chunk);
  assert.match(
    await eventually("a refusal before the end", () => received().includes("must have at most") && received()),
    /^HTTP\/1.1 400 /,
  );
  for (let sent = 0; sent < 8; sent += 1) await new Promise((resolve) => socket.write(chunk, resolve));
  socket.write("0\r\n\r\nDELETE /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\n\r\n");
  await eventually("the answer to the next request", () => received().includes('{"body":null}'));
  socket.destroy();
});

test("who has no key is refused before the body is read, and hears it while still sending", async () => {
  const before = world.guards.budget.left;
  const { socket, received, closed } = await openSocket(world.port);
  socket.write(`POST /v1/auths HTTP/1.1\r\nHost: x\r\nContent-Length: ${20_000_000}\r\n\r\n`);
  await eventually("the refusal", () => received().startsWith("HTTP/1.1 401 "));
  assert.equal(world.guards.budget.left, before);
  socket.destroy();
  await closed;
  const whole = await world.call("POST", "/v1/auths", { key: "bad", body: jsonOf(20_000_000) });
  assert.equal(whole.status, 401);
});

test("a client that asks before it sends is told to go on only once its key is good and its length allowed", async () => {
  const ask = async (key: string, length: number): Promise<string> => {
    const { socket, received } = await openSocket(world.port);
    socket.write(
      `POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: ${key}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const first = await eventually("a word", () => received().includes("\r\n\r\n") && received());
    if (first.startsWith("HTTP/1.1 100 ")) {
      socket.write("{}");
      await eventually("the answer", () => received().includes("HTTP/1.1 200 "));
    }
    socket.destroy();
    return first;
  };
  assert.match(await ask("good", 2), /^HTTP\/1.1 100 Continue\r\n/);
  assert.match(await ask("bad", 2), /^HTTP\/1.1 401 /);
  assert.match(await ask("good", 2 * BODY_BYTES_MAX), /^HTTP\/1.1 400 /);
});

test("bodies of all requests share one budget: beyond it v1 answers e1010 and v2 503, both saying when to come back", async () => {
  const { budget } = world.guards;
  await eventually("earlier bodies to be given back", () => budget.left === BODY_BUDGET_BYTES);
  budget.take(BODY_BUDGET_BYTES - 100);
  assert.equal((await world.call("POST", "/v1/things", { body: jsonOf(100) })).status, 200);
  await eventually("the bytes to come back", () => budget.left === 100);
  const clue = await world.call("POST", "/v1/things", { body: jsonOf(101) });
  assert.equal(codeOf(clue), "e1010");
  assert.match(clue.headers.get("retry-after") ?? "", /^\d+$/);
  const native = await world.call("POST", "/v2/things", { body: jsonOf(101) });
  assert.deepEqual([native.status, native.body.code, native.headers.get("retry-after")], [503, "too_many_requests", "2"]);
  const chunked = await openSocket(world.port);
  chunked.socket.write("POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.socket.write(`64\r\n${jsonOf(100)}\r\n`);
  await eventually("the arrived bytes to be counted", () => budget.left === 0);
  chunked.socket.write("1\r\n \r\n");
  await eventually("a refusal", () => chunked.received().includes("e1010"));
  chunked.socket.destroy();
  await eventually("the bytes to come back", () => budget.left === 100);
  budget.give(BODY_BUDGET_BYTES - 100);
});

test("bytes of a request that is cut off in its body come back, and nothing is logged as a bug of ours", async () => {
  const { budget } = world.guards;
  await eventually("earlier bodies to be given back", () => budget.left === BODY_BUDGET_BYTES);
  const { socket, closed } = await openSocket(world.port);
  socket.write("POST /v1/auths HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nContent-Length: 5000000\r\n\r\n{");
  await eventually("the length to be reserved", () => budget.left === BODY_BUDGET_BYTES - 5_000_000);
  socket.destroy();
  await closed;
  await eventually("the bytes to come back", () => budget.left === BODY_BUDGET_BYTES);
  assert.deepEqual(
    world.lines.filter(({ event }) => event === "http.bug"),
    [],
  );
});

test("an unread body larger than anybody may send is cut off", async () => {
  const { socket } = await openSocket(world.port);
  socket.write("POST /v1/auths HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
  for (let sent = 0; sent < 40 && !socket.destroyed; sent += 1) await new Promise((resolve) => socket.write(chunk, resolve));
  await eventually("the cut", () => socket.destroyed, 5_000);
});
