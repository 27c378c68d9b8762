import { assert, pause, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type RunningServer, readConfig, startServer } from "@postern/server";
import { machineMs } from "../machine-time.ts";
import { serve } from "../serve.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { addPeople, addPlaces, addSeats, PLACE_ID } from "./bench-place.ts";
import { ConfirmedByAll } from "./confirmed-by-all.ts";
import type { ApiAddress } from "./people-client.ts";
import type { ControllerSeat } from "./scripted-controller.ts";
import { addVendorCustomers } from "./vendor-customers.ts";

const KEY_MS = 3_600_000;
const CONFIRM_MS_MAX = 60_000;
const PLACES_AT_ONCE = 4;

/** A server with the demo place, in a process of its own, as `npm start` has it. */
const stack = new AsyncDisposableStack();
let running: RunningServer | null = null;
let api: ApiAddress = { baseUrl: "", key: "" };
let confirmed = new ConfirmedByAll([]);
let urgent = new ConfirmedByAll([]);

function server(): RunningServer {
  assert(running !== null, "the server is started before it is asked");
  return running;
}

const serverHandlers = {
  /** Starts on this data directory; null: one of its own, which goes with it. The link's port is any that is free unless one is named. */
  start: async ({
    dataDir,
    mqttPort = 0,
    outgoingHosts,
  }: {
    dataDir: string | null;
    mqttPort?: number;
    outgoingHosts?: string;
  }): Promise<{ api: ApiAddress; mqttUrl: string }> => {
    const path = dataDir ?? stack.use(await temporaryFolder("bench")).path;
    const config = readConfig({
      ...{ POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: String(mqttPort), POSTERN_DATA_DIR: path },
      ...(outgoingHosts === undefined ? {} : { POSTERN_OUTGOING_HOSTS: outgoingHosts }),
    });
    running = await startServer({ config, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom });
    stack.defer(() => server().stop());
    const expiresAtMs = systemClock.nowMs() + KEY_MS;
    const wanted = {
      placeGroupId: 100,
      name: "bench",
      scopes: ["people", "events", "devices", "doors:configure"],
      placeIds: null,
      expiresAtMs,
    } as const;
    const { key } = await running.keys.mintRoot(wanted);
    api = { baseUrl: running.baseUrl, key };
    running.confirmations.listen(({ controllerId, urgentRevision, confirmed: agreed }) => {
      urgent.heard(controllerId, urgentRevision, machineMs());
      if (agreed !== null) confirmed.heard(controllerId, agreed.revision, machineMs());
    });
    return { api, mqttUrl: running.mqttUrl };
  },
  /** Controllers of the place, each with a door; whose confirmations count from then on. */
  addSeats: async ({ count }: { count: number }): Promise<readonly ControllerSeat[]> => {
    const seats = await addSeats(server(), { count });
    confirmed = new ConfirmedByAll(seats.map((seat) => seat.controllerId));
    urgent = new ConfirmedByAll(seats.map((seat) => seat.controllerId));
    return seats;
  },
  /** New places with as many controllers each; answers them place by place. */
  addPlacesWithSeats: async ({ places, seatsEach }: { places: number; seatsEach: number }): Promise<readonly ControllerSeat[]> => {
    const placeIds = await addPlaces(api, places);
    const seats: ControllerSeat[] = [];
    for (let first = 0; first < places; first += PLACES_AT_ONCE) {
      const batch = placeIds.slice(first, first + PLACES_AT_ONCE);
      const made = batch.map((placeId, index) => addSeats(server(), { placeId, first: (first + index) * seatsEach, count: seatsEach }));
      seats.push(...(await Promise.all(made)).flat());
    }
    return seats;
  },
  /** Customers whose own servers are asked, with their seats. */
  addVendorCustomers: (wanted: Parameters<typeof addVendorCustomers>[1]) => addVendorCustomers(server(), wanted),
  addPeople: ({ first, count }: { first: number; count: number }): Promise<void> => addPeople(server(), first, count),
  /** Resolves when every seat holds the whole roster as it is now. */
  allConfirmed: async (_: null): Promise<void> => {
    const [head] = await server().database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [PLACE_ID]);
    await sinceWhen(confirmed, head?.revision ?? 0);
  },
  /** When every seat had confirmed the newest change of each of these: by an equal digest, or for what is urgent, by the urgent cursor. */
  confirmedAt: async ({ authIds, by }: { authIds: readonly number[]; by: "digest" | "urgent" }): Promise<readonly number[]> => {
    const rows = await server().database.query<{ item_key: string; revision: number }>(
      "select item_key, revision from roster_items where place_id = $1 and item_key = any($2)",
      [PLACE_ID, authIds.map((authId) => `auth:${authId}`)],
    );
    const revisions = new Map(rows.map((row) => [row.item_key, row.revision]));
    const tracked = by === "digest" ? confirmed : urgent;
    return Promise.all(authIds.map((authId) => sinceWhen(tracked, revisions.get(`auth:${authId}`) ?? Number.POSITIVE_INFINITY)));
  },
  /** How many events the place's ledger holds. */
  eventCount: async (_: null): Promise<number> => {
    const [head] = await server().database.query<{ count: number }>(
      "select next_sequence - 1 as count from ledger_heads where place_id = $1",
      [PLACE_ID],
    );
    return head?.count ?? 0;
  },
  /** One small row a commit on one connection of the same database: the limit that the disk sets, in inserts a second. */
  insertAlone: async ({ count }: { count: number }): Promise<number> => {
    const startMs = machineMs();
    for (let index = 0; index < count; index += 1) {
      await server().database.query({
        name: "bench-insert",
        text: "insert into idempotency_keys(key_id, route, idempotency_key, body_hmac, auth_id, made_at) values ('bench', 'bench', $1, '\\x00', 0, 0)",
        values: [`${startMs} ${index}`],
      });
    }
    return (count * 1_000) / (machineMs() - startMs);
  },
};
export type ServerHandlers = typeof serverHandlers;

async function sinceWhen(tracked: ConfirmedByAll, revision: number): Promise<number> {
  const endMs = machineMs() + CONFIRM_MS_MAX;
  for (;;) {
    const sinceMs = tracked.since(revision);
    if (sinceMs !== null) return sinceMs;
    if (machineMs() > endMs) throw new TypeError(`revision ${revision} was not confirmed by all in time`);
    await pause(systemTimers, "look again", 5);
  }
}

serve(serverHandlers, () => stack.disposeAsync());
