import type { ServerResponse } from "node:http";
import { assert, type Clock, CodedError, type Log } from "@postern/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { VerifyOperator } from "../access/operator-key.ts";
import type { VerifyKey } from "../access/verify-key.ts";
import type { RefusedCall } from "../audit/refusal-sampler.ts";
import { sourceOf } from "../source-address.ts";
import { type WindowAnswer, WindowLimiter } from "../window-limiter.ts";
import { readBodyBytes } from "./body-bytes.ts";
import { ByteBudget } from "./byte-budget.ts";
import * as limits from "./http-limits.ts";
import { NativeRefusal } from "./native-refusal.ts";
import { parseBody, refuseForeignMediaType, refuseMissingBody } from "./request-body.ts";
import { actorOf, setActor } from "./request-context.ts";
import type { Surface } from "./surface.ts";

export interface RoutesDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly verifyKey: VerifyKey;
  /** Absent: nobody is the operator. */
  readonly verifyOperator?: VerifyOperator;
  /** Told of each call that is refused to a key of ours. Waited for by nobody. */
  readonly onRefused?: (refused: RefusedCall) => void;
  /** `on`: so many calls in five minutes for each key and route. Wrong keys are counted by address either way. */
  readonly rateLimit: "on" | "off";
}

/** What all routes of one server share, whichever surface they are on. */
export interface RouteGuards {
  readonly deps: RoutesDeps;
  readonly budget: ByteBudget;
  readonly keyFailures: WindowLimiter;
  readonly routeCalls: Readonly<Record<Surface, WindowLimiter>>;
}

export function createRouteGuards(deps: RoutesDeps): RouteGuards {
  const callsUpTo = (countMax: number): WindowLimiter =>
    new WindowLimiter(deps.clock, { countMax, windowMs: limits.ROUTE_CALLS_WINDOW_MS });
  return {
    deps,
    budget: new ByteBudget(limits.BODY_BUDGET_BYTES),
    keyFailures: new WindowLimiter(deps.clock, { countMax: limits.KEY_FAILURES_COUNT_MAX, windowMs: limits.KEY_FAILURES_WINDOW_MS }),
    routeCalls: { v1: callsUpTo(limits.CLUE_CALLS_COUNT_MAX), native: callsUpTo(limits.NATIVE_CALLS_COUNT_MAX) },
  };
}

/** Puts the key before everything else on all routes of this scope: no body is read for somebody who may not send one. */
export function guardRoutes(routes: FastifyInstance, guards: RouteGuards, surface: Surface): void {
  const responses = new WeakMap<FastifyRequest, ServerResponse>();
  routes.addHook("onRequest", async (request, reply) => {
    responses.set(request, reply.raw);
    request.contentTypeSent = request.raw.headers["content-type"];
    // The router's own check refuses content types that v1 reads (CLUe §7); ours comes with the body.
    delete request.raw.headers["content-type"];
    if (request.routeOptions.config.access === "public") return;
    if (request.routeOptions.config.access === "operator") return authenticateOperator(request, guards);
    await authenticate(request, guards, routes.prefix);
    if (guards.deps.rateLimit === "on" && request.routeOptions.config.isUncounted !== true)
      refuseWhenOver(guards.routeCalls[surface].take(`${request.actor.keyId} ${routeName(request, routes.prefix)}`));
  });
  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser("*", async (request: FastifyRequest) => {
    if (request.routeOptions.config.body === "streamed") return undefined;
    if (surface === "native") refuseForeignMediaType(request.contentTypeSent);
    const response = responses.get(request);
    assert(response !== undefined, "a body is read after the request's first hook");
    const bytesMax = request.routeOptions.bodyLimit ?? limits.BODY_BYTES_MAX;
    return parseBody(await readBodyBytes(request.raw, response, { bytesMax, budget: guards.budget }), request.contentTypeSent);
  });
  routes.addHook("preValidation", async (request) => refuseMissingBody(request));
  // A hook, not a handler of this scope's own: the server's handler answers, whatever was thrown.
  routes.addHook("onError", async (request, _reply, failure) =>
    noteNotPermitted(failure, request, { deps: guards.deps, prefix: routes.prefix }),
  );
}

interface Noting {
  readonly deps: RoutesDeps;
  readonly prefix: string;
}

function noteNotPermitted(failure: unknown, request: FastifyRequest, { deps, prefix }: Noting): void {
  const actor = actorOf(request);
  const isRefused = failure instanceof CodedError && (failure.code === "not_permitted" || failure.code === "e1001");
  if (actor === null || !isRefused) return;
  const { keyId, placeGroupId } = actor;
  deps.onRefused?.({ keyId, placeGroupId, because: "not_permitted", call: routeName(request, prefix) });
}

async function authenticate(request: FastifyRequest, { deps, keyFailures }: RouteGuards, prefix: string): Promise<void> {
  const verdict = await deps.verifyKey(request.headers.authorization);
  if (verdict.kind === "accepted") {
    setActor(request, verdict.actor);
    return;
  }
  const { because, key } = verdict;
  if (key !== undefined) deps.onRefused?.({ ...key, because, call: routeName(request, prefix) });
  refuseKey(request, { deps, keyFailures }, because);
}

/** Fails with `key_refused` unless the request carries the operator's key; whoever guesses is counted. */
export function authenticateOperator(request: FastifyRequest, guards: Pick<RouteGuards, "deps" | "keyFailures">): void {
  if (guards.deps.verifyOperator?.(request.headers.authorization) !== true) refuseKey(request, guards, "operator");
}

function refuseKey(request: FastifyRequest, { deps, keyFailures }: Pick<RouteGuards, "deps" | "keyFailures">, because: string): never {
  const source = sourceOf(request.ip);
  deps.log.debug("http.key_refused", { requestId: request.id, source, because });
  // Counted after the key was judged: a valid one from the same address goes on working, whoever else sits behind it.
  refuseWhenOver(keyFailures.take(source));
  throw new NativeRefusal("key_refused");
}

/** Fails with `too_many_requests` when a limiter says `over`. */
export function refuseWhenOver(answer: WindowAnswer): void {
  if (answer.kind === "over") throw new NativeRefusal("too_many_requests", { retryAfterS: answer.retryAfterS });
}

/** The same under every prefix, so that a prefix more is not an allowance more. */
function routeName(request: FastifyRequest, prefix: string): string {
  return `${request.method} ${(request.routeOptions.url ?? "").slice(prefix.length)}`;
}
