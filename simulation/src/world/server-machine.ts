import type { Log, Random } from "@postern/core";
import {
  Appender,
  COMMAND_POLL_MS,
  Confirmations,
  FEED_POLL_MS,
  Gateway,
  HEARD_WRITE_MS,
  RosterFeeds,
  SESSIONS_POLL_MS,
} from "@postern/server/internal";
import { type DatabaseHost, SimDatabase } from "../database/sim-database.ts";
import type { ServerEnd } from "../network/network.ts";
import { Life } from "../time/life.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { WanderingClock } from "../time/wandering-clock.ts";
import { PLACE_ID } from "./layout.ts";
import type { Vendor } from "./vendor.ts";

/** How wrong the time of a token may be; the product allows about as much. */
const TOKEN_MS_AROUND = 60_000;

export interface ServerParts {
  readonly scheduler: Scheduler;
  readonly host: DatabaseHost;
  readonly clock: WanderingClock;
  readonly random: Random;
  readonly log: Log;
  readonly vendor: Vendor | null;
  readonly drawInstance: () => number;
  readonly isInstanceAlive: (instanceId: number) => boolean;
}

export interface RunningServer extends ServerEnd {
  readonly instanceId: number;
  readonly database: SimDatabase;
  readonly feeds: RosterFeeds;
  readonly gateway: Gateway;
  readonly clock: WanderingClock;
}

/** One server process: the product's gateway, feeds and appender over the world's database. */
export function startServer(parts: ServerParts): RunningServer {
  const { scheduler, host, clock, random, log, vendor, drawInstance, isInstanceAlive } = parts;
  const life = new Life(scheduler);
  const instanceId = drawInstance();
  const database = new SimDatabase(host, life, random);
  const feeds = new RosterFeeds(database, log);
  const gateway = new Gateway({
    database,
    feeds,
    appender: new Appender(database, clock),
    confirmations: new Confirmations(database, life.timers, log),
    clock,
    timers: life.timers,
    log,
    instanceId,
    ...(vendor === null ? {} : { askVendor: vendor.askFrom(life) }),
    personKeys: { find: () => Promise.resolve(new Map()), sealScanned: (_commandId, plain) => plain },
    isInstanceAlive: (other) => Promise.resolve(isInstanceAlive(other)),
    verifyToken: (token, publicKey, _serial, nowMs) => Promise.resolve(isGoodToken(token, publicKey, nowMs)),
  });
  repeat(life, FEED_POLL_MS, () => feeds.poll());
  repeat(life, COMMAND_POLL_MS, () => gateway.sendDueCommands());
  repeat(life, SESSIONS_POLL_MS, () => gateway.endStale());
  repeat(life, SESSIONS_POLL_MS, () => gateway.forgetDeadProcesses());
  repeat(life, HEARD_WRITE_MS, async () => gateway.noteHeard());
  return { handler: gateway, life, instanceId, database, feeds, gateway, clock };
}

/** A token says when it was made, and with which key. */
export function tokenOf(nowMs: number, publicKey: string): string {
  return JSON.stringify([nowMs, publicKey]);
}

function isGoodToken(token: string, publicKey: unknown, nowMs: number): boolean {
  const [madeMs, key]: unknown[] = JSON.parse(token);
  return typeof madeMs === "number" && Math.abs(madeMs - nowMs) <= TOKEN_MS_AROUND && key === JSON.stringify(publicKey);
}

function repeat(life: Life, everyMs: number, work: () => Promise<void>): void {
  life.after(everyMs, () => {
    work().catch(() => undefined);
    repeat(life, everyMs, work);
  });
}

/** Tells a server process, as a notification does, that something waits for it. */
export function hint(server: RunningServer, about: "roster" | "commands" | "controllers"): void {
  if (server.life.isOver) return;
  if (about === "roster") server.feeds.hint(PLACE_ID);
  else if (about === "commands") server.gateway.sendDueCommands().catch(() => undefined);
  else server.gateway.endStale().catch(() => undefined);
}
