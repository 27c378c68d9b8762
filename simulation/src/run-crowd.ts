import type { Violation } from "./checkers/violation.ts";
import type { RunningServer } from "./world/server-machine.ts";
import { World } from "./world/world.ts";

/** How long the server is away: nobody's next call is later than the longest pause after that. */
const AWAY_MS = 5_000;

/** More than any crowd may take. */
const GIVE_UP_MS = 120_000;

const LOOK_MS = 100;
const BELIEF_MS_MAX = 600_000;
const PEOPLE = 10;

export interface CrowdOutcome {
  readonly violations: readonly Violation[];
  /** From the server's start until every controller is connected and has confirmed what was taken away meanwhile; null: not all were. */
  readonly backMs: number | null;
  /** Callers that waited for a connection to the database at once, at most. */
  readonly waitingMost: number;
  /** Callers that the pool sent away. */
  readonly countRefused: number;
  readonly countSessions: number;
}

/** So many controllers of one place, whose only server goes away and comes back: all of them come back at once. */
export async function runCrowd(controllerCount: number, seed: number, tell: ((line: string) => void) | null = null): Promise<CrowdOutcome> {
  const shape = { controllerCount, doorsPerController: 1, serverCount: 1, beliefMsMax: BELIEF_MS_MAX };
  const world = new World({ seed, shape, actsUntilMs: 0, acts: [] }, { tell, shadow: null, areDisksInMemory: true });
  try {
    await world.begin(shape);
    for (let person = 0; person < PEOPLE; person += 1) ask(world, { kind: "enrol", person, ...EVERYWHERE });
    await untilAll(world);
    const before = countSessions(world);
    world.restartServers(world.scheduler.nowMs + AWAY_MS);
    const server = await untilServer(world);
    const beganMs = world.scheduler.nowMs;
    ask(world, { kind: "revoke", person: 0 });
    const isWhole = await untilAll(world);
    const backMs = isWhole ? world.scheduler.nowMs - beganMs : null;
    // What its doors wrote down meanwhile is there too, and nothing of anybody's stream was harmed.
    await world.scheduler.runUntil(world.scheduler.nowMs + AWAY_MS);
    if (isWhole) world.watcher.judge(world.originals());
    const { waitingMost, countRefused } = server.database.pool;
    return { violations: world.watcher.violations, backMs, waitingMost, countRefused, countSessions: countSessions(world) - before };
  } finally {
    world.end();
  }
}

const EVERYWHERE = { door: null, hasOfficeHours: false, needsFinger: false, lastsMs: null } as const;

function ask(world: World, act: Parameters<World["people"]["ask"]>[1]): void {
  const server = world.anyServer(world.random);
  if (server !== null) world.people.ask(server, act);
}

async function untilServer(world: World): Promise<RunningServer> {
  for (;;) {
    await world.scheduler.runUntil(world.scheduler.nowMs + LOOK_MS);
    const server = world.anyServer(world.random);
    if (server !== null) return server;
  }
}

/** Whether all were there in time, with all that the roster says. */
async function untilAll(world: World): Promise<boolean> {
  const endMs = world.scheduler.nowMs + GIVE_UP_MS;
  while (world.scheduler.nowMs < endMs && world.watcher.violations.length === 0) {
    await world.scheduler.runUntil(world.scheduler.nowMs + LOOK_MS);
    const { controllers, revision } = world.host.tables;
    const instanceId = world.anyServer(world.random)?.instanceId;
    const areAll = [...controllers.values()].every((row) => row.connectedInstance === instanceId && row.confirmedRevision === revision);
    if (areAll && instanceId !== undefined) return true;
  }
  return false;
}

function countSessions(world: World): number {
  return [...world.host.tables.controllers.values()].reduce((sum, { session }) => sum + session, 0);
}
