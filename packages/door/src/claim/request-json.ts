import { doorError } from "../errors.ts";
import { HTTP_ANSWER_BYTES_MAX } from "../limits.ts";

export interface JsonAnswer {
  readonly status: number;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  /** The `Date` header. */
  readonly date: string | null;
}

export interface JsonRequest {
  readonly method: "GET" | "POST";
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** One HTTP request and its bounded JSON answer, without redirects. A server that cannot be reached or does not answer is `server_away`. */
export async function requestJson(url: URL, { method, body, signal }: JsonRequest): Promise<JsonAnswer> {
  try {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(url, { method, redirect: "error", signal, ...content });
    return { status: answer.status, body: parseJson(await boundedText(answer)), date: answer.headers.get("date") };
  } catch (cause) {
    throw doorError("server_away", { context: { url: url.href }, cause });
  }
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the rest of the answer.
    if (bytes > HTTP_ANSWER_BYTES_MAX) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
