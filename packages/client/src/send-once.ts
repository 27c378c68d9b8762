import type { OperationSpec } from "@postern/contract";
import type { Timers } from "@postern/core";
import { ANSWER_BYTES_MAX } from "./limits.ts";
import type { AnyCall, Exchange, MediaBody } from "./operation-call.ts";
import { PosternError } from "./postern-error.ts";
import { failureOf } from "./read-failure.ts";

export interface Wire {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: string | null;
  readonly fetch: typeof fetch;
  readonly timers: Timers;
  readonly timeoutMs: number;
}

/** One try of one call. Rejects with the signal's reason when that ended it, else with a `PosternError`. */
export async function sendOnce(wire: Wire, operation: OperationSpec, call: AnyCall): Promise<Exchange<unknown>> {
  call.signal?.throwIfAborted();
  const late = new AbortController();
  const limit = wire.timers.after("a call's answer", call.timeoutMs ?? wire.timeoutMs, () => late.abort());
  const signal = call.signal === undefined ? late.signal : AbortSignal.any([call.signal, late.signal]);
  try {
    // A redirect is an answer that is not ours: the key goes nowhere but to the server it was given for.
    const response = await wire.fetch(urlOf(wire.baseUrl, operation, call), {
      ...requestOf(wire, operation, call),
      signal,
      redirect: "manual",
    });
    return await readAnswer(response);
  } catch (cause) {
    call.signal?.throwIfAborted();
    if (cause instanceof PosternError) throw cause;
    if (late.signal.aborted)
      throw new PosternError("answer_late", { class: "ambiguous", text: "The server did not answer in time.", cause });
    throw new PosternError("server_away", {
      class: wasSent(cause) ? "ambiguous" : "transient",
      text: `No server answers at ${wire.baseUrl}.`,
      cause,
    });
  } finally {
    limit.cancel();
  }
}

export function urlOf(baseUrl: string, { path }: OperationSpec, { params = {}, query = {} }: AnyCall): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? "")));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return `${baseUrl}/v2${filled}${search.size === 0 ? "" : `?${search.toString()}`}`;
}

function requestOf({ key }: Wire, { method, bodyMedia }: OperationSpec, { body, idempotencyKey, ifMatch }: AnyCall): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  if (key !== null) headers["authorization"] = `Bearer ${key}`;
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  if (ifMatch !== undefined) headers["if-match"] = ifMatch;
  if (body === undefined) return { method, headers };
  if (bodyMedia === undefined) return { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the contract says which operations take a body of this form.
  const { mediaType, content } = body as MediaBody;
  // What comes as a stream is sent before the answer is read: `fetch` wants that to be said.
  const once: RequestInit & { readonly duplex: "half" } = {
    method,
    headers: { ...headers, "content-type": mediaType },
    body: content,
    duplex: "half",
  };
  return once;
}

/** Codes of Node.js for a connection that was never made. A browser does not tell, and then it counts as sent. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

export function wasSent(failure: unknown): boolean {
  const cause = failure instanceof Error ? failure.cause : undefined;
  return !(cause instanceof Error && "code" in cause && typeof cause.code === "string" && NEVER_SENT.has(cause.code));
}

/** What a server said that refused. */
export async function refusalOf(response: Response): Promise<PosternError> {
  return failureOf(response, parsed(await boundedText(response)));
}

async function readAnswer(response: Response): Promise<Exchange<unknown>> {
  if (!response.ok) throw await refusalOf(response);
  const words = await boundedText(response);
  const value = words === "" ? undefined : parsed(words);
  const { status, headers } = response;
  const requestId = headers.get("x-request-id");
  if (value === null)
    throw new PosternError("answer_malformed", {
      class: "permanent",
      text: "This is not the answer of a Postern server.",
      status,
      requestId,
    });
  return { answer: value, etag: headers.get("etag"), status, requestId };
}

/** Null for what is no JSON, and for JSON's null, which no operation answers with. */
function parsed(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return null;
  }
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let [words, bytes] = ["", 0];
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    // Leaving the loop by an error ends the connection with it.
    if (bytes > ANSWER_BYTES_MAX)
      throw new PosternError("answer_too_large", { class: "permanent", text: "The answer is too large.", status: response.status });
    words += decoder.decode(chunk, { stream: true });
  }
  return words + decoder.decode();
}
