import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EVENTS_PER_FRAME_MAX, type EventType, eventCode, isEventType } from "@postern/contract";
import { assert, pause, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type RunningServer, readConfig, startServer } from "@postern/server";
import { type AppendBatch, Appender, dropOldPeriods, periodOf, startEmbeddedPostgres } from "@postern/server/internal";
import { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { PLACE_ID } from "./bench-place.ts";
import { type Filling, fillLedger } from "./fill-ledger.ts";
import { passageEvents } from "./passage-events.ts";
import type { ApiAddress } from "./people-client.ts";

const CONTROLLER_ID = 178;
const DOOR = { doorId: 234, deviceId: 434 };
const LOGS_AT_ONCE = 16;
const KEY_MS = 3_600_000;
const STEP_MS = 10;
/** A place that has no ledger of its own: the peers' rows meet ours nowhere but in the tables and their indexes. */
const PEER_PLACE_ID = 999;
const COLUMNS =
  "place_id, period, sequence, event_at, received_at, device_id, door_id, user_id, auth_id, event_type, generation, local_log_id, detail";

/** How long others append and read before a month is dropped, and after. */
const BESIDE_MS = 500;
const DAY_MS = 86_400_000;

/** The ledger's tables in a database of their own, for the append and for what stands beside it. Every handler answers events a second. */
const stack = new AsyncDisposableStack();
let running: { readonly server: RunningServer; readonly client: Client } | null = null;
let peerSequence = 0;

function ledger(): { readonly server: RunningServer; readonly client: Client } {
  assert(running !== null, "the ledger is started before it is asked");
  return running;
}

const ledgerHandlers = {
  start: async (_: null): Promise<ApiAddress> => {
    const { path } = stack.use(await temporaryFolder("bench"));
    const [dataDir, databaseDir] = [join(path, "server"), join(path, "database")];
    for (const folder of [dataDir, databaseDir]) await mkdir(folder, { mode: 0o700 });
    const ports = { clock: systemClock, timers: systemTimers, random: systemRandom, log: silentLog };
    const embedded = await startEmbeddedPostgres({ ...ports, dataDir: databaseDir });
    stack.defer(() => embedded.stop());
    const listeners = { POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DEMO: "on", POSTERN_OUTGOING_HOSTS: "http://127.0.0.1" };
    const config = readConfig({ ...listeners, POSTERN_DATA_DIR: dataDir, DATABASE_URL: embedded.owner.url });
    const server = await startServer({ ...ports, config });
    stack.defer(() => server.stop());
    const client = new Client({ connectionString: embedded.owner.url });
    await client.connect();
    stack.defer(() => client.end());
    // As its greeting would.
    const greeted = `update controllers set session_number = 1,
      served_door_ids = array(select door_id from doors where doors.controller_id = $1),
      served_device_ids = array(select device_id from devices join doors using (door_id) where doors.controller_id = $1)
      where controller_id = $1`;
    await server.database.query(greeted, [CONTROLLER_ID]);
    running = { server, client };
    const expiresAtMs = systemClock.nowMs() + KEY_MS;
    const { key } = await server.keys.mintRoot({
      ...{ placeGroupId: 100, name: "bench", scopes: ["events", "webhooks"], placeIds: null, expiresAtMs },
    });
    return { baseUrl: server.baseUrl, key };
  },
  /** Full frames of some logs at once, each with one unanswered, as controllers send them. */
  append: async ({ count, frameEvents = EVENTS_PER_FRAME_MAX }: { count: number; frameEvents?: number }): Promise<number> => {
    const appender = new Appender(ledger().server.database, systemClock);
    const logs = Array.from({ length: frameEvents === 1 ? 1 : LOGS_AT_ONCE }, () => 1 + systemRandom.int(2 ** 40));
    const each = Math.ceil(count / logs.length);
    const startMs = machineMs();
    await Promise.all(
      logs.map(async (generation) => {
        for (let first = 1; first <= each; first += frameEvents)
          await appender.append(batchOf(generation, first, Math.min(frameEvents, each - first + 1)));
      }),
    );
    return (each * logs.length * 1_000) / (machineMs() - startMs);
  },
  /** So many events a second in small batches of one log, as many doors together make them; answers when each was committed, by its number. */
  appendSteadily: async ({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<readonly number[]> => {
    const appender = new Appender(ledger().server.database, systemClock);
    const generation = 1 + systemRandom.int(2 ** 40);
    const each = Math.ceil((perSecond * STEP_MS) / 1_000);
    const committedAtMs: number[] = [];
    const startMs = machineMs();
    for (let first = 1; first <= perSecond * seconds; first += each) {
      const dueMs = startMs + ((first - 1) * 1_000) / perSecond;
      await pause(systemTimers, "bench step", Math.max(0, dueMs - machineMs()));
      await appender.append(batchOf(generation, first, each));
      const atMs = machineMs();
      for (let index = 0; index < each; index += 1) committedAtMs.push(atMs);
    }
    return committedAtMs;
  },
  /** The same rows as text that is ready before the clock runs, in one COPY into the same tables. */
  copy: async ({ count }: { count: number }): Promise<number> => {
    const chunks = peerChunks(count);
    const startMs = machineMs();
    await pipeline(Readable.from(chunks), ledger().client.query(copyFrom(`copy events(${COLUMNS}) from stdin`)));
    return (count * 1_000) / (machineMs() - startMs);
  },
  /** One row a statement and a commit, on one connection, with nothing of ours around it. */
  insert: async ({ count }: { count: number }): Promise<number> => {
    const text = `insert into events(${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;
    const rows = peerRows(count);
    const startMs = machineMs();
    for (const values of rows) await ledger().client.query({ name: "bench-insert-event", text, values });
    return (count * 1_000) / (machineMs() - startMs);
  },
  /** See `fillLedger`. */
  fill: (filling: Filling): Promise<void> => fillLedger(ledger().client, filling),
  /**
   * Drops a month of so many events that somebody goes on reading and appending beside; answers how long that took from the first try on, and the
   * longest of the appends and pages meanwhile.
   */
  dropMonth: async ({ count }: { count: number }): Promise<DroppedMonth> => {
    const { server, client } = ledger();
    const nowMs = systemClock.nowMs();
    await fillLedger(client, { count, fromMs: nowMs - 99 * DAY_MS, toMs: nowMs - 98 * DAY_MS });
    const appender = new Appender(server.database, systemClock);
    const over = new AbortController();
    const appendMs = timesOf(over.signal, () => appender.append(batchOf(1 + systemRandom.int(2 ** 40), 1, EVENTS_PER_FRAME_MAX)));
    const readMs = timesOf(over.signal, () =>
      client.query("select count(*) from events where place_id = $1 and event_at > $2", [PLACE_ID, nowMs]),
    );
    await pause(systemTimers, "bench beside", BESIDE_MS);
    const startMs = machineMs();
    const dropped = await dropOldPeriods(server.database, { nowMs, keptDays: 60, timers: systemTimers, log: silentLog });
    const dropMs = machineMs() - startMs;
    await pause(systemTimers, "bench beside", BESIDE_MS);
    over.abort();
    return { dropMs, countDropped: dropped.length, appendMsMax: Math.max(...(await appendMs)), readMsMax: Math.max(...(await readMs)) };
  },
  /** What somebody would write first, on the same rows: a COUNT and a page by OFFSET. Answers its milliseconds. */
  countAndOffset: async ({ fromMs, toMs, offset, types, doorIds, by }: PlainQuestion): Promise<number> => {
    const { client } = ledger();
    const where =
      "place_id = $1 and event_at between $2 and $3 and ($4::smallint[] is null or event_type = any($4)) and ($5::bigint[] is null or door_id = any($5))";
    const values = [PLACE_ID, fromMs, toMs, types?.map(eventCode) ?? null, doorIds];
    const order = by === "id" ? "sequence desc" : "event_at desc, sequence desc";
    const startMs = machineMs();
    await client.query(`select count(*) from events where ${where}`, values);
    await client.query(`select * from events where ${where} order by ${order} limit 20 offset ${offset}`, values);
    return machineMs() - startMs;
  },
};
export type LedgerHandlers = typeof ledgerHandlers;

export interface PlainQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offset: number;
  readonly types: readonly EventType[] | null;
  readonly doorIds: readonly number[] | null;
  readonly by: "eventAt" | "id";
}

export interface DroppedMonth {
  readonly dropMs: number;
  readonly countDropped: number;
  readonly appendMsMax: number;
  readonly readMsMax: number;
}

/** How long each of the calls took that follow each other until the signal. */
async function timesOf(signal: AbortSignal, call: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const startMs = machineMs();
    await call();
    times.push(machineMs() - startMs);
  }
  return times;
}

function batchOf(generation: number, first: number, count: number): AppendBatch {
  const nowMs = systemClock.nowMs();
  const log = { placeId: PLACE_ID, controllerId: CONTROLLER_ID, session: 1, generation, predecessor: first === 1 ? null : undefined };
  return { ...log, first, events: passageEvents(DOOR, count, nowMs), lost: [], sentAtMs: nowMs, receivedAtMs: nowMs };
}

function peerRows(count: number): (number | null)[][] {
  const nowMs = systemClock.nowMs();
  return passageEvents(DOOR, count, nowMs).map(({ eventType, deviceId = 0, doorId = null, userId = null, authId = null }) => {
    peerSequence += 1;
    assert(isEventType(eventType), "a passage's events are of the catalogue");
    const where = [PEER_PLACE_ID, periodOf(nowMs), peerSequence, nowMs, nowMs];
    return [...where, deviceId, doorId, userId, authId, eventCode(eventType), 1, peerSequence, null];
  });
}

/** COPY's text format, in pieces of the size of a socket's buffer. */
function peerChunks(count: number): Buffer[] {
  const lines = peerRows(count).map((row) => `${row.map((value) => value ?? "\\N").join("\t")}\n`);
  const chunks: Buffer[] = [];
  for (let index = 0; index < lines.length; index += 512) chunks.push(Buffer.from(lines.slice(index, index + 512).join("")));
  return chunks;
}

serve(ledgerHandlers, () => stack.disposeAsync());
