import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { NATIVE_CODES, NATIVE_OPERATIONS, type NativeCode, type NativeOperationId } from "@postern/contract";
import { Compile } from "typebox/compile";

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export type Answering = (asked: Asked, response: ServerResponse) => void;

/** A real HTTP server that answers as the test says, and remembers what it was asked. */
export interface AnsweringServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly asked: readonly Asked[];
  answering: Answering;
  /** Ends with all its connections, as a killed process does. */
  stop(): Promise<void>;
  /** Again at the same address. */
  start(): Promise<void>;
}

export async function startAnsweringServer(answering: Answering): Promise<AnsweringServer> {
  const asked: Asked[] = [];
  const own = { answering };
  let port = 0;
  let server = createServer();
  const start = async (): Promise<void> => {
    server = createServer((request, response) => void answer(request, response));
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    port = address.port;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const words = (await request.toArray()).join("");
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: words === "" ? undefined : (JSON.parse(words) as unknown) };
    asked.push(one);
    own.answering(one, response);
  };
  const stop = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await start();
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    asked,
    get answering() {
      return own.answering;
    },
    set answering(next) {
      own.answering = next;
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}

/** The answer of an operation; fails where the contract knows no such answer. */
export function answers(id: NativeOperationId, answer: unknown, headers: Readonly<Record<string, string>> = {}): Answering {
  const { status, answer: schema } = NATIVE_OPERATIONS[id];
  if (schema === null) assert.equal(answer, undefined);
  else assert.ok(Compile(schema).Check(answer), `${id} answers ${JSON.stringify(answer)}`);
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": "request-1", ...headers });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  };
}

/** A problem document (RFC 9457). */
export function refuses(
  code: NativeCode,
  { errors, headers = {} }: { errors?: unknown; headers?: Record<string, string> } = {},
): Answering {
  const { status, summary: title } = NATIVE_CODES[code];
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", "x-request-id": "request-2", ...headers });
    response.end(JSON.stringify({ type: `urn:postern:problem:${code}`, title, status, code, ...(errors === undefined ? {} : { errors }) }));
  };
}

/** Ends the connection without an answer, when the request was read. */
export const hangsUp: Answering = (_, response) => void response.socket?.destroy();

/** Never answers. */
export const staysSilent: Answering = () => undefined;
