import { bodyReader, NATIVE_OPERATIONS, type NativeOperationId, type OperationSpec, parametersReader } from "@postern/contract";
import { assert, type Clock, CodedError } from "@postern/core";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { Compile } from "typebox/compile";
import type { Access, Actor } from "../access/actor.ts";
import { requireScope } from "../access/require-scope.ts";
import type { WaitingKeys, WaitingRequest } from "../access/waiting-keys.ts";
import { accepted } from "../http/accepted.ts";
import { bodyChunks } from "../http/body-bytes.ts";
import { NativeRefusal } from "../http/native-refusal.ts";
import { mediaTypeOf } from "../http/request-body.ts";
import { originOf } from "../http/request-context.ts";
import { goneSignal, type TellDoors } from "../http/tell-doors.ts";
import { tellDuplicates } from "../http/tell-duplicates.ts";
import { sourceOf } from "../source-address.ts";
import { type AnswerOf, type OperationRequest, requestNameOf } from "./operation-request.ts";
import { sendAsItComes, sendLines, wantsLines } from "./send-media.ts";
import { namesVersion, versionTag } from "./version-tag.ts";

export interface OperationsDeps {
  readonly access: Access;
  readonly clock: Clock;
  /** Derived from the server's key: bodies are remembered as HMACs under it. */
  readonly requestKey: Uint8Array;
  /** Who is being answered: a request that waits ends with its key. */
  readonly waitingKeys: WaitingKeys;
  readonly tellDoors: TellDoors;
  /** Aborted when the server begins to stop, so that nobody's waiting keeps it. */
  readonly stopping: AbortSignal;
  /** Holds each answer to its schema, and fails the request when it is not of it: for tests. */
  readonly checkAnswers?: boolean;
}

export interface ServeOptions {
  /** In place of `ANSWER_MS_MAX`, for what is known to take longer. */
  readonly answerMsMax?: number;
  /** In place of `BODY_BYTES_MAX`. */
  readonly bodyLimit?: number;
  /** Left out of the rate limit. */
  readonly isUncounted?: true;
}

export type OperationHandler<Id extends NativeOperationId> = (request: OperationRequest<Id>) => Promise<AnswerOf<Id>>;

/** Serves one operation of the table: reads what comes by its schemas, asks whether the key may, and answers with its status. */
export type Serve = <Id extends NativeOperationId>(id: Id, handler: OperationHandler<Id>, options?: ServeOptions) => void;

/** The routes of v2, each added by the operation it serves. */
export function serveOperations(routes: FastifyInstance, deps: OperationsDeps): Serve {
  return (id, handler, options = {}) => {
    const operation: OperationSpec = NATIVE_OPERATIONS[id];
    const read = readersOf(operation);
    const checkAnswer = deps.checkAnswers === true && operation.answer !== null ? Compile(operation.answer) : null;
    routes.route({
      // biome-ignore lint/nursery/noUnsafeTypeAssertion: the methods of the table are among Fastify's.
      method: operation.method as HTTPMethods,
      // A colon of the path's own is written twice for the router.
      url: operation.path.replaceAll(":", "::").replace(/\{(\w+)\}/g, ":$1"),
      ...(options.bodyLimit === undefined ? {} : { bodyLimit: options.bodyLimit }),
      config: {
        operationId: id,
        ...(operation.access === "public" || operation.access === "operator" ? { access: operation.access } : {}),
        ...bodyConfig(operation),
        ...(options.isUncounted === undefined ? {} : { isUncounted: options.isUncounted }),
        ...(operation.awaitsDoors === true ? { awaitsDoors: true } : {}),
        ...(options.answerMsMax === undefined ? {} : { answerMsMax: options.answerMsMax }),
      },
      handler: async (request, reply) => {
        if (Array.isArray(operation.access)) requireScope(request.actor, operation.access);
        const asked = { params: read.params(request.params), query: read.query(request.query), body: read.body(request.body) };
        const answer = await underKey(operation, { request, reply, deps }, (ended) => {
          // Assigned to what is around it, because spreading that would ask for its actor where there is none.
          const whole: unknown = Object.assign(aroundCall(operation, id, { request, reply, deps, ended }), asked);
          // biome-ignore lint/nursery/noUnsafeTypeAssertion: read by the schemas of this very operation.
          return handler(whole as OperationRequest<typeof id>);
        });
        if (checkAnswer !== null) assert(checkAnswer.Check(answer), `the answer of ${id} has the form of its schema`);
        return send(operation, answer, { request, reply });
      },
    });
  };
}

function bodyConfig({ body, bodyIs, bodyMedia }: OperationSpec): { readonly body?: "optional" | "streamed" } {
  if (bodyMedia !== undefined) return { body: "streamed" };
  return body === null || bodyIs === "optional" ? { body: "optional" } : {};
}

function readersOf({ params, query, body, bodyIs }: OperationSpec) {
  const readParams = parametersReader(params);
  const readQuery = parametersReader(query);
  const readBody = body === null ? null : bodyReader(body);
  return {
    params: (value: unknown): unknown => accepted(readParams(value)),
    query: (value: unknown): unknown => accepted(readQuery(value)),
    body: (value: unknown): unknown => {
      if (readBody === null || (value === undefined && bodyIs === "optional")) return undefined;
      return accepted(readBody(value));
    },
  };
}

/** Answers while the key lives. What was read for a key that has ended meanwhile is told to nobody; what was done is. */
async function underKey<Answer>(
  { access, method, answerMedia }: OperationSpec,
  { request, reply, deps }: Pick<Around, "request" | "reply" | "deps">,
  answer: (ended: AbortSignal | null) => Promise<Answer>,
): Promise<Answer> {
  if (access === "operator" || access === "public") return answer(null);
  const { ended, leave }: WaitingRequest = deps.waitingKeys.enter(request.actor.keyId);
  // What is sent as it comes goes on after its handler: the key is waited under until the last byte.
  if (answerMedia !== undefined) {
    if (reply.raw.closed) leave();
    else reply.raw.once("close", leave);
    return answer(ended);
  }
  try {
    const answered = await answer(ended);
    if (ended.aborted && method === "GET") throw new NativeRefusal("key_refused");
    return answered;
  } finally {
    leave();
  }
}

interface Around {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly deps: OperationsDeps;
  /** Aborted when the key ends; null where there is none. */
  readonly ended: AbortSignal | null;
}

/** What a call carries beside what was asked. */
function aroundCall({ access, isIdempotent, bodyMedia }: OperationSpec, id: string, { request, reply, deps, ended }: Around) {
  const actor = (): Actor => {
    assert(access !== "operator" && access !== "public", "an actor is asked for on operations with a key of a group alone");
    return request.actor;
  };
  const place = (placeId: number) => {
    const asking = actor();
    // `any` valid key: its reach alone counts.
    return deps.access.place(asking, Array.isArray(access) ? access : [...asking.scopes], placeId);
  };
  const keyId = access === "operator" || access === "public" ? access : request.actor.keyId;
  const ifMatch = request.headers["if-match"] ?? null;
  return {
    get actor() {
      return actor();
    },
    by: access === "operator" ? { keyId: null, source: "OPERATOR" } : { keyId, source: "API_TOKEN" },
    place,
    placeOf: async (field: string, placeId: number | null) => {
      if (placeId === null) throw hidden(field);
      return place(placeId).catch((failure: unknown) => {
        // A refusal that named the place would tell that the thing is there.
        throw failure instanceof CodedError && failure.code === "e1007" ? hidden(field) : failure;
      });
    },
    ifMatch,
    streamedBody: (bytesMax: number) => ({
      mediaType: mediaTypeOf(request.contentTypeSent, bodyMedia ?? []),
      chunks: bodyChunks(request.raw, bytesMax),
    }),
    header: (name: string) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : (value ?? null);
    },
    origin: originOf(request),
    tellDoors: (authId: number) => deps.tellDoors({ request, reply }, authId),
    tellDuplicates: (authIds: readonly number[]) => tellDuplicates(reply, authIds),
    once: isIdempotent === true ? requestNameOf(request, { keyId, key: deps.requestKey, nowMs: deps.clock.nowMs(), operation: id }) : null,
    signal: AbortSignal.any([goneSignal(reply), deps.stopping, ...(ended === null ? [] : [ended])]),
    source: sourceOf(request.ip),
  };
}

/** The same for a thing that does not exist and for somebody else's. */
export function hidden(field: string): NativeRefusal {
  return new NativeRefusal("not_found", { problems: [{ field, message: "names nothing within reach" }] });
}

function send(
  { status, isVersioned, versionLeavesOut, method, answerMedia, lines }: OperationSpec,
  answer: unknown,
  { request, reply }: Pick<Around, "request" | "reply">,
): unknown {
  reply.code(status);
  if (answer === undefined) return reply.send();
  if (answerMedia !== undefined) return sendAsItComes(answerMedia, answer, reply);
  if (lines !== undefined && wantsLines(request.headers.accept)) return sendLines(lines, answer, reply);
  if (isVersioned === true) {
    const tag = versionTag(answer, versionLeavesOut);
    reply.header("etag", tag);
    const known = request.headers["if-none-match"];
    // Where the version does not tell everything, what is left out may have changed: whoever reads is answered whole.
    const isWhole = versionLeavesOut === undefined;
    if (method === "GET" && isWhole && known !== undefined && namesVersion(known, tag)) return reply.code(304).send();
  }
  return answer;
}
