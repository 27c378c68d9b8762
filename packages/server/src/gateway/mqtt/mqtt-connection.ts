import type { Socket } from "node:net";
import { type DownKind, downFilter, downTopic, upKindOf } from "@postern/contract";
import { assert, type Log } from "@postern/core";
import { generate, type IConnectPacket, type IPublishPacket, type ISubscribePacket, type Packet } from "mqtt-packet";
import { AliveProbes } from "./alive-probes.ts";
import { type AuthenticateDeps, authenticateConnect } from "./authenticate-connect.ts";
import { decodePacket, protocolLevelOf } from "./decode-packet.ts";
import { IncomingMessages } from "./incoming-messages.ts";
import type { LinkConnection } from "./link-handler.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";
import { PacketSocket } from "./packet-socket.ts";
import { ACCEPTED_PACKETS, type Stage } from "./packet-table.ts";
import { CONNACK, type ConnackCode, readConnect } from "./read-connect.ts";

export interface MqttConnectionDeps extends AuthenticateDeps {
  /** The socket is destroyed, and everything that waited has been answered. */
  readonly ended: (connection: MqttConnection) => void;
}

export interface AdmittedSocket {
  readonly socket: Socket;
  readonly remoteAddress: string;
  /** Gives back the place of a socket that has not shown a key. Idempotent. */
  readonly leaveAdmission: () => void;
}

const PROTOCOL_LEVEL = 4;
const SUBACK_GRANTED = 1;
const SUBACK_REFUSED = 0x80;
const PINGRESP = generate({ cmd: "pingresp" });

/** Of a PUBLISH beside topic and payload: header, remaining length, length of the topic, identifier (MQTT 3.1.1 §3.3). */
const PUBLISH_FRAME_BYTES_MAX = 9;

/** One socket that speaks MQTT 3.1.1, through the stages of `packet-table.ts`. */
export class MqttConnection implements LinkConnection {
  readonly remoteAddress: string;
  readonly #deps: MqttConnectionDeps;
  readonly #leaveAdmission: () => void;
  readonly #packets: PacketSocket;
  readonly #incoming: IncomingMessages;
  readonly #outgoing: OutgoingMessages;
  readonly #probes: AliveProbes;
  #stage: Stage = "connecting";
  #serial = "";
  #openedWith = "";
  #authenticating: Promise<void> | null = null;
  #isOpened = false;
  #isConcluded = false;
  #idleMsMax = 0;
  /** Of the stage, on the monotonic clock; an open connection has the deadlines of `#sweepOpen` instead. */
  #deadlineMs: number;
  #lastPacketMs: number;

  constructor(deps: MqttConnectionDeps, admitted: AdmittedSocket) {
    const { limits, clock, timers, handler } = deps;
    this.#deps = deps;
    this.remoteAddress = admitted.remoteAddress;
    this.#leaveAdmission = admitted.leaveAdmission;
    this.#lastPacketMs = clock.monotonicMs();
    this.#deadlineMs = this.#lastPacketMs + limits.connectMsMax;
    this.#packets = new PacketSocket(admitted.socket, {
      clock,
      timers,
      limits,
      mayRead: () => this.#mayRead(),
      packetBytesMax: () => (this.#stage === "connecting" ? limits.connectPacketBytesMax : limits.packetBytesMax),
      packet: (bytes) => this.#act(bytes),
      drained: () => this.#outgoing.flush(),
      broken: (reason) => this.close(reason),
    });
    this.#outgoing = new OutgoingMessages({
      limits,
      clock,
      write: (bytes) => this.#packets.write(bytes),
      isClogged: () => this.#packets.isClogged,
      overflowed: () => this.close("sends_not_awaited"),
    });
    this.#incoming = new IncomingMessages({
      limits,
      handle: ({ kind, payload }) => handler.received(this, kind, payload),
      acknowledge: (messageId) => this.#packets.write(generate({ cmd: "puback", messageId })),
      emptied: () => this.#packets.read(),
      failed: (cause) => this.#handlerFailed(cause),
    });
    this.#probes = new AliveProbes(timers, () => this.#outgoing.publish(downTopic(this.#serial, "answer"), Buffer.alloc(0)));
  }

  get serial(): string {
    return this.#serial;
  }

  get openedWith(): string {
    return this.#openedWith;
  }

  start(): void {
    this.#packets.start();
  }

  async send(kind: DownKind, payload: Uint8Array | string): Promise<boolean> {
    const bytes = typeof payload === "string" ? Buffer.from(payload) : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const topic = downTopic(this.#serial, kind);
    assert(
      PUBLISH_FRAME_BYTES_MAX + topic.length + bytes.length <= this.#deps.limits.packetBytesMax,
      "a frame fits the packet the link allows",
    );
    return this.#outgoing.publish(topic, bytes);
  }

  async isAlive(timeoutMs: number): Promise<boolean> {
    return this.#stage === "open" && this.#probes.ask(timeoutMs);
  }

  close(reason: string): void {
    if (this.#stage === "closed") return;
    this.#conclude(reason);
    this.#stage = "closed";
    this.#packets.destroy();
    this.#leaveAdmission();
    this.#deps.ended(this);
  }

  /** After `close`: once nothing of this connection runs any more. Never rejects. */
  async settled(): Promise<void> {
    await this.#authenticating;
    await this.#incoming.settled();
  }

  /** Ends the connection when one of its deadlines has passed. */
  sweep(nowMs: number): void {
    const reason = this.#stage === "open" ? this.#overdue(nowMs) : nowMs >= this.#deadlineMs ? `${this.#stage}_too_long` : null;
    if (reason !== null) this.close(reason);
  }

  #overdue(nowMs: number): string | null {
    const { acknowledgeMsMax } = this.#deps.limits;
    const { cloggedSinceMs, readingSinceMs } = this.#packets;
    if (cloggedSinceMs !== null && nowMs - cloggedSinceMs > acknowledgeMsMax) return "reader_slow";
    // The peer is not to blame for what is not read.
    if (readingSinceMs === null) return null;
    if (nowMs - Math.max(this.#lastPacketMs, readingSinceMs) > this.#idleMsMax) return "keepalive_expired";
    const oldestSentAtMs = this.#outgoing.oldestSentAtMs();
    const isMissing = oldestSentAtMs !== null && nowMs - Math.max(oldestSentAtMs, readingSinceMs) > acknowledgeMsMax;
    return isMissing ? "acknowledgement_missing" : null;
  }

  #mayRead(): boolean {
    if (this.#stage === "open") return !this.#incoming.isFull();
    return this.#stage === "connecting" || this.#stage === "subscribing";
  }

  #act(bytes: Buffer): void {
    const stage = this.#stage;
    assert(stage === "connecting" || stage === "subscribing" || stage === "open", "packets are read in reading stages only");
    if (stage === "connecting" && this.#refusedOtherLevel(bytes)) return;
    const packet = decodePacket(bytes);
    this.#lastPacketMs = this.#deps.clock.monotonicMs();
    if (packet === null) this.close("packet_malformed");
    else if (ACCEPTED_PACKETS[stage].has(packet.cmd)) this.#carryOut(packet);
    else this.close(`unexpected_${packet.cmd}`);
  }

  #carryOut(packet: Packet): void {
    switch (packet.cmd) {
      case "connect":
        this.#connect(packet);
        break;
      case "subscribe":
        this.#subscribe(packet);
        break;
      case "publish":
        this.#publish(packet);
        break;
      case "puback":
        if (this.#outgoing.acknowledged(packet.messageId ?? 0)) this.#probes.answered();
        break;
      case "pingreq":
        this.#packets.write(PINGRESP); // [MQTT-3.12.4-1]
        break;
      default:
        this.close("disconnected");
    }
  }

  /** [MQTT-3.1.2-2]: other levels are answered in the form of this one. */
  #refusedOtherLevel(bytes: Buffer): boolean {
    const level = protocolLevelOf(bytes);
    if (level === null || level === PROTOCOL_LEVEL) return false;
    this.#refuseConnect(CONNACK.levelUnacceptable, "protocol_level_unsupported");
    return true;
  }

  #connect(packet: IConnectPacket): void {
    const { limits, clock } = this.#deps;
    const read = readConnect(packet, limits);
    if (read.kind === "refused") {
      this.#refuseConnect(read.returnCode, read.problem);
      return;
    }
    this.#stage = "authenticating";
    this.#deadlineMs = clock.monotonicMs() + limits.authenticateMsMax;
    this.#serial = read.serial;
    this.#idleMsMax = read.idleMsMax;
    this.#authenticating = this.#authenticate(read.password);
  }

  /** Never rejects. */
  async #authenticate(password: string): Promise<void> {
    const admittance = await authenticateConnect(this.#deps, { serial: this.#serial, password, remoteAddress: this.remoteAddress });
    if (admittance.kind === "accepted") this.#accept(admittance.openedWith);
    else this.#refuseConnect(admittance.returnCode, admittance.reason);
  }

  #accept(openedWith: string): void {
    if (this.#stage !== "authenticating") return;
    this.#openedWith = openedWith;
    this.#leaveAdmission();
    this.#stage = "subscribing";
    this.#deadlineMs = this.#deps.clock.monotonicMs() + this.#deps.limits.subscribeMsMax;
    this.#packets.write(connack(CONNACK.accepted));
    this.#packets.read();
  }

  /** [MQTT-3.1.4-5], [MQTT-3.2.2-5]: answered, nothing after it is processed, closed. */
  #refuseConnect(returnCode: ConnackCode, reason: string): void {
    this.#refuse(connack(returnCode), reason);
  }

  /** Only the controller's own filter, at a QoS that is acknowledged. Asking for it again is answered again [MQTT-3.8.4-3]. */
  #subscribe({ subscriptions, messageId }: ISubscribePacket): void {
    const [only] = subscriptions;
    const isGranted = subscriptions.length === 1 && only !== undefined && only.topic === downFilter(this.#serial) && only.qos >= 1;
    const granted = subscriptions.map(() => (isGranted ? SUBACK_GRANTED : SUBACK_REFUSED)); // one for each [MQTT-3.8.4-5]
    const suback = generate({ cmd: "suback", granted, ...withId(messageId) });
    if (!isGranted) {
      this.#refuse(suback, "topic_foreign");
      return;
    }
    this.#packets.write(suback);
    if (this.#stage === "subscribing") this.#open();
  }

  #open(): void {
    this.#stage = "open";
    this.#isOpened = true;
    try {
      this.#deps.handler.opened(this);
    } catch (cause) {
      this.#handlerFailed(cause);
    }
  }

  /** What may not be published closes the connection [MQTT-3.3.5-2]. */
  #publish({ topic, qos, retain, payload, messageId }: IPublishPacket): void {
    const kind = upKindOf(topic, this.#serial);
    if (kind === null) this.close("topic_foreign");
    else if (retain) this.close("retain_unsupported");
    else if (qos === 2) this.close("qos_unsupported");
    else {
      const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
      this.#incoming.push({ kind, payload: bytes, messageId: qos === 0 ? null : (messageId ?? null) });
    }
  }

  #handlerFailed(cause: unknown): void {
    this.#deps.log.error("link.handler_failed", { serial: this.#serial, cause });
    this.close("handler_failed");
  }

  /** Ends the connection with an answer, and gives the peer a moment to read it. */
  #refuse(answer: Buffer, reason: string): void {
    if (this.#isConcluded) return;
    this.#conclude(reason);
    this.#stage = "lingering";
    this.#deadlineMs = this.#deps.clock.monotonicMs() + this.#deps.limits.lingerMs;
    this.#packets.finish(answer);
  }

  /** Everything that ends with the connection except its socket. */
  #conclude(reason: string): void {
    if (this.#isConcluded) return;
    this.#isConcluded = true;
    this.#incoming.end();
    this.#outgoing.end();
    this.#probes.end();
    const { log, handler } = this.#deps;
    log.debug("link.closed", { serial: this.#serial, remoteAddress: this.remoteAddress, stage: this.#stage, reason });
    // Later, so that the handler is not called while it is in the call that closed this.
    if (this.#isOpened) queueMicrotask(() => callClosed(() => handler.closed(this, reason), log));
  }
}

function callClosed(closed: () => void, log: Log): void {
  try {
    closed();
  } catch (cause) {
    log.error("link.handler_failed", { cause });
  }
}

/** No session is ever present: they are clean [MQTT-3.2.2-1], [MQTT-3.2.2-4]. */
function connack(returnCode: ConnackCode): Buffer {
  return generate({ cmd: "connack", returnCode, sessionPresent: false });
}

function withId(messageId: number | undefined): { messageId: number } | Record<string, never> {
  return messageId === undefined ? {} : { messageId };
}
