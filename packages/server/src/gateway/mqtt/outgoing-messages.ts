import type { Clock } from "@postern/core";
import { generate } from "mqtt-packet";
import type { MqttLimits } from "./limits.ts";

export interface OutgoingMessagesOptions {
  readonly limits: MqttLimits;
  readonly clock: Clock;
  readonly write: (bytes: Buffer) => void;
  /** Whether the socket holds bytes that the peer has not taken: nothing is added to them. */
  readonly isClogged: () => boolean;
  /** More waits than may: the caller did not await. */
  readonly overflowed: () => void;
}

interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly settle: (isAcknowledged: boolean) => void;
}

const MESSAGE_ID_MAX = 0xffff;

/** The messages down of one connection: a bounded number on their way, a bounded number waiting, each settled once. */
export class OutgoingMessages {
  readonly #options: OutgoingMessagesOptions;
  readonly #inFlight = new Map<number, { readonly message: Message; readonly sentAtMs: number }>();
  #waiting: Message[] = [];
  #waitingBytes = 0;
  #lastMessageId = 0;
  #isEnded = false;

  constructor(options: OutgoingMessagesOptions) {
    this.#options = options;
  }

  /** True once acknowledged, false when the connection ended before. */
  publish(topic: string, payload: Buffer): Promise<boolean> {
    if (this.#isEnded) return Promise.resolve(false);
    const { limits, overflowed } = this.#options;
    return new Promise((resolve) => {
      this.#waiting.push({ topic, payload, settle: resolve });
      this.#waitingBytes += payload.length;
      this.flush();
      if (this.#waiting.length > limits.sendsWaitingMax || this.#waitingBytes > limits.sendBytesWaitingMax) overflowed();
    });
  }

  /** Sends what may be sent: called when the socket has drained, too. */
  flush(): void {
    const { limits, clock, write, isClogged } = this.#options;
    while (!this.#isEnded && this.#inFlight.size < limits.sendsInFlightMax && !isClogged()) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#waitingBytes -= message.payload.length;
      const messageId = this.#nextMessageId();
      this.#inFlight.set(messageId, { message, sentAtMs: clock.monotonicMs() });
      write(generate({ cmd: "publish", topic: message.topic, payload: message.payload, qos: 1, dup: false, retain: false, messageId }));
    }
  }

  /** False for an identifier that is not on its way: that changes nothing. */
  acknowledged(messageId: number): boolean {
    const sent = this.#inFlight.get(messageId);
    if (sent === undefined) return false;
    this.#inFlight.delete(messageId);
    sent.message.settle(true);
    this.flush();
    return true;
  }

  /** When the oldest unacknowledged message was written, on the monotonic clock; null when none is. */
  oldestSentAtMs(): number | null {
    for (const { sentAtMs } of this.#inFlight.values()) return sentAtMs;
    return null;
  }

  /** Settles everything as not acknowledged. Idempotent. */
  end(): void {
    this.#isEnded = true;
    const unsettled = [...[...this.#inFlight.values()].map(({ message }) => message), ...this.#waiting];
    this.#inFlight.clear();
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { settle } of unsettled) settle(false);
  }

  /** An identifier that is not on its way [MQTT-2.3.1-4]; there are far fewer of those than identifiers. */
  #nextMessageId(): number {
    do this.#lastMessageId = (this.#lastMessageId % MESSAGE_ID_MAX) + 1;
    while (this.#inFlight.has(this.#lastMessageId));
    return this.#lastMessageId;
  }
}
