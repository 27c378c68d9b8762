import { Child } from "../child.ts";
import { type Figure, latency, round, underLimit } from "../figure.ts";
import type { CallsMade, ClientHandlers } from "../processes/client-process.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";

const CLUE_PER_SECOND = 1_000 / 300;
const WARM_UP_SHARE = 0.1;
const LOAD_FRAME_EVENTS = 125;

/** Single calls, one after another without pause, cards only; then the same while controllers send events through the link. */
export async function enrol({ count = 1_500, insertCount = 1_000, controllerCount = 8, loadPerSecond = 10_000 } = {}): Promise<Figure[]> {
  await using server = await Child.start<ServerHandlers>("server");
  const { api: address, mqttUrl } = await server.ask("start", { dataDir: null });
  await using client = await Child.start<ClientHandlers>("client");
  const calls = { address, paceMs: 0 };
  await client.ask("enrol", { ...calls, first: 0, count: Math.ceil(count * WARM_UP_SHARE) });
  const before = await server.ask("insertAlone", { count: insertCount });
  const quiet = await client.ask("enrol", { ...calls, first: 1_000_000, count });
  const alone = (before + (await server.ask("insertAlone", { count: insertCount }))) / 2;

  await using controllers = await Child.start<ControllersHandlers>("controllers");
  await controllers.ask("connect", { mqttUrl, seats: await server.ask("addSeats", { count: controllerCount }) });
  await server.ask("allConfirmed", null);
  await controllers.ask("beginEvents", { perSecond: loadPerSecond, frameEvents: LOAD_FRAME_EVENTS });
  await client.ask("enrol", { ...calls, first: 2_000_000, count: Math.ceil(count * WARM_UP_SHARE) });
  const eventsBefore = await server.ask("eventCount", null);
  const loaded = await client.ask("enrol", { ...calls, first: 3_000_000, count });
  const eventsPerSecond = ((await server.ask("eventCount", null)) - eventsBefore) / (loaded.elapsedMs / 1_000);
  await controllers.ask("stopEvents", null);

  const besideLoad = `${round(eventsPerSecond)} events/s appended, ${controllerCount} controllers connected`;
  return [
    ...figures("enrol, single calls", quiet, { perSecondMin: 300, beside: `one insert a commit: ${round(alone)}/s`, alone }),
    ...figures("enrol while appending", loaded, { perSecondMin: 150, beside: besideLoad, alone, eventsPerSecond }),
  ];
}

interface Beside {
  readonly perSecondMin: number;
  readonly beside: string;
  readonly alone: number;
  readonly eventsPerSecond?: number;
}

function figures(job: string, { latenciesMs, elapsedMs, cpuMs }: CallsMade, { perSecondMin, beside, alone, ...load }: Beside): Figure[] {
  const perSecond = (latenciesMs.length * 1_000) / elapsedMs;
  const { text, ...percentiles } = latency(latenciesMs);
  return [
    {
      job,
      ours: `${round(perSecond)}/s`,
      mustReach: `${perSecondMin}/s`,
      beside,
      ratio: `${(perSecond / alone).toFixed(2)} of one insert a commit; ${round(perSecond / CLUE_PER_SECOND)} × CLUe's advice`,
      values: { perSecond, insertsPerSecond: alone, ...load },
    },
    {
      job: `${job}: latency`,
      ours: text,
      mustReach: "p99 ≤ 25 ms",
      beside: `CLUe advises 300 ms between calls; the client itself took ${round(cpuMs / latenciesMs.length)} ms of processor a call`,
      ratio: `p99 ${underLimit(25, percentiles.p99Ms)}`,
      values: percentiles,
    },
  ];
}
