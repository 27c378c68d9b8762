import { EVENTS_PER_FRAME_MAX } from "@postern/contract";
import { Child } from "../child.ts";
import { type Figure, round } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import { relayThroughMosquitto } from "../mosquitto.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";

/** Events from controllers through MQTT to the commit, each controller with one frame unanswered; counted in the ledger. */
export async function link({ controllerCount = 16, count = 120_000 } = {}): Promise<Figure[]> {
  const countEach = Math.ceil(count / controllerCount);
  const ours = await throughServer(controllerCount, countEach);
  const mosquitto = await relayThroughMosquitto({ publishers: controllerCount, countEach });
  return [
    {
      job: "door to commit through the link",
      ours: `${round(ours)} events/s`,
      mustReach: "15,000/s",
      beside:
        mosquitto === null
          ? "mosquitto is not installed here"
          : `mosquitto, same payloads to one subscriber, nothing stored: ${round(mosquitto)} events/s`,
      ratio: mosquitto === null ? `${(ours / 15_000).toFixed(1)} × the goal` : `${(ours / mosquitto).toFixed(2)} of mosquitto`,
      values: { eventsPerSecond: ours, ...(mosquitto === null ? {} : { mosquittoEventsPerSecond: mosquitto }) },
    },
  ];
}

async function throughServer(controllerCount: number, countEach: number): Promise<number> {
  await using server = await Child.start<ServerHandlers>("server");
  const { mqttUrl } = await server.ask("start", { dataDir: null });
  await using controllers = await Child.start<ControllersHandlers>("controllers");
  await controllers.ask("connect", { mqttUrl, seats: await server.ask("addSeats", { count: controllerCount }) });
  await server.ask("allConfirmed", null);
  await controllers.ask("sendEvents", { countEach: Math.ceil(countEach / 10), frameEvents: EVENTS_PER_FRAME_MAX });
  const before = await server.ask("eventCount", null);
  const startMs = machineMs();
  await controllers.ask("sendEvents", { countEach, frameEvents: EVENTS_PER_FRAME_MAX });
  const elapsedMs = machineMs() - startMs;
  const committed = (await server.ask("eventCount", null)) - before;
  if (committed !== countEach * controllerCount)
    throw new TypeError(`${committed} events in the ledger of ${countEach * controllerCount} sent`);
  return (committed * 1_000) / elapsedMs;
}
