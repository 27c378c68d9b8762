import { ClueError, writeFailure } from "@postern/contract";
import { AssertionFailure, CodedError, type Log } from "@postern/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { clueErrorOf } from "./clue-answer.ts";
import { NativeRefusal } from "./native-refusal.ts";
import { problemAnswerOf } from "./problem-answer.ts";
import { surfaceOf } from "./surface.ts";

/** Answers any failure in the manner of its surface, and logs it once where it is ours. */
export function answerFailure(log: Log, failure: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = isOfFramework(failure) ? refusalOfFramework(failure) : failure;
  logFailure(log, known, request);
  if (surfaceOf(request.raw.url ?? "/") === "v1") sendClue(known, reply);
  else sendProblem(known, reply);
}

function sendClue(failure: unknown, reply: FastifyReply): void {
  const error = clueErrorOf(failure);
  if (error.status === 401) reply.header("www-authenticate", "Bearer");
  if (error.retryAfterS !== null) reply.header("retry-after", error.retryAfterS);
  reply.code(error.status).type("application/json; charset=utf-8").send(writeFailure(error));
}

function sendProblem(failure: unknown, reply: FastifyReply): void {
  const { document, retryAfterS } = problemAnswerOf(failure);
  if (document.status === 401) reply.header("www-authenticate", "Bearer");
  if (retryAfterS !== null) reply.header("retry-after", retryAfterS);
  reply.code(document.status).type("application/problem+json").send(JSON.stringify(document));
}

interface FrameworkError extends Error {
  readonly code: string;
  readonly statusCode?: number;
}

/** Fastify's own refusals: a path that is not a URL, a part of it that is too long. */
function isOfFramework(failure: unknown): failure is FrameworkError {
  return failure instanceof Error && "code" in failure && typeof failure.code === "string" && failure.code.startsWith("FST_ERR_");
}

function refusalOfFramework(failure: FrameworkError): unknown {
  const status = failure.statusCode ?? 500;
  if (status >= 500) return failure;
  return new NativeRefusal("argument_invalid", { problems: [{ field: "path", message: "is not a valid path" }], cause: failure });
}

/**
 * A caller's mistake is not logged here: the line of the answered request names its status. Messages of errors that are not ours may repeat
 * what was sent, so only where they arose is written down.
 */
function logFailure(log: Log, failure: unknown, request: FastifyRequest): void {
  if (failure instanceof ClueError && failure.code !== "e1000") return;
  if (failure instanceof NativeRefusal && failure.code !== "internal") return;
  const fields = { requestId: request.id, method: request.method, route: request.routeOptions.url ?? null };
  if (failure instanceof CodedError && failure.class !== "bug") {
    if (failure.class !== "caller") log.warn("http.failed", { ...fields, code: failure.code, class: failure.class, ...failure.context });
    return;
  }
  const kind = failure instanceof Error ? failure.name : typeof failure;
  const expectation = failure instanceof AssertionFailure ? { expectation: failure.message } : {};
  log.error("http.bug", { ...fields, kind, ...expectation, at: placesOf(failure) });
}

/** The innermost frames of a stack, without the message above them. */
function placesOf(failure: unknown): readonly string[] {
  const stack = failure instanceof Error ? (failure.stack ?? "") : "";
  return (stack.match(/^ {4}at .+$/gm) ?? []).slice(0, 6).map((line) => line.trim());
}
