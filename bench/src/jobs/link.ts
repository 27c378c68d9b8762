import { type Figure, round } from "../figure.ts";
import { ScriptedController } from "../scripted-controller.ts";
import { startServerChild } from "../server-child.ts";
import { addSeats } from "./confirm.ts";

const FRAME_EVENTS = 256;

/** Events from controllers through MQTT to the commit, each controller with one frame unanswered. */
export async function link({ controllerCount = 16, count = 100_000 } = {}): Promise<Figure[]> {
  await using server = await startServerChild();
  const seats = await addSeats(server, controllerCount);
  const controllers = await Promise.all(seats.map((seat) => ScriptedController.connect(server.mqttUrl, seat)));
  const each = Math.ceil(count / controllerCount);
  const startMs = performance.now();
  await Promise.all(controllers.map((controller) => sendAll(controller, each)));
  const perSecond = (each * controllerCount) / ((performance.now() - startMs) / 1_000);
  for (const controller of controllers) await controller.link.end();
  return [
    {
      job: "door to commit through the link",
      ours: `${round(perSecond)} events/s`,
      mustReach: "15,000/s",
      beside: `${controllerCount} controllers, load on the same cores`,
      ratio: `${(perSecond / 15_000).toFixed(1)} × the goal`,
    },
  ];
}

async function sendAll({ link: client, session, seat }: ScriptedController, count: number): Promise<void> {
  for (let first = 1; first <= count; first += FRAME_EVENTS) {
    const nowMs = Date.now();
    const events = Array.from({ length: Math.min(FRAME_EVENTS, count - first + 1) }, () => ({
      eventAt: nowMs,
      eventType: "DEV_DOOR_RELAY_ON",
      doorId: seat.doorId,
      deviceId: seat.deviceId,
    }));
    await client.send("events", { session, generation: 7, first, events, sentAt: nowMs, ...(first === 1 ? { predecessor: null } : {}) });
    await client.stored();
  }
}
