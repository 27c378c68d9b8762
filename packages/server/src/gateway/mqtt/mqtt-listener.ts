import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { assert, type Clock, type Log, type Timer, type Timers } from "@postern/core";
import { Admission } from "./admission.ts";
import { MQTT_LIMITS, type MqttLimits } from "./limits.ts";
import type { LinkHandler } from "./link-handler.ts";
import { MqttConnection, type MqttConnectionDeps } from "./mqtt-connection.ts";

export type { LinkConnection, LinkHandler } from "./link-handler.ts";

export interface MqttListenerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** PEM. Without it the listener speaks plain TCP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly handler: LinkHandler;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits?: Partial<MqttLimits>;
}

export interface MqttListener {
  readonly port: number;
  /** Sockets held, in whatever stage. */
  connectionCount(): number;
  /** Ends every connection; resolves when the handler has nothing running for one any more. Idempotent. */
  stop(): Promise<void>;
}

/** After a restart every controller comes at once; beyond this the kernel drops SYNs, and they come again by themselves. */
const BACKLOG_COUNT_MAX = 4_096;

/** Listens for controllers. Rejects with Node's own error when the port cannot be had, or the certificate cannot be used. */
export async function startMqttListener(options: MqttListenerOptions): Promise<MqttListener> {
  const secureContext = options.tls === undefined ? null : createSecureContext({ ...options.tls, minVersion: "TLSv1.2" });
  const connections = new MqttConnections(options, secureContext);
  const server = createServer({ noDelay: true }, (socket) => connections.accept(socket));
  await listen(server, options);
  server.on("error", (cause) => options.log.error("link.accept_failed", { cause }));
  connections.startSweeping();
  const address = server.address();
  assert(address !== null && typeof address === "object", "a listening TCP server has a port");
  let stopped: Promise<void> | null = null;
  return {
    port: (address satisfies AddressInfo).port,
    connectionCount: () => connections.count,
    stop: () => {
      stopped ??= stop(server, connections);
      return stopped;
    },
  };
}

function listen(server: Server, { host, port }: MqttListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG_COUNT_MAX }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function stop(server: Server, connections: MqttConnections): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  await connections.stop();
  await closed;
}

class MqttConnections {
  readonly #options: MqttListenerOptions;
  readonly #secureContext: SecureContext | null;
  readonly #limits: MqttLimits;
  readonly #deps: MqttConnectionDeps;
  readonly #connections = new Set<MqttConnection>();
  /** Of connections that have closed: what the handler still does for them. */
  readonly #settling = new Set<Promise<void>>();
  #sweeping: Timer | null = null;
  #turnedAwayCount = 0;
  #isStopping = false;

  constructor(options: MqttListenerOptions, secureContext: SecureContext | null) {
    this.#options = options;
    this.#secureContext = secureContext;
    this.#limits = { ...MQTT_LIMITS, ...options.limits };
    const { handler, log, clock, timers } = options;
    this.#deps = {
      handler,
      log,
      clock,
      timers,
      limits: this.#limits,
      admission: new Admission(options.clock, this.#limits),
      ended: (one) => this.#ended(one),
    };
  }

  get count(): number {
    return this.#connections.size;
  }

  accept(socket: Socket): void {
    const { remoteAddress } = socket;
    const isFull = this.#isStopping || this.#connections.size >= this.#limits.connectionCountMax;
    const leaveAdmission = remoteAddress === undefined || isFull ? null : this.#deps.admission.admit(remoteAddress);
    if (remoteAddress === undefined || leaveAdmission === null) {
      this.#turnedAwayCount += 1;
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    const connection = new MqttConnection(this.#deps, { socket: this.#secured(socket), remoteAddress, leaveAdmission });
    this.#connections.add(connection);
    connection.start();
  }

  /** The handshake is part of what must be done before CONNECT's deadline, and counts as a socket without CONNACK. */
  #secured(socket: Socket): Socket {
    return this.#secureContext === null ? socket : new TLSSocket(socket, { isServer: true, secureContext: this.#secureContext });
  }

  /** One timer for all: a timer each would cost 10,000 connections more than everything else about them. */
  startSweeping(): void {
    this.#sweeping = this.#options.timers.after("link.sweep", this.#limits.sweepMs, () => {
      const nowMs = this.#options.clock.monotonicMs();
      for (const connection of this.#connections) connection.sweep(nowMs);
      this.#reportTurnedAway();
      this.startSweeping();
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#sweeping?.cancel();
    for (const connection of this.#connections) connection.close("stopping");
    while (this.#settling.size > 0) await Promise.all(this.#settling);
  }

  #ended(connection: MqttConnection): void {
    this.#connections.delete(connection);
    const settling = connection.settled().then(() => {
      this.#settling.delete(settling);
    });
    this.#settling.add(settling);
  }

  /** One line a sweep, however many knock. */
  #reportTurnedAway(): void {
    if (this.#turnedAwayCount > 0) this.#options.log.warn("link.sockets_turned_away", { count: this.#turnedAwayCount });
    this.#turnedAwayCount = 0;
  }
}
