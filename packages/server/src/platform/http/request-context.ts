import { assert, type Random } from "@postern/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Actor } from "../access/actor.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks. Reading it on a route that asks for no key is our bug. */
    readonly actor: Actor;
    /** The content type as it came; the header itself is taken away, since v1 reads anything as JSON. */
    contentTypeSent: string | undefined;
  }
  interface FastifyContextConfig {
    /** `public`: no key is asked for; `operator`: the operator's own. Every other route under a prefix of v1 or v2 asks for a key of a place group. */
    readonly access?: "public" | "operator";
    /** `optional`: a POST, PUT or PATCH may come without a body. `streamed`: the handler reads it as it comes. */
    readonly body?: "optional" | "streamed";
    /** In place of `ANSWER_MS_MAX`, for what is known to take longer. */
    readonly answerMsMax?: number;
    /** Not counted by the rate limit: whoever follows asks again after each answer, and would be held up when most happens. */
    readonly isUncounted?: true;
    /** `Prefer: wait` is heard: the answer may take as much longer. */
    readonly awaitsDoors?: boolean;
    /** Which of `NATIVE_OPERATIONS` the route serves. */
    readonly operationId?: string;
    /** Not a call of the API: a page, or the refusal of a method. */
    readonly undescribed?: true;
  }
}

const actors = new WeakMap<FastifyRequest, Actor>();

/** Gives every request the members above. */
export function decorateRequests(app: FastifyInstance): void {
  app.decorateRequest("contentTypeSent", undefined);
  app.decorateRequest("actor", {
    getter(): Actor {
      const actor = actors.get(this);
      assert(actor !== undefined, "an actor is asked for on routes with a key alone");
      return actor;
    },
  });
}

export function setActor(request: FastifyRequest, actor: Actor): void {
  actors.set(request, actor);
}

/** Who asks, as far as that is known yet. */
export function actorOf(request: FastifyRequest): Actor | null {
  return actors.get(request) ?? null;
}

/** Ninety-six bits: names one request in the log and in `X-Request-Id`, and tells nothing. */
export function newRequestId(random: Random): string {
  return Buffer.from(random.bytes(12)).toString("base64url");
}

/** Where the client reached us, as it says itself: good for links in an answer to whoever holds a key, and for nothing that guards. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}
