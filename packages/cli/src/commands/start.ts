import { rm } from "node:fs/promises";
import { type Clock, type Log, systemClock, systemRandom, systemTimers } from "@postern/core";
import { claimController, claimedIdentity, type RunningController, startController } from "@postern/door";
import { type Config, createLog, type DemoPlace, type RunningServer, readConfig, SCOPES, startServer } from "@postern/server";
import { callApi, member } from "../api.ts";
import { type DemoFile, readDemoFile, writeDemoFile } from "../demo-file.ts";
import { controllerDir } from "../local-door.ts";
import type { Output } from "../output.ts";
import { dataDirPrefix } from "../settings.ts";
import { startLines } from "../start-lines.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

const DAY_MS = 86_400_000;
const DEMO_KEY_MS = 3_650 * DAY_MS;

/** Runs a server until it is told to stop, with the demo's doors where this database has the demo. */
export async function runStart(output: Output): Promise<void> {
  const config = readConfig({ ...process.env, POSTERN_LOG_LEVEL: process.env["POSTERN_LOG_LEVEL"] ?? "warn" });
  const log = createLog({ level: config.logLevel, clock: systemClock });
  const stopping = untilToldToStop(output);
  const stack = new AsyncDisposableStack();
  try {
    output.line("Postern is starting …");
    const doors: { demo: RunningController | null } = { demo: null };
    const server = await startServer({ ...PORTS, config, log, checks: demoCheck(config, () => doors.demo) });
    stack.defer(() => server.stop());
    output.line(`  HTTP   ${server.baseUrl}`);
    output.line(`  MQTT   ${server.mqttUrl}`);
    output.line(
      `  data   ${config.dataDir}${config.databaseUrl === null ? " (embedded PostgreSQL on a private socket)" : " (database: DATABASE_URL)"}`,
    );
    if (server.demo !== null) {
      const demo = await prepareDemo({ server, demo: server.demo, dataDir: config.dataDir, clock: systemClock });
      doors.demo = await startDemoDoors({ server, demo, dataDir: config.dataDir, log });
      stack.defer(async () => doors.demo?.stop());
      output.line(
        `  doors  ${demo.doors.map((door) => `${door.doorId} ${door.name}`).join(", ")} (virtual, controller ${demo.controllerSerial})`,
      );
      for (const line of startLines(demo, { prefix: dataDirPrefix(), nowMs: systemClock.nowMs() })) output.line(line);
    }
    output.line("Ready. Ctrl-C stops it.");
    await stopping;
    output.line("Stopping …");
  } finally {
    await stack.disposeAsync();
  }
  output.line("Stopped. Everything is on the disk; `npm start` goes on from here.");
}

const PORTS = { clock: systemClock, timers: systemTimers, random: systemRandom };

/** The demo's doors count as up once they are connected and hold a roster. */
function demoCheck(config: Config, door: () => RunningController | null): Record<string, () => boolean> {
  const mayHaveDemo = config.demo === "on" || (config.demo === "auto" && config.databaseUrl === null);
  return mayHaveDemo ? { demoDoors: () => isUp(door()) } : {};
}

function isUp(controller: RunningController | null): boolean {
  const state = controller?.state();
  return state !== undefined && state.uplink === "live" && state.roster.completeTo > 0;
}

interface DemoParts {
  readonly server: RunningServer;
  readonly demo: DemoPlace;
  readonly dataDir: string;
  readonly clock: Clock;
}

/** Writes `demo.json`: the key of the last start where it still opens something, else a new one. */
async function prepareDemo({ server, demo, dataDir, clock }: DemoParts): Promise<DemoFile> {
  const before = await readDemoFile(dataDir);
  const known = before !== null && (await opens(server.baseUrl, before.apiKey)) ? before : null;
  const nowMs = clock.nowMs();
  const startOfDayMs = nowMs - (nowMs % DAY_MS);
  const { placeGroupId, placeId, scheduleId, controllerId, controllerSerial } = demo;
  const file: DemoFile = {
    baseUrl: server.baseUrl,
    mqttUrl: server.mqttUrl,
    apiKey: known?.apiKey ?? (await mintDemoKey(server, demo, nowMs)),
    placeGroupId,
    placeId,
    scheduleId,
    controllerId,
    controllerSerial,
    doors: demo.doors.map(({ doorId, name, deviceId, deviceSerial }) => ({ doorId, name, deviceId, deviceSerial })),
    period: known?.period ?? { startTime: startOfDayMs, endTime: startOfDayMs + 365 * DAY_MS },
  };
  await writeDemoFile(dataDir, file);
  return file;
}

async function mintDemoKey(server: RunningServer, demo: DemoPlace, nowMs: number): Promise<string> {
  const { placeGroupId } = demo;
  const minted = await server.keys.mintRoot({
    placeGroupId,
    name: "demo",
    scopes: SCOPES,
    placeIds: null,
    expiresAtMs: nowMs + DEMO_KEY_MS,
  });
  return minted.key;
}

async function opens(baseUrl: string, apiKey: string): Promise<boolean> {
  const answer = await fetch(new URL("/v2/keys?limit=1", baseUrl), { headers: { authorization: `Bearer ${apiKey}` } });
  await answer.body?.cancel();
  return answer.ok;
}

interface DoorParts {
  readonly server: RunningServer;
  readonly demo: DemoFile;
  readonly dataDir: string;
  readonly log: Log;
}

/** Claims the demo's controller as any other is claimed, unless this folder has done so, and runs it over the same link. */
async function startDemoDoors({ server, demo, dataDir, log }: DoorParts): Promise<RunningController> {
  const folder = controllerDir(dataDir, demo.controllerSerial);
  if (!isClaimed(folder) || !(await isClaimedOnServer(demo))) {
    await rm(`${folder}/identity.json`, { force: true });
    const { code } = await server.controllers.issueCodeFor(demo.controllerId);
    await claimController({ serverUrl: server.baseUrl, code, dataDir: folder, timers: systemTimers });
  }
  const controller = await startController({ ...PORTS, dataDir: folder, serverUrl: server.baseUrl, mqttUrl: server.mqttUrl, log });
  await controller.whenSynced(1);
  return controller;
}

function isClaimed(folder: string): boolean {
  try {
    claimedIdentity(folder);
    return true;
  } catch {
    return false;
  }
}

/** False after the database was made anew beside an older controller folder. */
async function isClaimedOnServer(demo: DemoFile): Promise<boolean> {
  const answer = await callApi(demo, { path: `/v2/places/${demo.placeId}/controllers` });
  const rows = member(answer, "controllers");
  return (
    Array.isArray(rows) && rows.some((row: unknown) => member(row, "serial") === demo.controllerSerial && member(row, "claimed") === true)
  );
}
