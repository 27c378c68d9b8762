import type { Socket } from "node:net";
import type { Clock, Timers } from "@postern/core";
import type { MqttLimits } from "./limits.ts";
import { PacketFramer } from "./packet-framer.ts";

export interface PacketSocketOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits: MqttLimits;
  /** Whether a packet may be acted on now; asked before each one. After a change, `read` goes on. */
  readonly mayRead: () => boolean;
  readonly packetBytesMax: () => number;
  readonly packet: (bytes: Buffer) => void;
  /** The peer has taken all that was written. */
  readonly drained: () => void;
  /** The socket is of no more use. May come more than once. */
  readonly broken: (reason: string) => void;
}

/**
 * Packets in, bytes out, and a bound on what both hold: it reads only while packets may be acted on and while the peer takes what was written
 * to it. Beside what `write` was given it holds one packet and one read (64 KiB).
 */
export class PacketSocket {
  readonly #socket: Socket;
  readonly #options: PacketSocketOptions;
  readonly #framer = new PacketFramer();
  /** For as long as it takes: nothing may be acted on, or the peer does not take what was written. */
  #isHeld = false;
  /** For a moment: others have their turn. */
  #isYielding = false;
  #isFinished = false;
  #readingSinceMs: number;
  #cloggedSinceMs: number | null = null;

  constructor(socket: Socket, options: PacketSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#readingSinceMs = options.clock.monotonicMs();
  }

  start(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("error", () => this.#options.broken("socket_failed"));
    socket.on("end", () => this.#options.broken("ended_by_peer"));
    socket.on("close", () => this.#options.broken("socket_closed"));
  }

  /** Since when the socket has been read without being held, on the monotonic clock; null while it is held. */
  get readingSinceMs(): number | null {
    return this.#isHeld ? null : this.#readingSinceMs;
  }

  /** Since when the peer has not taken what was written; null while it does. */
  get cloggedSinceMs(): number | null {
    return this.#cloggedSinceMs;
  }

  get isClogged(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(bytes: Buffer): void {
    if (this.#isFinished) return;
    this.#socket.write(bytes);
    if (!this.#socket.writableNeedDrain) return;
    this.#cloggedSinceMs ??= this.#options.clock.monotonicMs();
    this.#pauseOrResume();
  }

  /** Hands over what is there and may be acted on; what it causes to be written goes out together. */
  read(): void {
    this.#socket.cork();
    for (let count = 0; this.#mayRead() && !this.#isYielding; count += 1) {
      if (count === this.#options.limits.packetsPerTurnMax) this.#yield();
      else if (!this.#readOne()) break;
    }
    this.#socket.uncork();
    this.#pauseOrResume();
  }

  #readOne(): boolean {
    const framed = this.#framer.next(this.#options.packetBytesMax());
    if (framed.kind === "packet") this.#options.packet(framed.bytes);
    else if (framed.kind !== "incomplete") this.#options.broken(`packet_${framed.kind}`);
    return framed.kind !== "incomplete";
  }

  #yield(): void {
    this.#isYielding = true;
    this.#options.timers.after("link.turn", 0, () => {
      this.#isYielding = false;
      this.read();
    });
  }

  /**
   * Sends a last answer and throws away whatever else comes: closing a socket that holds unread bytes would reset it, and could take the
   * answer from the peer. The peer's end, or `destroy`, ends it.
   */
  finish(answer: Buffer): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#framer.drop();
    this.#socket.end(answer);
    this.#socket.resume();
  }

  destroy(): void {
    this.#isFinished = true;
    this.#framer.drop();
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    if (this.#isFinished) return;
    this.#framer.push(chunk);
    this.read();
  }

  #drained(): void {
    this.#cloggedSinceMs = null;
    this.#options.drained();
    this.read();
  }

  #mayRead(): boolean {
    return !this.#isFinished && !this.#socket.writableNeedDrain && this.#options.mayRead();
  }

  #pauseOrResume(): void {
    if (this.#isFinished) return;
    const isHeld = !this.#mayRead();
    if (this.#isHeld && !isHeld) this.#readingSinceMs = this.#options.clock.monotonicMs();
    this.#isHeld = isHeld;
    if (isHeld || this.#isYielding) this.#socket.pause();
    else this.#socket.resume();
  }
}
