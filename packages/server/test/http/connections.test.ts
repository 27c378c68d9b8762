import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { systemClock } from "@postern/core";
import type { FastifyInstance } from "fastify";
import {
  ANSWER_MS_MAX,
  CONNECTIONS_COUNT_MAX,
  DRAIN_MS_MAX,
  HEADERS_MS_MAX,
  KEEP_ALIVE_MS,
  REQUEST_MS_MAX,
} from "../../src/platform/http/http-limits.ts";
import { ManualTime } from "../gateway/mqtt/manual-time.ts";
import { eventually } from "../support/eventually.ts";
import { openSocket, startHttpWorld } from "./http-world.ts";

test("what is not HTTP is answered once, in CLUe's form, and the connection is closed", async () => {
  await using world = await startHttpWorld();
  const requests = [
    "\x16\x03\x01\x02\x00\x01\x00",
    "GET / HTTP/9.9\r\n\r\n",
    "GET /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    "nonsense\r\n\r\n",
  ];
  for (const request of requests) {
    const { socket, received, closed } = await openSocket(world.port);
    socket.write(request);
    await closed;
    assert.match(received(), /^HTTP\/1.1 400 Bad Request\r\n/, request);
    assert.match(received(), /\{"errors":\[\{"code":"e1006","message":"[^"]+"\}\]\}$/, request);
  }
});

test("two lengths, or a length beside chunks, never become two requests", async () => {
  await using world = await startHttpWorld({ v1: (routes) => void routes.post("/things", async () => ({})) });
  const smuggled = "GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const header of ["Content-Length: 2\r\nContent-Length: 40", "Content-Length: 2\r\nTransfer-Encoding: chunked"]) {
    const { socket, received, closed } = await openSocket(world.port);
    socket.write(`POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\n${header}\r\n\r\n{}${smuggled}`);
    await closed;
    assert.match(received(), /^HTTP\/1.1 400 /, header);
    assert.equal(received().split("HTTP/1.1 ").length - 1, 1, header);
  }
});

test("headers and address of together more than 16 KiB are answered with 431", async () => {
  await using world = await startHttpWorld();
  for (const request of [`GET /v1/${"x".repeat(17_000)} HTTP/1.1\r\n`, `GET /v1/x HTTP/1.1\r\nX: ${"x".repeat(17_000)}\r\n`]) {
    const { socket, received, closed } = await openSocket(world.port);
    socket.write(request);
    await closed;
    assert.match(received(), /^HTTP\/1.1 431 [\s\S]*"code":"e1006"/);
  }
});

test("the server has the bounds that its limits name", async () => {
  await using world = await startHttpWorld();
  const { headersTimeout, requestTimeout, keepAliveTimeout, maxConnections } = world.app.server;
  assert.deepEqual(
    [headersTimeout, requestTimeout, keepAliveTimeout, maxConnections],
    [HEADERS_MS_MAX, REQUEST_MS_MAX, KEEP_ALIVE_MS, CONNECTIONS_COUNT_MAX],
  );
});

test("a client that sends its headers or its body too slowly is cut off", async () => {
  await using world = await startHttpWorld({ v1: (routes) => void routes.post("/things", async () => ({})) });
  world.app.server.headersTimeout = 100;
  world.app.server.requestTimeout = 200;
  const slowHead = await openSocket(world.port);
  slowHead.socket.write("GET /v1/x HTTP/1.1\r\nHost:");
  const slowBody = await openSocket(world.port);
  slowBody.socket.write("POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nContent-Length: 9\r\n\r\n{");
  await slowHead.closed;
  await slowBody.closed;
  assert.match(slowHead.received(), /^HTTP\/1.1 408 /);
});

test("one connection too many is closed, and the others go on", async () => {
  await using world = await startHttpWorld();
  world.app.server.maxConnections = 1;
  const first = await openSocket(world.port);
  const second = await openSocket(world.port);
  await second.closed;
  first.socket.write("GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n");
  await eventually("an answer to the first", () => first.received().includes("e1007"));
  first.socket.destroy();
});

test("a handler that never ends is answered for at its time limit, and its late answer is dropped", async () => {
  const time = new ManualTime();
  let release = (): void => undefined;
  const never = new Promise<object>((resolve) => {
    release = () => resolve({ late: true });
  });
  let countBegun = 0;
  const hang = async (): Promise<object> => {
    countBegun += 1;
    return never;
  };
  const routes = (scope: FastifyInstance): void => {
    scope.get("/hangs", hang);
    scope.post("/hangs", hang);
    scope.get("/slow", { config: { answerMsMax: 2 * ANSWER_MS_MAX } }, hang);
  };
  await using world = await startHttpWorld({ v1: routes, v2: routes, timers: time.timers });
  const calls = [world.call("GET", "/v1/hangs"), world.call("POST", "/v1/hangs", { body: "{}" }), world.call("GET", "/v2/hangs")];
  const slow = world.call("GET", "/v1/slow");
  await eventually("all to have begun", () => countBegun === 4);
  time.advance(ANSWER_MS_MAX - 1);
  assert.equal(world.lines.filter(({ event }) => event === "http.answered").length, 0);
  time.advance(1);
  const [get, post, native] = await Promise.all(calls);
  for (const answer of [get, post]) assert.deepEqual([answer?.status, answer?.body.errors[0].code], [500, "e1000"]);
  assert.deepEqual([native?.status, native?.body.code], [504, "outcome_unknown"]);
  time.advance(ANSWER_MS_MAX);
  assert.equal((await slow).status, 500);
  release();
  assert.equal((await world.call("GET", "/v1/nowhere")).status, 400);
});

test("an answer that has begun goes on beyond the time limit", async () => {
  const time = new ManualTime();
  const stream = new PassThrough();
  const routes = (scope: FastifyInstance): void => void scope.get("/stream", async (_request, reply) => reply.send(stream));
  await using world = await startHttpWorld({ v2: routes, timers: time.timers });
  const { socket, received } = await openSocket(world.port);
  socket.write("GET /v2/stream HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nConnection: close\r\n\r\n");
  stream.write("first ");
  await eventually("the beginning", () => received().includes("first"));
  time.advance(2 * ANSWER_MS_MAX);
  stream.end("last");
  await eventually("the end", () => received().includes("last"));
});

test("a key check that never ends is answered for too", async () => {
  const time = new ManualTime();
  let hasBegun = false;
  const verifyKey = (): Promise<never> => {
    hasBegun = true;
    return new Promise(() => undefined);
  };
  await using world = await startHttpWorld({
    v1: (routes) => void routes.get("/things", async () => ({})),
    timers: time.timers,
    verifyKey,
  });
  const call = world.call("GET", "/v1/things");
  await eventually("the check to begin", () => hasBegun);
  time.advance(ANSWER_MS_MAX);
  assert.deepEqual((await call).body.errors[0].code, "e1000");
});

test("a server that stops lets a request under way end, and takes no new one", async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let hasBegun = false;
  const world = await startHttpWorld({
    v1: (routes) =>
      void routes.get("/held", async () => {
        hasBegun = true;
        await held;
        return { done: true };
      }),
  });
  const { socket, received, closed } = await openSocket(world.port);
  socket.write("GET /v1/held HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\n\r\n");
  await eventually("the request to begin", () => hasBegun);
  const pipelined = await openSocket(world.port);
  pipelined.socket.write("POST /v1/held HTTP/1.1\r\nHost: x\r\n");
  const stopped = world.app.close();
  await eventually("the listener to close", () => !world.app.server.listening);
  pipelined.socket.write("Content-Length: 0\r\n\r\n");
  await eventually("a refusal", () => pipelined.received().includes("e1000"));
  release();
  const releasedMs = performance.now();
  await stopped;
  assert.ok(performance.now() - releasedMs < DRAIN_MS_MAX / 2, "the server ends with its last request and not at the end of the drain");
  await closed;
  assert.match(received(), /^HTTP\/1.1 200 [\s\S]*\{"done":true\}/);
});

test("a request that never ends cannot keep a stopping server for longer than the drain", async () => {
  const time = new ManualTime();
  let hasBegun = false;
  const world = await startHttpWorld({
    timers: time.timers,
    clock: systemClock,
    v1: (routes) =>
      void routes.get("/held", { config: { answerMsMax: 10 * DRAIN_MS_MAX } }, async () => {
        hasBegun = true;
        return new Promise(() => undefined);
      }),
  });
  const { socket, closed } = await openSocket(world.port);
  socket.write("GET /v1/held HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\n\r\n");
  await eventually("the request to begin", () => hasBegun);
  const stopped = world.app.close();
  await eventually("the listener to close", () => !world.app.server.listening);
  time.advance(DRAIN_MS_MAX);
  await closed;
  await stopped;
});
