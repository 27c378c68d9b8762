import type { MqttLimits } from "../../../src/gateway/mqtt/limits.ts";
import type { LinkConnection } from "../../../src/gateway/mqtt/link-handler.ts";
import type { RawClient } from "./raw-client.ts";

/** Enough on its way to fill the kernel's buffers, which take several megabytes on loopback. */
export const MANY_SENDS: Partial<MqttLimits> = { sendsInFlightMax: 1_000, sendsWaitingMax: 1_000, sendBytesWaitingMax: 100_000_000 };

const FRAME = Buffer.alloc(200_000);
const FRAME_COUNT = 200;

/** The client stops reading, and 40 MB are sent to it: more than the kernel takes. Returns the sends, none of them settled. */
export async function clog(client: RawClient, connection: LinkConnection): Promise<readonly Promise<boolean>[]> {
  client.socket.pause();
  const sends = Array.from({ length: FRAME_COUNT }, () => connection.send("roster", FRAME));
  // Some turns, in which the kernel takes what it takes.
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  return sends;
}
