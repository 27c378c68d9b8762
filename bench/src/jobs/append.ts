import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventCode } from "@postern/contract";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type RunningServer, readConfig, startServer } from "@postern/server";
import { type AppendBatch, Appender, insertEvents, lockHeads } from "@postern/server/internal";
import { type Figure, round } from "../figure.ts";

const PLACE_ID = 178;
const CONTROLLER_ID = 178;
const BATCH_EVENTS = 256;

/** The ledger's append, beside the same rows without any of its guarantees and beside one event a commit. */
export async function append({ count = 100_000 } = {}): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "postern-bench-"));
  const config = readConfig({ POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DATA_DIR: folder });
  const server = await startServer({ config, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom });
  try {
    await server.database.query("update controllers set session_number = 1 where controller_id = $1", [CONTROLLER_ID]);
    const ours = await throughAppender(server, count);
    const bare = await bareInserts(server, count);
    const single = await throughAppender(server, 500, 1);
    return [
      {
        job: "append",
        ours: `${round(ours)} events/s`,
        mustReach: "30,000/s",
        beside: `bare bulk insert: ${round(bare)}/s`,
        ratio: `${(ours / bare).toFixed(2)} of it`,
      },
      {
        job: "append, one event a commit",
        ours: `${round(single)} events/s`,
        mustReach: "–",
        beside: "",
        ratio: `append is ${round(ours / single)} × it`,
      },
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Frames of sixteen logs at once, each with one unanswered, as controllers send them. */
async function throughAppender({ database }: RunningServer, count: number, batchEvents = BATCH_EVENTS): Promise<number> {
  const appender = new Appender(database, systemClock);
  const logs = batchEvents === 1 ? 1 : 16;
  const each = Math.ceil(count / logs);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: logs }, async () => {
      const generation = 1 + systemRandom.int(2 ** 40);
      for (let first = 1; first <= each; first += batchEvents)
        await appender.append(batchOf(generation, first, Math.min(batchEvents, each - first + 1)));
    }),
  );
  return (each * logs) / ((performance.now() - startMs) / 1_000);
}

function batchOf(generation: number, first: number, count: number): AppendBatch {
  const nowMs = systemClock.nowMs();
  const events = Array.from({ length: count }, () => ({ eventAt: nowMs, eventType: "DEV_DOOR_RELAY_ON", doorId: 234, deviceId: 434 }));
  const predecessor = first === 1 ? null : undefined;
  return {
    placeId: PLACE_ID,
    controllerId: CONTROLLER_ID,
    session: 1,
    generation,
    predecessor,
    first,
    events,
    lost: [],
    sentAtMs: nowMs,
    receivedAtMs: nowMs,
  };
}

/** The same rows in bulk: no marks, no judging, no other controllers. */
async function bareInserts({ database }: RunningServer, count: number): Promise<number> {
  const chunk = 4_096;
  const startMs = performance.now();
  for (let done = 0; done < count; done += chunk) {
    const nowMs = systemClock.nowMs();
    const row = {
      eventAt: nowMs,
      receivedAt: nowMs,
      deviceId: 434,
      doorId: 234,
      userId: null,
      authId: null,
      eventType: eventCode("DEV_DOOR_RELAY_ON"),
      generation: 1,
      localLogId: 1,
      detail: null,
    };
    const entries = Array.from({ length: Math.min(chunk, count - done) }, () => ({ placeId: PLACE_ID, row }));
    await database.transaction(async (transaction) => insertEvents(transaction, await lockHeads(transaction, [PLACE_ID]), entries));
  }
  return count / ((performance.now() - startMs) / 1_000);
}
