import type { IConnectPacket } from "mqtt-packet";
import type { MqttLimits } from "./limits.ts";

/** Return codes of CONNACK (MQTT 3.1.1 table 3.1). */
export const CONNACK = {
  accepted: 0,
  levelUnacceptable: 1,
  identifierRejected: 2,
  unavailable: 3,
  malformedCredentials: 4,
  notAuthorised: 5,
} as const;
export type ConnackCode = (typeof CONNACK)[keyof typeof CONNACK];

interface AskedConnect {
  readonly kind: "asks";
  readonly serial: string;
  readonly password: string;
  /** Without a packet for longer than this, the connection ends. */
  readonly idleMsMax: number;
}

export type ConnectRead = AskedConnect | { readonly kind: "refused"; readonly returnCode: ConnackCode; readonly problem: string };

/** Letters, digits and what changes no topic: a serial is a level of its controller's topics. */
const SERIAL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Bytes of a CONNECT beside its three strings: name, level, flags, keepalive and three lengths (MQTT 3.1.1 §3.1). */
const CONNECT_FRAME_BYTES = 16;

/** What a CONNECT of level 4 asks for, or why it is refused whoever sends it. Nothing here depends on which serials exist. */
export function readConnect(packet: IConnectPacket, limits: MqttLimits): ConnectRead {
  const { clientId, username, password } = packet;
  if (!SERIAL.test(clientId)) return refused(CONNACK.identifierRejected, "client_id_malformed");
  if (username !== clientId) return refused(CONNACK.malformedCredentials, "user_name_differs");
  if (password === undefined || password.length > limits.passwordBytesMax)
    return refused(CONNACK.malformedCredentials, "password_malformed");
  if (packet.will !== undefined) return refused(CONNACK.notAuthorised, "will_unsupported");
  if (packet.clean !== true) return refused(CONNACK.notAuthorised, "session_not_clean");
  // [MQTT-3.1.4-1]: the parser does not look whether anything follows the password.
  if (packet.length !== CONNECT_FRAME_BYTES + 2 * clientId.length + password.length)
    return refused(CONNACK.malformedCredentials, "bytes_left_over");
  return { kind: "asks", serial: clientId, password: password.toString("latin1"), idleMsMax: idleMsMax(packet.keepalive ?? 0, limits) };
}

/** One and a half times the keepalive [MQTT-3.1.2-24]; a server may end an idle client earlier (MQTT 3.1.1 §3.1.2.10). */
function idleMsMax(keepaliveS: number, limits: MqttLimits): number {
  const keepaliveMs = keepaliveS === 0 ? limits.keepaliveMsDefault : Math.min(keepaliveS * 1_000, limits.keepaliveMsMax);
  return keepaliveMs * 1.5;
}

function refused(returnCode: ConnackCode, problem: string): ConnectRead {
  return { kind: "refused", returnCode, problem };
}
