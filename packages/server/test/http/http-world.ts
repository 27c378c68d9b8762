import { connect, type Socket } from "node:net";
import { type Clock, type Log, type LogFields, systemClock, systemRandom, systemTimers, type Timers } from "@postern/core";
import type { FastifyInstance } from "fastify";
import type { Actor, Scope } from "../../src/platform/access/actor.ts";
import type { VerifyOperator } from "../../src/platform/access/operator-key.ts";
import type { VerifyKey } from "../../src/platform/access/verify-key.ts";
import { createHttpServer, type HttpServerDeps } from "../../src/platform/http/http-server.ts";
import { createRouteGuards, type RouteGuards, type RoutesDeps } from "../../src/platform/http/keyed-routes.ts";
import { addV1Routes } from "../../src/platform/http/v1-routes.ts";
import { addV2Routes } from "../../src/platform/http/v2-routes.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

export function recordingLog(lines: LogLine[]): Log {
  const at =
    (level: LogLine["level"]) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export interface HttpWorldOptions {
  readonly v1?: (routes: FastifyInstance) => void;
  readonly v2?: (routes: FastifyInstance) => void;
  readonly root?: (app: FastifyInstance) => void;
  /** In place of `v1` and `v2`: every route, as the product serves them. */
  readonly api?: (app: FastifyInstance, guards: RouteGuards) => void;
  readonly verifyKey?: VerifyKey;
  /** Absent: nobody is the operator. */
  readonly verifyOperator?: VerifyOperator;
  readonly onRefused?: RoutesDeps["onRefused"];
  readonly rateLimit?: "on" | "off";
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly server?: Partial<HttpServerDeps>;
}

export interface HttpWorld extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly guards: RouteGuards;
  readonly url: string;
  readonly port: number;
  readonly lines: LogLine[];
  call(method: string, path: string, init?: CallInit): Promise<Answer>;
}

export interface CallInit {
  readonly key?: string | null;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined for an empty one. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every form
  readonly body: any;
}

/** Takes `good`, bare or after `Bearer`, and refuses everything else. */
export const takeGood: VerifyKey = async (authorization) => {
  if (authorization === "good" || authorization === "Bearer good") return { kind: "accepted", actor: testActor(), expiresAtMs: 9e15 };
  return { kind: "refused", because: authorization === undefined ? "missing" : "malformed" };
};

export function testActor(keyId = "good", scopes: readonly Scope[] = []): Actor {
  return { keyId, placeGroupId: 1, placeIds: null, scopes: new Set(scopes) };
}

/** A listening server of the test's own on a free port of loopback. */
export async function startHttpWorld(options: HttpWorldOptions = {}): Promise<HttpWorld> {
  const lines: LogLine[] = [];
  const clock = options.clock ?? systemClock;
  const ports = { log: recordingLog(lines), clock, timers: options.timers ?? systemTimers, random: systemRandom };
  const app = createHttpServer({ ...ports, trustedProxies: [], ...options.server });
  const guards = createRouteGuards({
    ...ports,
    verifyKey: options.verifyKey ?? takeGood,
    ...(options.verifyOperator === undefined ? {} : { verifyOperator: options.verifyOperator }),
    ...(options.onRefused === undefined ? {} : { onRefused: options.onRefused }),
    rateLimit: options.rateLimit ?? "off",
  });
  options.root?.(app);
  if (options.api !== undefined) options.api(app, guards);
  else {
    addV1Routes(app, guards, options.v1 ?? (() => undefined));
    addV2Routes(app, guards, options.v2 ?? (() => undefined));
  }
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const port = Number(new URL(url).port);
  return {
    app,
    guards,
    url,
    port,
    lines,
    call: (method, path, init) => callUrl(method, url + path, init),
    // A test that failed may have left requests waiting for a time that it no longer moves.
    async [Symbol.asyncDispose]() {
      const closed = app.close();
      app.server.closeAllConnections();
      await closed;
    },
  };
}

export async function callUrl(method: string, url: string, { key = "good", body, headers = {} }: CallInit = {}): Promise<Answer> {
  const authorization = key === null ? {} : { authorization: key };
  const contentType = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(url, {
    method,
    headers: { ...authorization, ...contentType, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === "" ? undefined : JSON.parse(text) };
}

/** A socket that says what the test wants, however wrong, and collects what comes back. */
export async function openSocket(port: number): Promise<{ readonly socket: Socket; received(): string; readonly closed: Promise<void> }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return { socket, received: () => text, closed };
}
