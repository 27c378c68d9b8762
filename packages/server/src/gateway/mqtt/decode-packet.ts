import { type Packet, parser } from "mqtt-packet";

/** Remaining lengths that leave no choice (MQTT 3.1.1 §3.4, §3.12, §3.14). The parser does not look. */
const EXACT_LENGTHS: Partial<Record<Packet["cmd"], number>> = { puback: 2, pingreq: 0, disconnect: 0 };

/**
 * Decodes one whole packet, fixed header included; null when it breaks a rule of MQTT 3.1.1. Never throws, whatever the bytes. A parser lives
 * for one packet: a long-lived one keeps the CONNECT with its password, and reads the rest under the version that a packet named.
 */
export function decodePacket(bytes: Buffer): Packet | null {
  const decoded: Packet[] = [];
  const decoder = parser({ protocolVersion: 4 });
  decoder.on("packet", (packet) => decoded.push(packet));
  try {
    decoder.parse(bytes);
  } catch {
    // The parser reports what is malformed as an error event, which is thrown, since nobody listens for it.
    return null;
  }
  const [packet] = decoded;
  return packet === undefined || breaksRule(packet) ? null : packet;
}

function breaksRule(packet: Packet): boolean {
  return hasOddLength(packet) || lacksMessageId(packet) || hasOddDup(packet);
}

function hasOddLength(packet: Packet): boolean {
  const exact = EXACT_LENGTHS[packet.cmd];
  return exact !== undefined && packet.length !== exact;
}

/** A packet identifier is there and is not 0 [MQTT-2.3.1-1]. The parser takes 0, and puts -1 where it is missing. */
function lacksMessageId(packet: Packet): boolean {
  const needsOne =
    packet.cmd === "publish" ? packet.qos > 0 : packet.cmd === "subscribe" || packet.cmd === "unsubscribe" || packet.cmd === "puback";
  return needsOne && (packet.messageId === undefined || packet.messageId < 1);
}

/** A message of QoS 0 is never a repeat [MQTT-3.3.1-2]. */
function hasOddDup(packet: Packet): boolean {
  return packet.cmd === "publish" && packet.qos === 0 && packet.dup;
}

const PROTOCOL_NAMES: readonly string[] = ["MQTT", "MQIsdp"];

/**
 * The protocol level that a CONNECT packet names, or null when it is no CONNECT of any MQTT. Read before the rest, since other levels have
 * other forms and are still to be answered [MQTT-3.1.2-2].
 */
export function protocolLevelOf(bytes: Buffer): number | null {
  if (bytes[0] !== 0x10) return null;
  let at = 1;
  while (((bytes[at] ?? 0) & 0x80) !== 0) at += 1;
  const nameStart = at + 3;
  const nameEnd = nameStart + ((bytes[at + 1] ?? 0) << 8) + (bytes[at + 2] ?? 0);
  if (nameEnd - nameStart > "MQIsdp".length || nameEnd >= bytes.length) return null;
  return PROTOCOL_NAMES.includes(bytes.toString("latin1", nameStart, nameEnd)) ? (bytes[nameEnd] ?? null) : null;
}
