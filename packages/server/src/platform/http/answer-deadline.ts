import type { Timers } from "@postern/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ANSWER_MS_MAX } from "./http-limits.ts";
import { NativeRefusal } from "./native-refusal.ts";
import { preferredWaitS } from "./prefer-wait.ts";

/**
 * Every request is answered in time, whatever it waits for: from its headers to the end of the key check, and again from the end of its
 * body to the answer. What was begun may still happen, and the answer says so (`e1000`, `outcome_unknown`: it may have been done).
 */
export function boundAnswers(app: FastifyInstance, timers: Timers): void {
  const running = new WeakMap<FastifyRequest, () => void>();
  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    running.get(request)?.();
    const { answerMsMax = ANSWER_MS_MAX, awaitsDoors = false } = request.routeOptions.config;
    const waitMs = awaitsDoors ? (preferredWaitS(request.headers["prefer"]) ?? 0) * 1_000 : 0;
    const timer = timers.after("http answer", answerMsMax + waitMs, () => {
      // An answer that has begun, such as a stream, has been given in time however long it lasts.
      if (reply.sent || reply.raw.headersSent) return;
      reply.send(new NativeRefusal("outcome_unknown", { detail: "No answer in time; it may have been done." }));
    });
    running.set(request, () => timer.cancel());
  };
  app.addHook("onRequest", async (request, reply) => {
    reply.raw.once("close", () => running.get(request)?.());
    begin(request, reply);
  });
  // While the body arrives, the time limit of the request itself holds.
  app.addHook("preParsing", async (request) => running.get(request)?.());
  app.addHook("preValidation", async (request, reply) => begin(request, reply));
}
