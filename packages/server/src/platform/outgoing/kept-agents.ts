import { type AgentOptions, Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ANNOUNCED_IDLE_SOCKET_MS_MAX, IDLE_SOCKET_MS_MAX } from "./limits.ts";

/** Connections whose servers said with their last answer for how long they keep them. */
const announced = new WeakSet<Duplex>();

/** Looks for `Keep-Alive: timeout=60` in an answer, as Node's own agents read it. */
export function heedAnnounced({ socket, headers }: IncomingMessage): void {
  if (/^timeout=\d/.test(String(headers["keep-alive"]))) announced.add(socket);
  else announced.delete(socket);
}

/** What Node's agents do, which keep a connection for a second less than its server announces; and for a few seconds where it announces nothing. */
function keep(socket: Duplex, isKept: unknown): boolean {
  if (socket instanceof Socket && !announced.has(socket)) socket.setTimeout(IDLE_SOCKET_MS_MAX);
  return isKept === true;
}

/**
 * Keeps connections for the next request, each for as long as its server does: a request on one that the other side is just closing is lost, and nobody
 * knows whether it was taken.
 */
export class KeptHttpAgent extends HttpAgent {
  constructor(options: AgentOptions) {
    super({ ...options, keepAlive: true, timeout: ANNOUNCED_IDLE_SOCKET_MS_MAX });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return keep(socket, super.keepSocketAlive(socket));
  }
}

/** The same over TLS. */
export class KeptHttpsAgent extends HttpsAgent {
  constructor(options: HttpsAgentOptions) {
    super({ ...options, keepAlive: true, timeout: ANNOUNCED_IDLE_SOCKET_MS_MAX });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return keep(socket, super.keepSocketAlive(socket));
  }
}
