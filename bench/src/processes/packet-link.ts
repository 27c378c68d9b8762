import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";

export interface LinkAddress {
  /** `mqtt://host:port` */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Buffer;
  /** The address it comes from; any unless named. */
  readonly localAddress?: string;
}

/** Called with each message: its topic and its bytes. */
export type MessageListener = (topic: string, payload: Buffer) => void;

/** An MQTT 3.1.1 client that costs as little as can be, so that a hundred of them leave the processors to the server. */
export class PacketLink {
  readonly #socket: Socket;
  readonly #acknowledged = new Map<number, () => void>();
  #nextId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects and subscribes to one filter; messages go to the listener from then on. */
  static async open(
    { url, clientId, localAddress, ...login }: LinkAddress,
    filter: string | null,
    listener: MessageListener,
  ): Promise<PacketLink> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    const link = new PacketLink(socket);
    const steps = new Map<string, (packet: Packet) => void>();
    const packets = parser({ protocolVersion: 4 });
    packets.on("packet", (packet) => link.#received(packet, listener, steps));
    socket.on("data", (bytes) => packets.parse(bytes));
    socket.on("error", () => undefined);
    // Rejects with the error of a connection that was refused.
    await once(socket, "connect");
    const step = (cmd: string): Promise<Packet> =>
      new Promise((resolve, reject) => {
        steps.set(cmd, resolve);
        socket.once("close", () => reject(new TypeError(`the connection ended before ${cmd}`)));
      });
    const admitted = step("connack");
    socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 120, clientId, ...login }));
    const answer = await admitted;
    if (answer.cmd !== "connack" || answer.returnCode !== 0) throw new TypeError(`not admitted: ${JSON.stringify(answer)}`);
    if (filter !== null) {
      const subscribed = step("suback");
      socket.write(generate({ cmd: "subscribe", messageId: 65_535, subscriptions: [{ topic: filter, qos: 1 }] }));
      await subscribed;
    }
    return link;
  }

  /** Resolves with the acknowledgement; never when the connection ends. */
  publish(topic: string, payload: string | Buffer): Promise<void> {
    this.#nextId = (this.#nextId % 60_000) + 1;
    const messageId = this.#nextId;
    const acknowledged = new Promise<void>((resolve) => this.#acknowledged.set(messageId, resolve));
    this.#socket.write(generate({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId }));
    return acknowledged;
  }

  /** Bytes received so far, with all that MQTT adds. */
  get bytesDown(): number {
    return this.#socket.bytesRead;
  }

  /** Bytes sent so far. */
  get bytesUp(): number {
    return this.#socket.bytesWritten;
  }

  /** Calls the listener once, when the connection has ended. */
  whenClosed(listener: () => void): void {
    if (this.#socket.closed) listener();
    else this.#socket.once("close", listener);
  }

  async end(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end(generate({ cmd: "disconnect" }));
    this.#socket.destroySoon();
    await closed;
  }

  #received(packet: Packet, listener: MessageListener, steps: ReadonlyMap<string, (packet: Packet) => void>): void {
    if (packet.cmd === "publish") {
      if (packet.qos === 1 && packet.messageId !== undefined) this.#socket.write(generate({ cmd: "puback", messageId: packet.messageId }));
      listener(packet.topic, Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload));
    } else if (packet.cmd === "puback" && packet.messageId !== undefined) {
      this.#acknowledged.get(packet.messageId)?.();
      this.#acknowledged.delete(packet.messageId);
    } else {
      steps.get(packet.cmd)?.(packet);
    }
  }
}
