import { once } from "node:events";
import { pause, systemTimers } from "@postern/core";
import { EnrolClient } from "../enrol-client.ts";
import { type Figure, percentile, round } from "../figure.ts";
import { type ControllerSeat, ScriptedController } from "../scripted-controller.ts";
import { type ServerChild, startServerChild } from "../server-child.ts";

const PACE_MS = 50;
const CONFIRM_MS_MAX = 10_000;

/** From the answered call until each of so many connected controllers has confirmed it by an equal digest. */
export async function confirm({ controllerCount = 100, enrolments = 200 } = {}): Promise<Figure[]> {
  await using server = await startServerChild();
  const stopping = new AbortController();
  const seats = await addSeats(server, controllerCount);
  const confirmed = new Map<number, number>();
  server.child.on("message", (message: { controllerId?: number; revision?: number }) => {
    if (message.controllerId !== undefined && message.revision !== undefined) confirmed.set(message.controllerId, message.revision);
  });
  const controllers: ScriptedController[] = [];
  for (const seat of seats) controllers.push(await ScriptedController.connect(server.mqttUrl, seat));
  const running = controllers.map((controller) => controller.run(stopping.signal));
  const client = new EnrolClient(server);
  const slowest = (): number => Math.min(...seats.map((seat) => confirmed.get(seat.controllerId) ?? 0));
  await client.enrol(900_000);
  let revision = await wantedRevision(server);
  const latencies: number[] = [];
  const waits: Promise<void>[] = [];
  for (let index = 0; index < enrolments; index += 1) {
    await client.enrol(index);
    revision += 1;
    const [wanted, answeredMs] = [revision, performance.now()];
    waits.push(until(() => slowest() >= wanted).then(() => void latencies.push(performance.now() - answeredMs)));
    await pause(systemTimers, "pace", PACE_MS);
  }
  await Promise.all(waits);
  client.close();
  stopping.abort();
  for (const controller of controllers) await controller.link.end();
  await Promise.all(running);
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  const paced = `${controllerCount} controllers, 20 enrolments/s, clients on the same cores`;
  return [
    {
      job: "answered → confirmed by all",
      ours: `p50 ${round(p50)} ms, p99 ${round(p99)} ms`,
      mustReach: "p99 ≤ 250 ms",
      beside: paced,
      ratio: `p99 ${(250 / p99).toFixed(1)} × under the limit`,
    },
  ];
}

/** The head of the place's roster. */
async function wantedRevision({ baseUrl, key }: ServerChild): Promise<number> {
  const answer = await fetch(new URL("/v2/places/178/controllers", baseUrl), { headers: { authorization: `Bearer ${key}` } });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package.
  const { controllers } = (await answer.json()) as { controllers: { wantedRevision: number }[] };
  const [first] = controllers;
  if (first === undefined) throw new TypeError("the demo place has controllers");
  return first.wantedRevision;
}

export async function addSeats({ child }: ServerChild, count: number): Promise<readonly ControllerSeat[]> {
  child.send({ controllers: count });
  for (;;) {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package.
    const [message] = (await once(child, "message")) as [{ controllers?: readonly ControllerSeat[] }];
    if (message.controllers !== undefined) return message.controllers;
  }
}

async function until(isDone: () => boolean): Promise<void> {
  const endMs = performance.now() + CONFIRM_MS_MAX;
  while (!isDone()) {
    if (performance.now() > endMs) throw new TypeError("not confirmed in time");
    await pause(systemTimers, "look again", 1);
  }
}
