import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { downFilter, upTopic } from "@postern/contract";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { eventually } from "../../support/eventually.ts";

/** A socket that sends what it is told, MQTT or not, and keeps the packets that come back. */
export class RawClient {
  readonly socket: Socket;
  readonly packets: Packet[] = [];
  isEnded = false;
  #isAcknowledging = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", (packet) => this.#received(packet));
    socket.on("data", (bytes: Buffer) => void incoming.parse(bytes));
    socket.on("error", () => undefined);
    socket.on("end", () => {
      this.isEnded = true;
    });
    socket.on("close", () => {
      this.isEnded = true;
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** Connected and subscribed as this serial. */
  static async join(port: number, serial: string, connectFields: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.send(connectPacket(serial, connectFields), subscribePacket(serial));
    await client.packet("connack");
    await client.packet("suback");
    return client;
  }

  stopAcknowledging(): void {
    this.#isAcknowledging = false;
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The next packet of this kind that was not taken yet. */
  packet(cmd: Packet["cmd"]): Promise<Packet> {
    return eventually(`a ${cmd} packet`, () => {
      const index = this.packets.findIndex((one) => one.cmd === cmd);
      return index === -1 ? undefined : this.packets.splice(index, 1)[0];
    });
  }

  /** The server has ended the connection. */
  async ended(): Promise<void> {
    await eventually("the end of the connection", () => this.isEnded);
  }

  close(): void {
    this.socket.destroy();
  }

  #received(packet: Packet): void {
    this.packets.push(packet);
    if (packet.cmd !== "publish" || packet.messageId === undefined || !this.#isAcknowledging) return;
    this.socket.write(generate({ cmd: "puback", messageId: packet.messageId }));
  }
}

export function connectPacket(serial: string, fields: Partial<IConnectPacket> = {}): Buffer {
  const usual = { cmd: "connect", clientId: serial, username: serial, password: Buffer.from("token"), clean: true, keepalive: 30 } as const;
  return generate({ ...usual, ...fields });
}

export function subscribePacket(serial: string, topic = downFilter(serial), qos: 0 | 1 | 2 = 1): Buffer {
  return generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos }] });
}

export interface PublishFields {
  readonly topic?: string;
  readonly payload?: string | Buffer;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly messageId?: number;
}

export function publishPacket(serial: string, fields: PublishFields = {}): Buffer {
  const usual = {
    cmd: "publish",
    topic: upTopic(serial, "events"),
    payload: "{}",
    qos: 1,
    messageId: 1,
    retain: false,
    dup: false,
  } as const;
  return generate({ ...usual, ...fields });
}
