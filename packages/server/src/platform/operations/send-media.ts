import type { OperationSpec } from "@postern/contract";
import { assert } from "@postern/core";
import type { FastifyReply } from "fastify";
import type { SentAsItComes } from "./operation-request.ts";

/** An answer that is no JSON, from its first byte on. Proxies that would gather it are asked not to. */
export function sendAsItComes(media: string, answer: unknown, reply: FastifyReply): unknown {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: what handlers of such operations answer.
  const { body, status, headers = {} } = answer as SentAsItComes;
  if (status !== undefined) reply.code(status);
  reply.headers({ "content-type": media.startsWith("text/") ? `${media}; charset=utf-8` : media, "x-accel-buffering": "no", ...headers });
  return reply.send(body);
}

const LINES = "application/x-ndjson";

/** Whether a client named lines among what it accepts. */
export function wantsLines(accept: string | undefined): boolean {
  return (accept ?? "").split(",").some((range) => range.split(";")[0]?.trim().toLowerCase() === LINES);
}

/** One item a line (NDJSON), and in a header where to go on. */
export function sendLines({ of, next }: NonNullable<OperationSpec["lines"]>, answer: unknown, reply: FastifyReply): unknown {
  const items: unknown = member(answer, of);
  assert(Array.isArray(items), "an answer in lines has a list");
  reply.headers({ "content-type": `${LINES}; charset=utf-8`, "Postern-Next": String(member(answer, next)) });
  return reply.send(items.map((item: unknown) => `${JSON.stringify(item)}\n`).join(""));
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
