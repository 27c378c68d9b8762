import type { DownKind, LinkCode, UpKind } from "@postern/contract";

/** One controller that is connected and listens. */
export interface LinkConnection {
  readonly serial: string;
  readonly remoteAddress: string;
  /** What `authenticate` said the connection was opened with; empty before. */
  readonly openedWith: string;
  /**
   * Publishes one frame with QoS 1. True once it was acknowledged, which says only that it arrived; false when the connection ended before.
   * Never rejects for a reason of the peer's. Await each call: what waits is bounded, and beyond it the connection is closed.
   */
  send(kind: DownKind, payload: Uint8Array | string): Promise<boolean>;
  /**
   * Whether the controller acknowledges anything within `timeoutMs`. Sends an empty message on `down/answer`, since a server has no ping
   * in MQTT; a controller's library acknowledges it, and the controller ignores it.
   */
  isAlive(timeoutMs: number): Promise<boolean>;
  /** Ends the connection; the reason goes to the log and to `closed`. Idempotent. */
  close(reason: string): void;
}

/** Who listens to the controllers. A method that throws or rejects costs that one connection and is logged as our bug. */
export interface LinkHandler {
  /**
   * Before CONNACK: whether this serial with this password (a JWT) may connect. A code of class `transient` is answered "server unavailable"
   * and is no failure of the peer's; so is a rejection. Any other is answered "not authorised", the same for every serial, known or not.
   * `openedWith` is what the handler wants to know the connection by: the key that was good at that moment.
   */
  authenticate(
    serial: string,
    password: string,
    remoteAddress: string,
  ): Promise<{ readonly ok: true; readonly openedWith: string } | { readonly ok: false; readonly code: LinkCode }>;
  /** After CONNACK and the granted SUBSCRIBE, once. */
  opened(connection: LinkConnection): void;
  /**
   * One message, in the order of arrival; the next comes when the promise resolves. It may await `send`. The message is acknowledged as soon
   * as this was called.
   */
  received(connection: LinkConnection, kind: UpKind, payload: Uint8Array): Promise<void>;
  /** Once for each `opened`, never before it or during another call; no `received` begins after it, one may still be running. */
  closed(connection: LinkConnection, reason: string): void;
}
