import { Child } from "../child.ts";
import { type Figure, round, underLimit } from "../figure.ts";
import { freePort } from "../free-port.ts";
import { machineMs } from "../machine-time.ts";
import { type MemoryUse, mosquittoMemory, residentBytes } from "../mosquitto.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ALL_MS_MAX = 90_000;
const MEGABYTE = 1_000_000;
const CONTROLLER_PROCESSES = 2;

type Controllers = readonly Child<ControllersHandlers>[];

/** So many connected controllers: what the server keeps resident for them, and how soon all are back after it was started again. */
export async function many({ places = 100, seatsEach = 100 } = {}): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const { path: dataDir } = stack.use(await temporaryFolder("bench-many"));
  const address = { dataDir, mqttPort: await freePort() };
  const controllers = [
    stack.use(await Child.start<ControllersHandlers>("controllers")),
    stack.use(await Child.start<ControllersHandlers>("controllers")),
  ];
  const { memory, clientIds } = await fill({ address, places, seatsEach, controllers });

  const startMs = machineMs();
  await using again = await Child.start<ServerHandlers>("server");
  await again.ask("start", address);
  const readyMs = machineMs() - startMs;
  const backMs = (await allComplete(controllers)) - startMs;

  const peer = await mosquittoMemory(clientIds, addressesOf(clientIds.length, seatsEach));
  return [memoryFigure(clientIds.length, memory, peer), backFigure(clientIds.length, readyMs, backMs)];
}

interface Filling {
  readonly address: { readonly dataDir: string; readonly mqttPort: number };
  readonly places: number;
  readonly seatsEach: number;
  readonly controllers: Controllers;
}

/** Fills a server with connections, and stops it. */
async function fill({ address, places, seatsEach, controllers }: Filling): Promise<{ memory: MemoryUse; clientIds: readonly string[] }> {
  await using server = await Child.start<ServerHandlers>("server");
  const { mqttUrl } = await server.ask("start", address);
  const seats = await server.ask("addPlacesWithSeats", { places, seatsEach });
  const emptyBytes = await residentBytes(server.pid);
  const addresses = addressesOf(seats.length, seatsEach);
  const share = Math.ceil(seats.length / CONTROLLER_PROCESSES);
  for (const [index, some] of controllers.entries()) {
    const part = [index * share, (index + 1) * share] as const;
    await some.ask("stayConnected", { mqttUrl, seats: seats.slice(...part), addresses: addresses.slice(...part) });
  }
  await allComplete(controllers);
  return { memory: { emptyBytes, fullBytes: await residentBytes(server.pid) }, clientIds: seats.map((seat) => seat.serial) };
}

async function allComplete(controllers: Controllers): Promise<number> {
  const times = await Promise.all(controllers.map((some) => some.ask("allComplete", { withinMs: ALL_MS_MAX })));
  return Math.max(...times);
}

/** The controllers of a place come from one address of loopback, those of another place from another, as behind their routers. */
function addressesOf(count: number, seatsEach: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const place = Math.floor(index / seatsEach);
    return `127.1.${Math.floor(place / 250)}.${1 + (place % 250)}`;
  });
}

function memoryFigure(count: number, ours: MemoryUse, peer: MemoryUse | null): Figure {
  const eachBytes = (ours.fullBytes - ours.emptyBytes) / count;
  return {
    job: `${count.toLocaleString("en-US")} connected controllers: resident memory`,
    ours: `${round(ours.fullBytes / MEGABYTE)} MB, ${round(ours.emptyBytes / MEGABYTE)} MB before them: ${round(eachBytes / 1_000)} kB each`,
    mustReach: "≤ 500 MB",
    beside:
      peer === null
        ? "mosquitto is not installed here"
        : `mosquitto with as many idle connections: ${round(peer.fullBytes / MEGABYTE)} MB, ${round((peer.fullBytes - peer.emptyBytes) / count / 1_000)} kB each`,
    ratio: underLimit(500 * MEGABYTE, ours.fullBytes),
    values: { ...ours, ...(peer === null ? {} : { mosquittoEmptyBytes: peer.emptyBytes, mosquittoFullBytes: peer.fullBytes }) },
  };
}

function backFigure(count: number, readyMs: number, backMs: number): Figure {
  return {
    job: `${count.toLocaleString("en-US")} connected controllers: all back after a restart`,
    ours: `${round(backMs / 1_000)} s from the start's begin, ${round(readyMs / 1_000)} s of them until the server was ready`,
    mustReach: "≤ 30 s",
    beside: `the controllers on the same cores, each with a new token and its pauses; ${round((count * 1_000) / (backMs - readyMs))} a second`,
    ratio: underLimit(30_000, backMs),
    values: { readyMs, backMs },
  };
}
