import { type Clock, pause, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type Config, createLog, type DemoPlace, type RunningServer, readConfig, SCOPES, startServer } from "@postern/server";
import { type DemoDoors, startDemoDoors } from "../demo-doors.ts";
import { type DemoFile, readDemoFile, writeDemoFile } from "../demo-file.ts";
import { failure } from "../failure.ts";
import { controllerDir } from "../local-door.ts";
import type { Output } from "../output.ts";
import { trustCertificate } from "../own-certificate.ts";
import { dataDirPrefix, logLevelSetting } from "../settings.ts";
import { startFailure } from "../start-failure.ts";
import { startLines } from "../start-lines.ts";
import { untilToldToStop } from "../until-told-to-stop.ts";

const DAY_MS = 86_400_000;
const DEMO_KEY_MS = 3_650 * DAY_MS;
const DEMO_PERIOD_MS = 365 * DAY_MS;

/** How long the greeting waits for the demo's doors. Beyond it they go on connecting, and `/healthz` says when they are up. */
const DOORS_UP_MS_MAX = 15_000;

/** Runs a server until it is told to stop, with the demo's doors where this database has the demo. */
export async function runStart(output: Output): Promise<void> {
  const config = readConfig({ ...process.env, ...logLevelSetting() });
  using told = untilToldToStop(output);
  const stopping = told.promise;
  output.outliveReader();
  const stack = new AsyncDisposableStack();
  try {
    output.line("Postern is starting …");
    const running = await startParts({ config, stack, stopping });
    for (const line of greeting(running, config)) output.line(line);
    output.line("Ready. Ctrl-C stops it.");
    await stopping;
    output.line("Stopping …");
  } finally {
    await stack.disposeAsync();
  }
  output.line("Stopped. Everything is on the disk; `npm start` goes on from here.");
}

interface Running {
  readonly server: RunningServer;
  readonly demo: DemoFile | null;
  readonly doors: DemoDoors | null;
}

interface StartParts {
  readonly config: Config;
  readonly stack: AsyncDisposableStack;
  readonly stopping: Promise<void>;
}

async function startParts({ config, stack, stopping }: StartParts): Promise<Running> {
  const log = createLog({ level: config.logLevel, clock: systemClock });
  const up: { doors: DemoDoors | null } = { doors: null };
  const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };
  const server = await startServer({ ...ports, config, log, checks: demoCheck(config, () => up.doors) }).catch(async (cause: unknown) => {
    throw await startFailure(cause, config);
  });
  stack.defer(() => server.stop());
  if (server.demo === null) return { server, demo: null, doors: null };
  await trustCertificate(config.tls?.certFile);
  const demo = await prepareDemo({ server, place: server.demo, config, clock: systemClock });
  const doors = await startDemoDoors({ server, demo, dataDir: config.dataDir, log });
  // Stopped before the server, so that their last events still reach it.
  stack.defer(() => doors.stop());
  up.doors = doors;
  await whenUpOrLate(doors, stopping);
  return { server, demo, doors };
}

/** Late doors do not keep the server from being used. */
async function whenUpOrLate(doors: DemoDoors, stopping: Promise<void>): Promise<void> {
  const decided = new AbortController();
  await Promise.race([doors.whenUp(), stopping, pause(systemTimers, "wait for the demo's doors", DOORS_UP_MS_MAX, decided.signal)]);
  decided.abort();
}

/** The demo's doors count as up once they are connected and hold what they should. */
function demoCheck(config: Config, doors: () => DemoDoors | null): Record<string, () => Promise<boolean>> {
  const mayHaveDemo = config.demo === "on" || (config.demo === "auto" && config.databaseUrl === null);
  return mayHaveDemo ? { demoDoors: async () => (await doors()?.isUp()) === true } : {};
}

function greeting({ server, demo, doors }: Running, config: Config): string[] {
  const database = config.databaseUrl === null ? "embedded PostgreSQL on a private socket" : "database: DATABASE_URL";
  const lines = [`  HTTP   ${server.baseUrl}`, `  MQTT   ${server.mqttUrl}`, `  data   ${config.dataDir} (${database})`];
  if (demo === null) return lines;
  const folder = controllerDir(config.dataDir, demo.controllerSerial);
  const where =
    doors?.where === "here"
      ? `virtual, controller ${demo.controllerSerial}`
      : `controller ${demo.controllerSerial}, claimed by another process; remove ${folder} to have it here again`;
  lines.push(`  doors  ${demo.doors.map((door) => `${door.doorId} ${door.name}`).join(", ")} (${where})`);
  return [...lines, ...startLines(demo, { prefix: dataDirPrefix(), nowMs: systemClock.nowMs() })];
}

interface DemoParts {
  readonly server: RunningServer;
  readonly place: DemoPlace;
  readonly config: Config;
  readonly clock: Clock;
}

/** Writes `demo.json`: with the key of the last start where it still opens something, else a new one. */
async function prepareDemo({ server, place, config, clock }: DemoParts): Promise<DemoFile> {
  const before = await readDemoFile(config.dataDir);
  const nowMs = clock.nowMs();
  const baseUrl = reachable(server.baseUrl);
  const isKnown = before !== null && (await opens(baseUrl, before.apiKey));
  const { placeGroupId, placeId, scheduleId, controllerId, controllerSerial } = place;
  const file: DemoFile = {
    baseUrl,
    mqttUrl: reachable(server.mqttUrl),
    apiKey: isKnown ? before.apiKey : await mintDemoKey(server, placeGroupId, nowMs),
    placeGroupId,
    placeId,
    scheduleId,
    controllerId,
    controllerSerial,
    ...(before?.controllerClaimedAt === undefined ? {} : { controllerClaimedAt: before.controllerClaimedAt }),
    ...(config.tls === null ? {} : { certFile: config.tls.certFile }),
    doors: place.doors.map(({ doorId, name, deviceId, deviceSerial }) => ({ doorId, name, deviceId, deviceSerial })),
    period: before !== null && before.period.endTime > nowMs + DAY_MS ? before.period : periodFrom(nowMs),
  };
  await writeDemoFile(config.dataDir, file);
  return file;
}

/** From the start of today in UTC on. */
function periodFrom(nowMs: number): DemoFile["period"] {
  const startTime = nowMs - (nowMs % DAY_MS);
  return { startTime, endTime: startTime + DEMO_PERIOD_MS };
}

/** A listener on all addresses, as this machine reaches it. */
function reachable(url: string): string {
  return url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:");
}

async function mintDemoKey(server: RunningServer, placeGroupId: number, nowMs: number): Promise<string> {
  const wanted = { placeGroupId, name: "demo", scopes: SCOPES, placeIds: null, expiresAtMs: nowMs + DEMO_KEY_MS };
  return (await server.keys.mintRoot(wanted)).key;
}

async function opens(baseUrl: string, apiKey: string): Promise<boolean> {
  const answer = await fetch(new URL("/v2/keys?limit=1", baseUrl), { headers: { authorization: `Bearer ${apiKey}` } }).catch(
    (cause: unknown) => {
      throw failure(
        "own_address",
        `The demo cannot reach its own server at ${baseUrl}; POSTERN_DEMO=off starts without it. ${why(cause)}`,
        cause,
      );
    },
  );
  await answer.body?.cancel();
  return answer.ok;
}

/** What `fetch` hides: for example that a certificate does not name this host. */
function why(cause: unknown): string {
  const inner = cause instanceof Error ? cause.cause : undefined;
  return inner instanceof Error ? inner.message : "";
}
