import type { UpKind } from "@postern/contract";
import type { MqttLimits } from "./limits.ts";

export interface IncomingMessage {
  readonly kind: UpKind;
  readonly payload: Uint8Array;
  /** Null for QoS 0. */
  readonly messageId: number | null;
}

export interface IncomingMessagesOptions {
  readonly limits: MqttLimits;
  readonly handle: (message: IncomingMessage) => Promise<void>;
  readonly acknowledge: (messageId: number) => void;
  /** There is room again. */
  readonly emptied: () => void;
  readonly failed: (cause: unknown) => void;
}

/** The messages up of one connection, handed over one after another. While one is handled the others wait, a bounded number of them. */
export class IncomingMessages {
  readonly #options: IncomingMessagesOptions;
  #waiting: IncomingMessage[] = [];
  #waitingBytes = 0;
  #delivering: Promise<void> | null = null;

  constructor(options: IncomingMessagesOptions) {
    this.#options = options;
  }

  /** Whether the socket must not be read for now. */
  isFull(): boolean {
    const { receivedWaitingMax, receivedBytesWaitingMax } = this.#options.limits;
    return this.#waiting.length >= receivedWaitingMax || this.#waitingBytes >= receivedBytesWaitingMax;
  }

  push(message: IncomingMessage): void {
    this.#waiting.push(message);
    this.#waitingBytes += message.payload.length;
    this.#delivering ??= this.#deliver();
  }

  /** Drops what waits: it was not acknowledged. Nothing is pushed after it. */
  end(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Once no message is being handled. Never rejects. */
  async settled(): Promise<void> {
    await this.#delivering;
  }

  async #deliver(): Promise<void> {
    const { handle, acknowledge, emptied, failed } = this.#options;
    try {
      for (let message = this.#take(); message !== undefined; message = this.#take()) {
        const handled = handle(message);
        // In the order of arrival [MQTT-4.6.0-2], and only now, so that a peer that counts its unacknowledged messages is slowed down too.
        if (message.messageId !== null) acknowledge(message.messageId);
        await handled;
        emptied();
      }
    } catch (cause) {
      failed(cause);
    } finally {
      this.#delivering = null;
    }
  }

  #take(): IncomingMessage | undefined {
    const message = this.#waiting.shift();
    if (message !== undefined) this.#waitingBytes -= message.payload.length;
    return message;
  }
}
