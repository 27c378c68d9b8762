import { type PosternClient, posternClient } from "@postern/client";
import { failure } from "./failure.ts";

/** A server and the key to use there. */
export interface ApiTarget {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Every call of v2. */
export function clientOf({ baseUrl, apiKey }: ApiTarget): PosternClient {
  return posternClient({ baseUrl, key: apiKey });
}

/** A call of v1, as an integration makes it. */
export interface ApiRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const REQUEST_MS_MAX = 40_000;

/** One call. A refusal of the server becomes a failure with the server's own code and words. */
export async function callApi(target: ApiTarget, request: ApiRequest): Promise<unknown> {
  const { method = "GET", path, body, signal, timeoutMs = REQUEST_MS_MAX } = request;
  const limit = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(new URL(path, target.baseUrl), {
    method,
    headers: { authorization: `Bearer ${target.apiKey}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw failure("server_away", `No server answers at ${target.baseUrl}. Is it running? Start it with \`npm start\`.`, cause);
  });
  const value: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw refusal(answer.status, value);
  return value;
}

/** CLUe's `{errors:[{code, message}]}` and RFC 9457's problem alike. */
function refusal(status: number, value: unknown): Error {
  const errors = member(value, "errors");
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const code = text(member(value, "code")) ?? text(member(first, "code")) ?? `http_${status}`;
  const detail = text(member(value, "detail")) ?? text(member(first, "message")) ?? `The server answered ${status}.`;
  const fields = member(first, "details") ?? errors;
  const named = Array.isArray(fields) ? fields.flatMap((field) => fieldText(field)).join("; ") : "";
  return failure(code, named === "" ? detail : `${detail} (${named})`);
}

function fieldText(value: unknown): string[] {
  const field = text(member(value, "field"));
  return field === undefined ? [] : [`${field} ${text(member(value, "message")) ?? ""}`.trim()];
}

export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
