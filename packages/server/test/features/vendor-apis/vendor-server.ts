import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock, systemTimers } from "@postern/core";
import { OutgoingHttp } from "../../../src/platform/outgoing/outgoing-http.ts";
import { readAllowedHost } from "../../../src/platform/outgoing/target-rules.ts";
import { selfSigned } from "../../gateway/mqtt/self-signed.ts";

export interface AskedOfVendor {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type AnswerAsVendor = (asked: AskedOfVendor, response: ServerResponse) => void;

/** A customer's server on loopback, with a certificate of its own. */
export interface VendorServer extends AsyncDisposable {
  readonly url: string;
  readonly cert: string;
  readonly asked: AskedOfVendor[];
  /** Connections that were made to it. */
  readonly connectionCount: () => number;
  answer: AnswerAsVendor;
  /** Requests to it alone of all servers that are not public: it is allowed by its address, unless told otherwise. */
  outgoing(options?: {
    readonly isAllowed?: boolean;
    readonly isTrusted?: boolean;
    readonly alsoAllowed?: readonly string[];
  }): OutgoingHttp;
}

export function answerJson(
  json: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): AnswerAsVendor {
  return (_asked, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
}

export async function startVendorServer(): Promise<VendorServer> {
  const { cert, key } = selfSigned();
  const asked: AskedOfVendor[] = [];
  const sockets = new Set<Duplex>();
  let connectionCount = 0;
  const outgoing: OutgoingHttp[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      asked.push(one);
      vendor.answer(one, response);
    })();
  });
  server.on("secureConnection", () => {
    connectionCount += 1;
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  const vendor: VendorServer = {
    url: `https://127.0.0.1:${port}/doors`,
    cert,
    asked,
    connectionCount: () => connectionCount,
    answer: answerJson({ ok: true }),
    outgoing: ({ isAllowed = true, isTrusted = true, alsoAllowed = [] } = {}) => {
      const texts = isAllowed ? [`127.0.0.1:${port}`, ...alsoAllowed] : [];
      const allowedHosts = texts.map((text) => readAllowedHost(text)).filter((host) => host !== null);
      const made = new OutgoingHttp({
        ...{ clock: systemClock, timers: systemTimers, allowedHosts },
        ...(isTrusted ? { authority: cert } : {}),
        // Whatever the name: for what is not allowed by its number.
        ...(isAllowed ? {} : { resolve: async () => [{ address: "127.0.0.1", family: 4 }] }),
      });
      outgoing.push(made);
      return made;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const one of outgoing) one.close();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return vendor;
}
