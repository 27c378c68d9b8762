import { Child } from "../child.ts";
import { type Figure, latency, underLimit } from "../figure.ts";
import type { ClientHandlers } from "../processes/client-process.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";

const PER_SECOND = 20;
const CONTROLLER_PROCESSES = 2;
const WARM_UP_SHARE = 0.1;

/** From the answered call until each of so many connected controllers has confirmed it by an equal digest. */
export async function confirm({ controllerCount = 100, count = 300 } = {}): Promise<Figure[]> {
  await using server = await Child.start<ServerHandlers>("server");
  const { api: address, mqttUrl } = await server.ask("start", { dataDir: null });
  const seats = await server.ask("addSeats", { count: controllerCount });
  await using first = await Child.start<ControllersHandlers>("controllers");
  await using second = await Child.start<ControllersHandlers>("controllers");
  const half = Math.ceil(controllerCount / CONTROLLER_PROCESSES);
  await first.ask("connect", { mqttUrl, seats: seats.slice(0, half) });
  await second.ask("connect", { mqttUrl, seats: seats.slice(half) });
  await server.ask("allConfirmed", null);

  await using client = await Child.start<ClientHandlers>("client");
  const calls = { address, paceMs: 1_000 / PER_SECOND };
  await client.ask("enrol", { ...calls, first: 0, count: Math.ceil(count * WARM_UP_SHARE) });
  const made = await client.ask("enrol", { ...calls, first: 1_000_000, count });
  const confirmedAtMs = await server.ask("confirmedAt", { authIds: made.authIds, by: "digest" });
  const { text, ...percentiles } = latency(confirmedAtMs.map((atMs, index) => Math.max(0, atMs - (made.answeredAtMs[index] ?? 0))));
  return [
    {
      job: "answered → confirmed by all",
      ours: text,
      mustReach: "p99 ≤ 250 ms",
      beside: `${controllerCount} controllers on the same cores, ${Math.round((count * 1_000) / made.elapsedMs)} enrolments/s`,
      ratio: `p99 ${underLimit(250, percentiles.p99Ms)}`,
      values: percentiles,
    },
  ];
}
