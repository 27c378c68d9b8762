import { type DownKind, downFilter, downKindOf, LINK_PACKET_BYTES_MAX, type UpKind, upTopic } from "@postern/contract";
import { connect, type MqttClient } from "mqtt";
import { GREETING_MS_MAX, LINK_KEEPALIVE_SECONDS } from "../limits.ts";

/** One connection to the server, from CONNECT to its end. */
export interface LinkConnection {
  /** Resolves when the frame has been written; rejects when the connection has gone. */
  send(kind: UpKind, payload: string): Promise<void>;
  /** Ends it; nothing more is told of it. */
  close(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly serial: string;
  readonly password: string;
}

/** What a connection tells, in this order: `onConnected` at most once, frames, and one of the last two exactly once unless it was closed. */
export interface LinkListener {
  readonly onConnected: () => void;
  readonly onFrame: (kind: DownKind, payload: Uint8Array) => void;
  /** Something has been heard, a keepalive too. */
  readonly onHeard: () => void;
  /** The server did not accept who we say we are. */
  readonly onRefused: () => void;
  readonly onLost: (cause: unknown) => void;
}

export type OpenLink = (options: LinkOptions, listener: LinkListener) => LinkConnection;

/** CONNACK's return codes for a password or a client that is not accepted [MQTT-3.2.2-4]. */
const NOT_ACCEPTED: ReadonlySet<number> = new Set([4, 5]);

/** Opens a connection over MQTT. It never reconnects by itself: each attempt needs a token of its own. */
export const openMqttLink: OpenLink = ({ url, serial, password }, listener) => {
  const client = connect(url, {
    protocolVersion: 4,
    clientId: serial,
    username: serial,
    password,
    clean: true,
    keepalive: LINK_KEEPALIVE_SECONDS,
    reconnectPeriod: 0,
    connectTimeout: GREETING_MS_MAX,
    resubscribe: false,
    queueQoSZero: false,
  });
  return new MqttLink(client, serial, listener);
};

class MqttLink implements LinkConnection {
  readonly #client: MqttClient;
  readonly #serial: string;
  readonly #listener: LinkListener;
  #isOver = false;
  #cause: unknown = null;

  constructor(client: MqttClient, serial: string, listener: LinkListener) {
    this.#client = client;
    this.#serial = serial;
    this.#listener = listener;
    client.on("connect", () => void this.#subscribe());
    client.on("packetreceive", () => {
      if (!this.#isOver) listener.onHeard();
    });
    client.on("message", (topic, payload) => this.#receive(topic, payload));
    client.on("error", (cause) => this.#fail(cause));
    client.on("close", () => this.#end(() => listener.onLost(this.#cause)));
  }

  async send(kind: UpKind, payload: string): Promise<void> {
    await this.#client.publishAsync(upTopic(this.#serial, kind), payload, { qos: 1 });
  }

  close(): void {
    this.#end(() => undefined);
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#client.subscribeAsync(downFilter(this.#serial), { qos: 1 });
      if (!this.#isOver) this.#listener.onConnected();
    } catch (cause) {
      this.#end(() => this.#listener.onLost(cause));
    }
  }

  #receive(topic: string, payload: Uint8Array): void {
    if (this.#isOver) return;
    const kind = downKindOf(topic, this.#serial);
    if (kind === null || payload.length > LINK_PACKET_BYTES_MAX) this.#end(() => this.#listener.onLost("frame_malformed"));
    else this.#listener.onFrame(kind, payload);
  }

  #fail(cause: unknown): void {
    this.#cause = cause;
    const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null;
    if (typeof code === "number" && NOT_ACCEPTED.has(code)) this.#end(() => this.#listener.onRefused());
    else this.#end(() => this.#listener.onLost(cause));
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.end(true);
    tell();
  }
}
