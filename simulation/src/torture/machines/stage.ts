import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Log, pause, systemClock, systemTimers } from "@postern/core";
import { noteVersions } from "../evidence/database-store.ts";
import { UP_MS_MAX } from "../limits.ts";
import { FaultyLine } from "../line/faulty-line.ts";
import type { Shape } from "../plan/act.ts";
import { type FoundedPlace, foundPlace, redirectLink } from "./found-place.ts";
import { KeptDatabase } from "./kept-database.ts";
import { KeptProcess } from "./kept-process.ts";
import { KeptServer } from "./kept-server.ts";

/** Everything that runs, and the lines between. */
export interface Stage {
  readonly database: KeptDatabase;
  readonly servers: readonly KeptServer[];
  readonly doors: readonly KeptProcess[];
  /** One for each controller, then that of the API. */
  readonly lines: readonly FaultyLine[];
  readonly place: FoundedPlace;
  /** Of the API, behind its line. */
  readonly baseUrl: string;
}

export interface StageParts {
  readonly folder: string;
  readonly shape: Shape;
  readonly log: Log;
  readonly stack: AsyncDisposableStack;
  readonly signal: AbortSignal;
  readonly onEndedByItself: (name: string, code: number | null) => void;
}

const LOOK_MS = 50;

/** Starts a database, servers and controllers, each a process of its own, and waits until they are up. All of it ends with the stack. */
export async function setUp(parts: StageParts): Promise<Stage> {
  const { folder, shape, log, stack } = parts;
  const doorsDir = join(folder, "doors");
  for (const name of ["doors", "logs", "tmp"]) await mkdir(join(folder, name), { mode: 0o700 });
  const database = await KeptDatabase.start(join(folder, "database"), log);
  stack.defer(() => database.end());
  const servers = await startServers(parts, database);
  const [first] = servers;
  if (first === undefined) throw new TypeError("there is at least one server");
  const place = await foundPlace({ baseUrl: `http://127.0.0.1:${first.httpPort}`, serverDir: serverDir(folder, 0), doorsDir, shape });
  const lines = await openLines(parts, servers);
  const baseUrl = `http://127.0.0.1:${lines.at(-1)?.port ?? 0}`;
  const doors = await startDoors(parts, { place, lines, baseUrl });
  return { database, servers, doors, lines, place, baseUrl };
}

function serverDir(folder: string, index: number): string {
  return join(folder, `server-${index}`);
}

/** The first makes the tables and the secrets; the others share both. */
async function startServers(parts: StageParts, database: KeptDatabase): Promise<KeptServer[]> {
  const { folder, shape } = parts;
  const servers: KeptServer[] = [];
  for (let index = 0; index < shape.serverCount; index += 1) {
    const dataDir = serverDir(folder, index);
    await mkdir(dataDir, { mode: 0o700 });
    if (index > 0) await copyFile(join(serverDir(folder, 0), "server.key"), join(dataDir, "server.key"));
    const name = `server ${index}`;
    const server = new KeptServer({ ...keptParts(parts, name), dataDir, databaseUrl: database.url });
    server.process.start();
    parts.stack.defer(async () => void (await server.process.end("SIGKILL")));
    servers.push(server);
    await isUp(parts, name, () => server.process.isReady);
    if (index === 0) await noteVersions(database.owner);
  }
  return servers;
}

async function openLines({ shape, stack }: StageParts, servers: readonly KeptServer[]): Promise<FaultyLine[]> {
  let turn = 0;
  // As a balancer does: the next of those that are up.
  const next = (portOf: (server: KeptServer) => number | null) => (): number | null => {
    const ports = servers.flatMap((server) => portOf(server) ?? []);
    turn += 1;
    return ports[turn % Math.max(1, ports.length)] ?? null;
  };
  const lines: FaultyLine[] = [];
  for (let index = 0; index <= shape.controllerCount; index += 1) {
    const target = next(index === shape.controllerCount ? (server) => server.httpPort : (server) => server.mqttPort);
    const line = await FaultyLine.open({ clock: systemClock, timers: systemTimers, target });
    stack.defer(() => line.close());
    lines.push(line);
  }
  return lines;
}

interface DoorStart {
  readonly place: FoundedPlace;
  readonly lines: readonly FaultyLine[];
  readonly baseUrl: string;
}

async function startDoors(parts: StageParts, { place, lines, baseUrl }: DoorStart): Promise<KeptProcess[]> {
  const doors: KeptProcess[] = [];
  for (const [index, seat] of place.seats.entries()) {
    await redirectLink(seat, lines[index]?.port ?? 0);
    const args = ["door", "run", "--server", baseUrl, "--data-dir", seat.folder];
    // Sockets go with the folder.
    const door = new KeptProcess({ ...keptParts(parts, `controller ${index}`), args, settings: { TMPDIR: join(parts.folder, "tmp") } });
    door.start();
    parts.stack.defer(async () => void (await door.end("SIGKILL")));
    doors.push(door);
  }
  for (const door of doors) await isUp(parts, door.name, () => door.isReady);
  return doors;
}

function keptParts({ folder, onEndedByItself }: StageParts, name: string) {
  const logFile = join(folder, "logs", `${name.replace(" ", "-")}.log`);
  return { name, logFile, timers: systemTimers, onEndedByItself: (code: number | null) => onEndedByItself(name, code) };
}

async function isUp({ signal }: StageParts, name: string, isSo: () => boolean): Promise<void> {
  const endMs = systemClock.monotonicMs() + UP_MS_MAX;
  while (!isSo()) {
    signal.throwIfAborted();
    if (systemClock.monotonicMs() > endMs) throw new TypeError(`${name} was not up within ${UP_MS_MAX / 1_000} s`);
    await pause(systemTimers, "look whether it is up", LOOK_MS, signal);
  }
}
