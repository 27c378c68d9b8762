import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock, Log, Random, Timers } from "@postern/core";
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { boundAnswers } from "./answer-deadline.ts";
import { answerFailure } from "./answer-failure.ts";
import { discardBody, holdBack } from "./body-bytes.ts";
import { answerClientError } from "./client-error.ts";
import * as limits from "./http-limits.ts";
import { NativeRefusal } from "./native-refusal.ts";
import { decorateRequests, newRequestId } from "./request-context.ts";
import { type Surface, surfaceOf, V1_PREFIXES } from "./surface.ts";

/** One answer, by the pattern of its route and never by its address, whose query may name a person. */
export interface AnsweredCall {
  readonly surface: Surface;
  readonly method: string;
  /** The operation's id on v2; else the pattern under whatever prefix; `none` where no route fits. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Told of every request. */
export interface HttpWatch {
  begun(): void;
  /** Once a request, however it ended. */
  ended(): void;
  answered(call: AnsweredCall): void;
}

export interface HttpServerDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** PEM. Absent: plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. None: the socket's address counts. */
  readonly trustedProxies: readonly string[];
  readonly watch?: HttpWatch;
}

/**
 * An HTTP server without routes of its own, not yet listening. It bounds what a stranger can make it hold or wait for, and answers each
 * failure in the manner of its surface. `close()` lets requests under way end, for `DRAIN_MS_MAX` at most.
 */
export function createHttpServer(deps: HttpServerDeps): FastifyInstance {
  const app = Fastify(serverOptions(deps));
  decorateRequests(app);
  boundConnections(app, deps);
  boundAnswers(app, deps.timers);
  logAnswers(app, deps);
  app.addHook("onSend", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, "x-content-type-options": "nosniff" });
    // Answers are about people, but for a page's own script.
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
    discardBody(request.raw);
  });
  app.setErrorHandler((failure, request, reply) => answerFailure(deps.log, failure, request, reply));
  app.setNotFoundHandler(() => {
    throw new NativeRefusal("not_found", { detail: "No such path." });
  });
  return app;
}

function serverOptions(deps: HttpServerDeps): FastifyServerOptions {
  const node = {
    maxHeaderSize: limits.HEADER_BYTES_MAX,
    headersTimeout: limits.HEADERS_MS_MAX,
    connectionsCheckingInterval: limits.CONNECTIONS_CHECK_MS,
  };
  const { tls } = deps;
  return {
    ...(tls === undefined ? { http: node } : { https: { ...node, ...tls, handshakeTimeout: limits.HEADERS_MS_MAX } }),
    logger: false,
    genReqId: () => newRequestId(deps.random),
    trustProxy: deps.trustedProxies.length > 0 ? [...deps.trustedProxies] : false,
    requestTimeout: limits.REQUEST_MS_MAX,
    keepAliveTimeout: limits.KEEP_ALIVE_MS,
    bodyLimit: limits.BODY_BYTES_MAX,
    // We answer these ourselves, in the manner of the surface.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: limits.PATH_PART_LENGTH_MAX },
    frameworkErrors: (failure, request, reply) => answerFailure(deps.log, failure, request, reply),
    clientErrorHandler: answerClientError,
  };
}

function boundConnections(app: FastifyInstance, deps: HttpServerDeps): void {
  const { server } = app;
  server.maxConnections = limits.CONNECTIONS_COUNT_MAX;
  // Without a listener Node tells the client to send its body before anybody has looked at the key.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    holdBack(request, response);
    server.emit("request", request, response);
  });
  let isStopping = false;
  let cancelDrain = (): void => undefined;
  app.addHook("preClose", async () => {
    isStopping = true;
    const drain = deps.timers.after("http drain", limits.DRAIN_MS_MAX, () => server.closeAllConnections());
    cancelDrain = () => drain.cancel();
  });
  app.addHook("onClose", async () => cancelDrain());
  app.addHook("onRequest", async () => {
    if (isStopping) throw new NativeRefusal("stopping");
  });
  app.addHook("onSend", async (_request, reply) => {
    // While stopping, a connection kept for the next request would keep the server. Else the framework's wish to close after a refused body
    // is not followed: the body has been read or is let pass, and closing under a client that still sends could cost it the answer.
    if (isStopping) reply.header("connection", "close");
    else reply.removeHeader("connection");
  });
}

/** One line per answer: the route's pattern and never the address, whose query may name a person. */
function logAnswers(app: FastifyInstance, deps: HttpServerDeps): void {
  const began = new WeakMap<object, number>();
  app.addHook("onRequest", async (request, reply) => {
    began.set(request, deps.clock.monotonicMs());
    deps.watch?.begun();
    reply.raw.once("close", () => deps.watch?.ended());
  });
  app.addHook("onResponse", async (request, reply) => {
    const tookMs = deps.clock.monotonicMs() - (began.get(request) ?? deps.clock.monotonicMs());
    const durationMs = Math.round(tookMs);
    const route = request.routeOptions.url ?? null;
    deps.watch?.answered({
      surface: surfaceOf(request.url),
      method: request.method,
      route: request.routeOptions.config.operationId ?? withoutPrefix(route ?? "none"),
      status: reply.statusCode,
      seconds: tookMs / 1_000,
    });
    deps.log.debug("http.answered", { requestId: request.id, method: request.method, route, status: reply.statusCode, durationMs });
  });
}

/** The same under every prefix of v1. */
function withoutPrefix(url: string): string {
  const prefix = [...V1_PREFIXES].sort((one, other) => other.length - one.length).find((one) => url.startsWith(`${one}/`));
  return prefix === undefined ? url : url.slice(prefix.length);
}
