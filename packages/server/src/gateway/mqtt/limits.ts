import { LINK_PACKET_BYTES_BEFORE_CONNACK_MAX, LINK_PACKET_BYTES_MAX } from "@postern/contract";

/** What one connection, one address and the whole listener may take. Tests lower them; the link's own two stand in its contract. */
export interface MqttLimits {
  /** A first packet: `LINK_PACKET_BYTES_BEFORE_CONNACK_MAX`. Beyond it the socket is destroyed unread. */
  readonly connectPacketBytesMax: number;
  /** A later packet, either way: `LINK_PACKET_BYTES_MAX`. Beyond it the socket is destroyed unread. */
  readonly packetBytesMax: number;
  /** An Ed25519 token takes 300 bytes; a longer password is refused before anybody looks for its serial. */
  readonly passwordBytesMax: number;
  /** Twice what one server is to carry, at 10 KiB each. Beyond it a socket is destroyed as it arrives. */
  readonly connectionCountMax: number;
  /** Sockets without CONNACK, in total: each may hold one read of 64 KiB, so 64 MiB at worst. Beyond it a socket is destroyed as it arrives. */
  readonly unauthenticatedCountMax: number;
  /**
   * The same from one address. A branch behind one address, and a bench of 10,000 controllers on loopback, come back 256 at a time at some
   * milliseconds each; one stranger takes a quarter of the total at most. Beyond it a socket is destroyed; controllers come again, jittered.
   */
  readonly unauthenticatedPerAddressCountMax: number;
  /**
   * Failed authentications of one address in a minute. A controller whose key was revoked tries twice a minute, so thirty of them behind
   * one address still leave the others alone; a signature cannot be guessed, so that this guards processor and database, not the key. Beyond
   * it that address is answered "server unavailable" until the minute is over.
   */
  readonly failuresPerMinuteCountMax: number;
  /** CONNECT follows TCP at once, over TLS within some round trips. Later the socket is destroyed. */
  readonly connectMsMax: number;
  /** A look into the database and a signature; longer means the database is away. Later the socket is destroyed. */
  readonly authenticateMsMax: number;
  /** Every refusal of a serial or token is answered this long after its CONNECT, so that the time tells nobody which serials exist. */
  readonly refusalMs: number;
  /** SUBSCRIBE follows CONNACK by a round trip. Later the connection is closed. */
  readonly subscribeMsMax: number;
  /** How long a refused peer is given to read its answer. */
  readonly lingerMs: number;
  /** A longer keepalive would leave a dead connection standing for longer than a door's policy waits; it is treated as this. */
  readonly keepaliveMsMax: number;
  /** For a client that asks for no keepalive: nothing else would end a half-open connection. */
  readonly keepaliveMsDefault: number;
  /** Messages down without PUBACK, per connection: the streams have three on their way at most. Beyond it `send` waits. */
  readonly sendsInFlightMax: number;
  /** Calls of `send` that wait, per connection: sessions await each one. Beyond it the connection is closed. */
  readonly sendsWaitingMax: number;
  /** Bytes of what waits, per connection: four full packets. Beyond it the connection is closed. */
  readonly sendBytesWaitingMax: number;
  /** Without PUBACK, or with a socket that takes nothing, for so long, a peer is gone or too slow (70 kbit/s for a full packet). */
  readonly acknowledgeMsMax: number;
  /** Messages up that wait for the handler, per connection: a controller has four unanswered at most. Beyond it the socket is not read. */
  readonly receivedWaitingMax: number;
  /** Bytes of what waits for the handler, per connection: one full packet. Beyond it the socket is not read. */
  readonly receivedBytesWaitingMax: number;
  /** Packets of one connection before the others have their turn: a few hundred microseconds. A read of 64 KiB may hold 32,768 of them. */
  readonly packetsPerTurnMax: number;
  /** One timer looks after all connections; deadlines are late by this much at most. */
  readonly sweepMs: number;
}

/** The minute of `failuresPerMinuteCountMax`. */
export const FAILURES_WINDOW_MS = 60_000;

export const MQTT_LIMITS: MqttLimits = {
  connectPacketBytesMax: LINK_PACKET_BYTES_BEFORE_CONNACK_MAX,
  packetBytesMax: LINK_PACKET_BYTES_MAX,
  passwordBytesMax: 2 * 1024,
  connectionCountMax: 20_000,
  unauthenticatedCountMax: 1_024,
  unauthenticatedPerAddressCountMax: 256,
  failuresPerMinuteCountMax: 60,
  connectMsMax: 5_000,
  authenticateMsMax: 10_000,
  refusalMs: 250,
  subscribeMsMax: 10_000,
  lingerMs: 2_000,
  keepaliveMsMax: 120_000,
  keepaliveMsDefault: 60_000,
  sendsInFlightMax: 8,
  sendsWaitingMax: 64,
  sendBytesWaitingMax: 1024 * 1024,
  acknowledgeMsMax: 30_000,
  receivedWaitingMax: 8,
  receivedBytesWaitingMax: 256 * 1024,
  packetsPerTurnMax: 64,
  sweepMs: 1_000,
};
