import type { Socket } from "node:net";
import type { Clock, Timer, Timers } from "@postern/core";
import { LINE_BYTES_MAX } from "../limits.ts";

/** What one direction of a line does to what passes. */
export interface FlowRules {
  readonly delayMs: number;
  /** null: as fast as it comes. */
  readonly bytesPerSecond: number | null;
  readonly isSwallowing: boolean;
}

export interface FlowParts {
  readonly from: Socket;
  readonly to: Socket;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly rules: () => FlowRules;
  /** Ends both directions at once. */
  readonly cut: () => void;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** One direction of one connection: bytes come out in the order in which they went in, when the line lets them. */
export class Flow {
  readonly #parts: FlowParts;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #dueMs = 0;
  #timer: Timer | null = null;
  #cutAfterBytes: number | null = null;
  #isHeld = false;
  #isEnding = false;
  hasSwallowed = false;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    const { from, to } = parts;
    from.on("data", (bytes) => this.#came(bytes));
    from.once("end", () => this.#ending());
    from.once("close", () => this.#ending());
    to.on("drain", () => this.#pace());
  }

  /** Ends the connection in the middle of what follows; null: not. */
  cutAfter(bytes: number | null): void {
    this.#cutAfterBytes = bytes;
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.#drain();
    this.#pace();
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #came(bytes: Buffer): void {
    const { delayMs, bytesPerSecond, isSwallowing } = this.#parts.rules();
    if (isSwallowing) {
      this.hasSwallowed = true;
      return;
    }
    const nowMs = this.#parts.clock.monotonicMs();
    const lastsMs = bytesPerSecond === null ? 0 : (bytes.length * 1_000) / bytesPerSecond;
    this.#dueMs = Math.max(this.#dueMs, nowMs + delayMs) + lastsMs;
    this.#waiting.push({ bytes, dueMs: this.#dueMs });
    this.#waitingBytes += bytes.length;
    this.#drain();
    this.#pace();
  }

  #drain(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const nowMs = this.#parts.clock.monotonicMs();
    for (let next = this.#waiting[0]; next !== undefined && !this.#isHeld; next = this.#waiting[0]) {
      if (next.dueMs > nowMs) {
        this.#timer = this.#parts.timers.after("a delayed packet", next.dueMs - nowMs, () => this.#drain());
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes.length;
      if (this.#write(next.bytes) === "cut") return;
    }
    if (this.#isEnding && !this.#isHeld && this.#waiting.length === 0) this.#parts.to.end();
    this.#pace();
  }

  #write(bytes: Buffer): "written" | "cut" {
    const { to, cut } = this.#parts;
    const left = this.#cutAfterBytes;
    if (left === null || bytes.length < left) {
      if (left !== null) this.#cutAfterBytes = left - bytes.length;
      if (to.writable) to.write(bytes);
      return "written";
    }
    // The beginning of a packet arrives, and its end never does.
    if (to.writable) to.write(bytes.subarray(0, left), cut);
    else cut();
    return "cut";
  }

  #pace(): void {
    const { from, to } = this.#parts;
    const mustWait = this.#isHeld || this.#waitingBytes > LINE_BYTES_MAX || to.writableNeedDrain;
    if (mustWait && !from.isPaused()) from.pause();
    else if (!mustWait && from.isPaused()) from.resume();
  }

  /** The end of a connection is a packet as well: where packets are swallowed, the other side does not hear of it. */
  #ending(): void {
    if (this.#parts.rules().isSwallowing) {
      this.hasSwallowed = true;
      return;
    }
    this.#isEnding = true;
    this.#drain();
  }
}
