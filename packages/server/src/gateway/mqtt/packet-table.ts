import type { PacketCmd } from "mqtt-packet";

/**
 * Where a connection is. `authenticating` reads nothing; `lingering` throws away what it reads until the peer has its refusal; `closed` is final.
 *
 *   connecting ──CONNECT──▶ authenticating ──CONNACK 0──▶ subscribing ──SUBACK──▶ open
 *        └────────────┬───────────┴──────────┬──────────────────┴──────────────────┘
 *        lingering ◀──┘ refused              └──▶ closed: DISCONNECT, violation, deadline, socket
 */
export type Stage = "connecting" | "authenticating" | "subscribing" | "open" | "lingering" | "closed";

/** The stages in which packets are acted on. */
export type ReadingStage = "connecting" | "subscribing" | "open";

/**
 * What a client may send in each stage; anything else is a violation, which closes the connection [MQTT-4.8.0-1]. The first packet is CONNECT
 * [MQTT-3.1.0-1], and there is one [MQTT-3.1.0-2]. A controller listens before it publishes, so that every answer reaches it, and never
 * stops listening. QoS 2 is not spoken.
 */
export const ACCEPTED_PACKETS: Record<ReadingStage, ReadonlySet<PacketCmd>> = {
  connecting: new Set<PacketCmd>(["connect"]),
  subscribing: new Set<PacketCmd>(["subscribe", "pingreq", "disconnect"]),
  open: new Set<PacketCmd>(["subscribe", "publish", "puback", "pingreq", "disconnect"]),
};
