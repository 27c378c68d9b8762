import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import {
  type AskFrame,
  type DownKind,
  downTopic,
  type EventsFrame,
  type HelloFrame,
  type ResultFrame,
  type RosterFrame,
  readAsk,
  readEvents,
  readHello,
  readResult,
  readSynced,
  type StoredFrame,
  type SyncedFrame,
  type UpKind,
  upKindOf,
  type WelcomeFrame,
} from "@postern/contract";
import { generate, type Packet, parser } from "mqtt-packet";
import { SERVED } from "./builders.ts";
import { eventually } from "./eventually.ts";

type UpFrame =
  | { readonly kind: "hello"; readonly frame: HelloFrame }
  | { readonly kind: "events"; readonly frame: EventsFrame }
  | { readonly kind: "ask"; readonly frame: AskFrame }
  | { readonly kind: "result"; readonly frame: ResultFrame }
  | { readonly kind: "synced"; readonly frame: SyncedFrame };

type FrameOf<Kind extends UpFrame["kind"]> = {
  readonly hello: HelloFrame;
  readonly events: EventsFrame;
  readonly ask: AskFrame;
  readonly result: ResultFrame;
  readonly synced: SyncedFrame;
}[Kind];

/** The server's end of one connection, played by a test. */
export class LinkPeer {
  readonly serial: string;
  readonly password: string;
  readonly frames: UpFrame[] = [];
  isClosed = false;
  readonly #socket: Socket;
  #messageId = 0;

  constructor(socket: Socket, serial: string, password: string) {
    this.#socket = socket;
    this.serial = serial;
    this.password = password;
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  send(kind: DownKind, frame: object | string): void {
    this.#messageId = (this.#messageId % 65_535) + 1;
    const payload = typeof frame === "string" ? frame : JSON.stringify(frame);
    if (!this.isClosed)
      this.#socket.write(
        generate({
          cmd: "publish",
          topic: downTopic(this.serial, kind),
          payload,
          qos: 1,
          messageId: this.#messageId,
          dup: false,
          retain: false,
        }),
      );
  }

  welcome(changes: Partial<WelcomeFrame> = {}): void {
    const frame: WelcomeFrame = {
      session: 1,
      controllerId: 178,
      placeId: 178,
      epoch: "one",
      serverMs: Date.now(),
      doors: [...SERVED],
      marks: [],
      ...changes,
    };
    this.send("welcome", frame);
  }

  roster(frame: RosterFrame): void {
    this.send("roster", frame);
  }

  stored(frame: StoredFrame): void {
    this.send("stored", frame);
  }

  /** The next frame of a kind that nobody has taken yet. */
  async next<Kind extends UpFrame["kind"]>(kind: Kind): Promise<FrameOf<Kind>> {
    const index = (): number => this.frames.findIndex((frame) => frame.kind === kind);
    await eventually(`a ${kind} frame`, () => index() >= 0 || this.isClosed);
    const [found] = this.frames.splice(index(), 1);
    if (found?.kind !== kind) throw new TypeError(`the connection closed before a ${kind} frame`);
    return found.frame as FrameOf<Kind>;
  }

  drop(): void {
    this.#socket.destroy();
  }
}

/** CONNACK's return code for a connection: 0 takes it. */
export type Admit = (serial: string, password: string) => number | Promise<number>;

/** A broker that knows nothing but the link: what it answers is the test's. */
export class LinkServer {
  readonly peers: LinkPeer[] = [];
  readonly problems: string[] = [];
  admit: Admit = () => 0;
  refusedCount = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #taken = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(context: TestContext, port = 0): Promise<LinkServer> {
    const server = new LinkServer();
    server.#server.listen(port, "127.0.0.1");
    await once(server.#server, "listening");
    context.after(() => server.stop());
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** The next connection that subscribed. */
  async peer(): Promise<LinkPeer> {
    await eventually("a connection", () => this.peers.length > this.#taken);
    const peer = this.peers[this.#taken];
    this.#taken += 1;
    if (peer === undefined) throw new TypeError("no connection");
    return peer;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const decoder = parser({ protocolVersion: 4 });
    let peer: LinkPeer | null = null;
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => decoder.parse(chunk));
    decoder.on("packet", (packet) => {
      if (packet.cmd === "connect") void this.#connect(socket, packet).then((made) => (peer = made));
      else if (packet.cmd === "subscribe" && peer !== null) {
        socket.write(generate({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [1] }));
        this.peers.push(peer);
      } else if (packet.cmd === "publish" && peer !== null) this.#receive(socket, peer, packet);
      else if (packet.cmd === "pingreq") socket.write(generate({ cmd: "pingresp" }));
    });
  }

  async #connect(socket: Socket, packet: Packet & { cmd: "connect" }): Promise<LinkPeer | null> {
    const serial = packet.username ?? "";
    const password = String(packet.password ?? "");
    if (packet.clientId !== serial || packet.clean !== true || packet.protocolVersion !== 4 || packet.will !== undefined)
      this.problems.push("not the CONNECT of the link");
    const returnCode = await this.admit(serial, password);
    if (returnCode !== 0) this.refusedCount += 1;
    socket.write(generate({ cmd: "connack", returnCode, sessionPresent: false }));
    return returnCode === 0 ? new LinkPeer(socket, serial, password) : null;
  }

  #receive(socket: Socket, peer: LinkPeer, packet: Packet & { cmd: "publish" }): void {
    socket.write(generate({ cmd: "puback", messageId: packet.messageId ?? 0 }));
    const kind = upKindOf(packet.topic, peer.serial);
    const frame = kind === null ? null : readUp(kind, Buffer.from(packet.payload));
    if (frame === null) this.problems.push(`${packet.topic} does not hold a frame`);
    else peer.frames.push(frame);
  }
}

function readUp(kind: UpKind, payload: Buffer): UpFrame | null {
  if (kind === "hello") {
    const read = readHello(payload);
    return read.ok ? { kind, frame: read.frame } : null;
  }
  if (kind === "events") {
    const read = readEvents(payload);
    return read.ok ? { kind, frame: read.frame } : null;
  }
  if (kind === "result") {
    const read = readResult(payload);
    return read.ok ? { kind, frame: read.frame } : null;
  }
  if (kind === "ask") {
    const read = readAsk(payload);
    return read.ok ? { kind, frame: read.frame } : null;
  }
  const read = readSynced(payload);
  return read.ok ? { kind, frame: read.frame } : null;
}
