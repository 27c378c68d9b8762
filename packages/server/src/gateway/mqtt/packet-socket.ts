import type { Socket } from "node:net";
import type { Clock } from "@postern/core";
import { PacketFramer } from "./packet-framer.ts";

export interface PacketSocketEvents {
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
  readonly #clock: Clock;
  readonly #events: PacketSocketEvents;
  readonly #framer = new PacketFramer();
  #isPaused = false;
  #isFinished = false;
  #readingSinceMs: number;
  #cloggedSinceMs: number | null = null;

  constructor(socket: Socket, clock: Clock, events: PacketSocketEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    this.#readingSinceMs = clock.monotonicMs();
  }

  start(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("error", () => this.#events.broken("socket_failed"));
    socket.on("end", () => this.#events.broken("ended_by_peer"));
    socket.on("close", () => this.#events.broken("socket_closed"));
  }

  /** Since when the socket has been read without a pause, on the monotonic clock; null while it is not read. */
  get readingSinceMs(): number | null {
    return this.#isPaused ? null : this.#readingSinceMs;
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
    this.#cloggedSinceMs ??= this.#clock.monotonicMs();
    this.#pauseOrResume();
  }

  /** Hands over what is there and may be acted on. */
  read(): void {
    while (this.#mayRead()) {
      const framed = this.#framer.next(this.#events.packetBytesMax());
      if (framed.kind === "incomplete") break;
      if (framed.kind === "packet") this.#events.packet(framed.bytes);
      else this.#events.broken(`packet_${framed.kind}`);
    }
    this.#pauseOrResume();
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
    this.#events.drained();
    this.read();
  }

  #mayRead(): boolean {
    return !this.#isFinished && !this.#socket.writableNeedDrain && this.#events.mayRead();
  }

  #pauseOrResume(): void {
    if (this.#isFinished) return;
    const mustPause = !this.#mayRead();
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) {
      this.#socket.pause();
      return;
    }
    this.#readingSinceMs = this.#clock.monotonicMs();
    this.#socket.resume();
  }
}
