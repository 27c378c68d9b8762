import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { type Clock, CodedError, type Timers } from "@postern/core";
import { checkedLookup, type ResolveName } from "./checked-lookup.ts";
import { heedAnnounced, KeptHttpAgent, KeptHttpsAgent } from "./kept-agents.ts";
import * as limits from "./limits.ts";
import { resolveBySystem, resolveInDns } from "./resolve-name.ts";
import { type AllowedHost, type Target, targetOf } from "./target-rules.ts";

export interface OutgoingDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly allowedHosts: readonly AllowedHost[];
  /** In place of the machine's: for tests. */
  readonly resolve?: ResolveName;
  /** Connections to one host and port, in use and kept; as webhooks have them where left out. */
  readonly socketsPerTarget?: { readonly inUse: number; readonly kept: number };
  /** A certificate to trust in place of the machine's authorities: for tests. */
  readonly authority?: string;
}

export interface OutgoingRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first step to the last byte of the answer. */
  readonly budgetMs: number;
  /** Of the answer's body; the rest is not read. */
  readonly answerBytesMax: number;
  readonly signal?: AbortSignal;
}

/** Why there is no answer. `isSent` of the result says whether the other side may have had the request. */
export type OutgoingFailure =
  | "target_refused"
  | "address_refused"
  | "name_unknown"
  | "not_connected"
  | "tls_failed"
  | "late"
  | "connection_lost"
  | "stopped";

export type OutgoingResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
      /** There was more of it. */
      readonly isCut: boolean;
      readonly durationMs: number;
    }
  | { readonly kind: "failed"; readonly because: OutgoingFailure; readonly isSent: boolean; readonly durationMs: number };

/**
 * Requests to servers of customers. Each is bounded in time and size, goes to an address that was judged at the moment of its connection, and follows no
 * redirect: a 3xx is an answer like any other. Connections are kept for a moment.
 */
export class OutgoingHttp {
  readonly #deps: OutgoingDeps;
  readonly #agents: Readonly<Record<"open" | "allowed", Agents>>;

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
    this.#agents = {
      open: agents(checkedLookup(deps.resolve ?? resolveInDns(), false), deps),
      allowed: agents(checkedLookup(deps.resolve ?? resolveBySystem, true), deps),
    };
  }

  /** What is wrong with a customer's address, in words that follow its field; null: nothing that can be seen without asking for it. */
  problemOf(url: string): string | null {
    const target = targetOf(url, this.#deps.allowedHosts);
    return target.kind === "refused" ? target.message : null;
  }

  /** Never rejects. */
  async send(request: OutgoingRequest): Promise<OutgoingResult> {
    const beganMs = this.#deps.clock.monotonicMs();
    const target = targetOf(request.url, this.#deps.allowedHosts);
    const took = (): number => Math.round(this.#deps.clock.monotonicMs() - beganMs);
    if (target.kind === "refused") return { kind: "failed", because: "target_refused", isSent: false, durationMs: took() };
    const late = new AbortController();
    const timer = this.#deps.timers.after("an outgoing request", request.budgetMs, () => late.abort());
    const exchange = new Exchange(request, target, this.#agents[target.isAllowed ? "allowed" : "open"]);
    const signal = request.signal === undefined ? late.signal : AbortSignal.any([late.signal, request.signal]);
    try {
      return { kind: "answered", ...(await exchange.run(signal)), durationMs: took() };
    } catch (cause) {
      const because = late.signal.aborted ? "late" : request.signal?.aborted === true ? "stopped" : exchange.failureOf(cause);
      return { kind: "failed", because, isSent: exchange.isSent, durationMs: took() };
    } finally {
      timer.cancel();
    }
  }

  /** Ends what is kept. */
  close(): void {
    for (const { plain, secure } of Object.values(this.#agents)) {
      plain.destroy();
      secure.destroy();
    }
  }
}

const USUAL_SOCKETS = { inUse: limits.SOCKETS_PER_TARGET_MAX, kept: limits.IDLE_SOCKETS_PER_TARGET_MAX };

interface Agents {
  readonly plain: KeptHttpAgent;
  readonly secure: KeptHttpsAgent;
}

function agents(lookup: LookupFunction, { authority, socketsPerTarget = USUAL_SOCKETS }: OutgoingDeps): Agents {
  const options = {
    maxSockets: socketsPerTarget.inUse,
    maxFreeSockets: socketsPerTarget.kept,
    lookup,
  };
  return {
    plain: new KeptHttpAgent(options),
    secure: new KeptHttpsAgent({ ...options, ...(authority === undefined ? {} : { ca: authority }) }),
  };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly isCut: boolean;
}

/** One request on one connection. */
class Exchange {
  readonly #request: OutgoingRequest;
  readonly #url: URL;
  readonly #agents: Agents;
  #isConnected = false;

  constructor(request: OutgoingRequest, { url }: Target & { kind: "target" }, { plain, secure }: Agents) {
    this.#request = request;
    this.#url = url;
    this.#agents = { plain, secure };
  }

  /** Whether the other side may have had the request. */
  get isSent(): boolean {
    return this.#isConnected;
  }

  run(signal: AbortSignal): Promise<Answered> {
    const { method, headers, body } = this.#request;
    const isPlain = this.#url.protocol === "http:";
    const options = {
      method,
      signal,
      agent: isPlain ? this.#agents.plain : this.#agents.secure,
      maxHeaderSize: limits.ANSWER_HEADER_BYTES_MAX,
      headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
    };
    return new Promise((resolve, reject) => {
      const sending = (isPlain ? httpRequest : httpsRequest)(this.#url, options);
      sending.once("socket", (socket) => {
        if (!socket.connecting) {
          this.#isConnected = true;
          return;
        }
        socket.once(isPlain ? "connect" : "secureConnect", () => {
          this.#isConnected = true;
        });
      });
      sending.once("error", reject);
      sending.once("response", (response) => {
        heedAnnounced(response);
        this.#readAnswer(response).then(resolve, reject);
      });
      sending.end(body);
    });
  }

  async #readAnswer(response: IncomingMessage): Promise<Answered> {
    const { answerBytesMax } = this.#request;
    const chunks: Buffer[] = [];
    let count = 0;
    for await (const chunk of response) {
      // Without an encoding a response gives bytes.
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      count += chunk.length;
      // Leaving the loop ends the connection with it.
      if (count > answerBytesMax) break;
    }
    const body = Buffer.concat(chunks).subarray(0, answerBytesMax);
    return { status: response.statusCode ?? 0, headers: response.headers, body, isCut: count > answerBytesMax };
  }

  failureOf(cause: unknown): OutgoingFailure {
    if (cause instanceof CodedError) return cause.code === "address_refused" ? "address_refused" : "name_unknown";
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (this.#isConnected) return "connection_lost";
    if (code === "ENOTFOUND" || code.startsWith("EAI_")) return "name_unknown";
    return /^(ERR_(SSL|TLS)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH)/.test(code)
      ? "tls_failed"
      : "not_connected";
  }
}
