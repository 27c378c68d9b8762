import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "./byte-budget.ts";
import { BUSY_RETRY_S, DISCARD_BYTES_MAX } from "./http-limits.ts";
import { NativeRefusal } from "./native-refusal.ts";

export interface BodyLimits {
  readonly bytesMax: number;
  /** What all requests in flight share. Bytes taken from it come back when the response has gone, however it went. */
  readonly budget: ByteBudget;
}

/** Clients that asked before sending (`Expect: 100-continue`) and have not been told to go on. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Notes that the client waits for a word before it sends the body. */
export function holdBack(request: IncomingMessage, response: ServerResponse): void {
  waiting.set(request, response);
}

/**
 * Reads a whole body. A declared length is refused or reserved before the first byte; a body without one is counted as it comes. Fails with
 * `body_too_large` or, when the budget is spent, `too_many_requests`.
 */
export async function readBodyBytes(request: IncomingMessage, response: ServerResponse, limits: BodyLimits): Promise<Buffer> {
  const declared = declaredLength(request);
  if (declared !== null && declared > limits.bytesMax) throw tooLarge(limits.bytesMax);
  let reserved = 0;
  const reserve = (bytes: number): void => {
    if (!limits.budget.take(bytes)) throw budgetSpent();
    reserved += bytes;
  };
  response.once("close", () => limits.budget.give(reserved));
  if (declared !== null) reserve(declared);
  waiting.get(request)?.writeContinue();
  return collect(request, (length) => {
    if (length > limits.bytesMax) throw tooLarge(limits.bytesMax);
    if (length > reserved) reserve(length - reserved);
  });
}

/**
 * The bytes of a body as they come, at the pace of whoever takes them: what is not taken stays in the socket. Fails with `body_too_large`, or with
 * `body_malformed` when the connection ends before the body does.
 */
export async function* bodyChunks(request: IncomingMessage, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
  waiting.get(request)?.writeContinue();
  let length = 0;
  try {
    // Kept alive when somebody stops taking, so that the rest can be discarded and the client hears the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk;
      length += bytes.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      yield bytes;
    }
  } catch (failure) {
    throw failure instanceof NativeRefusal ? failure : cutShort(failure);
  }
}

function cutShort(cause: unknown): NativeRefusal {
  return new NativeRefusal("body_malformed", { detail: "The connection ended before the body did.", cause });
}

/** `judge` sees the length so far and throws to end it. */
async function collect(request: IncomingMessage, judge: (length: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The stream is kept alive after a refusal, so that the rest can be discarded and the client hears the answer.
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes: Buffer = chunk;
      length += bytes.length;
      judge(length);
      chunks.push(bytes);
    }
  } catch (failure) {
    throw failure instanceof NativeRefusal ? failure : cutShort(failure);
  }
  return Buffer.concat(chunks, length);
}

/**
 * Lets a body that nobody reads pass by, so that a client which sends before it listens still hears the answer; a larger one is cut off.
 * Does nothing when the body was read.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left = DISCARD_BYTES_MAX;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.socket.destroy();
  });
}

/** Node has refused a length that is not a number, and two that differ, before any of this. */
function declaredLength(request: IncomingMessage): number | null {
  const header = request.headers["content-length"];
  return header === undefined ? null : Number(header);
}

function tooLarge(bytesMax: number): NativeRefusal {
  const message = `must have at most ${bytesMax} bytes`;
  return new NativeRefusal("body_too_large", { problems: [{ field: "body", message }] });
}

function budgetSpent(): NativeRefusal {
  return new NativeRefusal("too_many_requests", {
    status: 503,
    retryAfterS: BUSY_RETRY_S,
    detail: "Too many large requests are under way; try again later.",
  });
}
