import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EVENTS_PER_FRAME_MAX } from "@postern/contract";
import { Child } from "../child.ts";
import { type Figure, percentile, round, underLimit } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";
import { type StartCommand, startedServer } from "../started-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND = { command: process.execPath, words: ["packages/cli/src/main.ts", "start"], cwd: ROOT } as const;
const SEATS = 4;

/** From the command until `/healthz` answers 200, with the data of a former run present. */
export async function start({ count = 5, people = 10_000, events = 20_000 } = {}): Promise<Figure[]> {
  await using folder = await temporaryFolder("start");
  const first = await readyMs({ ...COMMAND, dataDir: folder.path });
  await fill(folder.path, people, events);
  // The doors take the new people over once; that is not a start.
  await readyMs({ ...COMMAND, dataDir: folder.path });
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) times.push(await readyMs({ ...COMMAND, dataDir: folder.path }));
  const median = percentile(times, 0.5);
  return [
    {
      job: "start to ready, data present",
      ours: `${round(median)} ms`,
      mustReach: "≤ 2 s",
      beside: `${people.toLocaleString("en-US")} people, ${events.toLocaleString("en-US")} events; the first start, which makes the database: ${round(first)} ms`,
      ratio: underLimit(2_000, median),
      values: { startMs: median, slowestStartMs: Math.max(...times), firstStartMs: first },
    },
  ];
}

/** A clone of what is committed, then `npm start`, with whatever npm's cache holds. */
export async function fresh(): Promise<Figure[]> {
  await using folder = await temporaryFolder("fresh");
  const clone = join(folder.path, "postern");
  const startMs = machineMs();
  const cloned = spawnSync("git", ["clone", "--quiet", ROOT, clone], { stdio: ["ignore", "ignore", "pipe"] });
  if (cloned.status !== 0) throw new TypeError(`git clone: ${cloned.stderr?.toString() ?? cloned.error?.message}`);
  const cloneMs = machineMs() - startMs;
  const elapsedMs = cloneMs + (await readyMs({ command: "npm", words: ["start"], cwd: clone, dataDir: join(folder.path, "data") }));
  return [
    {
      job: "fresh clone to ready",
      ours: `${round(elapsedMs / 1_000)} s`,
      mustReach: "≤ 90 s",
      beside: "npm's cache as it is",
      ratio: underLimit(90_000, elapsedMs),
      values: { elapsedMs },
    },
  ];
}

async function fill(dataDir: string, people: number, events: number): Promise<void> {
  await using server = await Child.start<ServerHandlers>("server");
  const { mqttUrl } = await server.ask("start", { dataDir });
  await server.ask("addPeople", { first: 0, count: people });
  await using controllers = await Child.start<ControllersHandlers>("controllers");
  await controllers.ask("connect", { mqttUrl, seats: await server.ask("addSeats", { count: SEATS }) });
  await controllers.ask("sendEvents", { countEach: Math.ceil(events / SEATS), frameEvents: EVENTS_PER_FRAME_MAX });
}

/** Milliseconds from the command to the first 200; then it is ended. */
async function readyMs(command: StartCommand): Promise<number> {
  await using server = await startedServer(command);
  return server.readyMs;
}
