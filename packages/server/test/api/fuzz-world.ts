import { randomUUID } from "node:crypto";
import { insertTask } from "../../src/features/faces/store.ts";
import { encodeLogId } from "../../src/ledger/log-id.ts";
import { writeEvents } from "../features/support/ledger-writer.ts";
import { TEST_NOW_MS } from "../support/index.ts";
import { type ApiWorld, createApiWorld } from "./api-world.ts";
import { fuzzedPictures } from "./pictures.ts";
import { Pools } from "./pools.ts";
import type { Operation } from "./requests.ts";

/** A server whose places hold enough of everything that requests made by chance meet something. */
export interface FuzzWorld extends AsyncDisposable {
  readonly api: ApiWorld;
  /** With every scope, at all places of its customer. */
  readonly key: string;
  readonly pools: Pools;
  readonly operations: readonly Operation[];
  /** Looks up anew which ids exist, and connects the place's controllers and doors again, whatever the requests before have done to them. */
  refresh(): Promise<void>;
}

export async function createFuzzWorld(): Promise<FuzzWorld> {
  const api = await createApiWorld();
  const { key } = await api.keys.rootKey();
  const tokens = await populate(api, key);
  const { place, test: real, time } = api.keys;
  const logIds = Array.from({ length: 20 }, (_, index) => encodeLogId({ placeId: place.placeId, sequence: index + 1 }));
  const pools = new Pools({ logIds, tokens }, await fuzzedPictures());
  return {
    api,
    key,
    pools,
    operations: operationsOf(api),
    refresh: async () => {
      await reconnect(api);
      await pools.refresh(real.database, place.placeId, time.nowMs);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function operationsOf({ operations: { v1, v2 } }: ApiWorld): readonly Operation[] {
  return [
    ...Object.entries(v1).map(([id, spec]) => ({ id, surface: "v1", spec }) as const),
    ...Object.entries(v2).map(([id, spec]) => ({ id, surface: "v2", spec }) as const),
  ];
}

/** Two dozen of everything at one place, some at another of the same customer and at somebody else's, and a ledger of some pages. Answers the tokens of scans. */
async function populate(api: ApiWorld, key: string): Promise<readonly string[]> {
  const { place, second, foreign, test: real } = api.keys;
  const { key: other } = await api.keys.rootKey({ placeGroupId: foreign.placeGroupId });
  const tokens: string[] = [];
  for (let count = 0; count < 24; count += 1) {
    tokens.push(String((await api.makeThings(place, key))["token"]));
    if (count % 8 === 0) await api.makeThings(second, key);
    if (count % 8 === 0) await api.makeThings(foreign, other);
  }
  const [doorId = 0] = place.doorIds;
  const eventType = "DEV_CARD_AUTH_SUCCESS";
  const events = Array.from({ length: 400 }, (_, index) => ({ eventAt: TEST_NOW_MS - index * 60_000, eventType, doorId }) as const);
  await writeEvents(real.database, place.placeId, events);
  // Some of them for controllers that are still to be made.
  await real.database.execute(
    "insert into doors(door_id, place_id, name, settings, made_at) select id, $1, 'door ' || id, '{}', $2 from generate_series(600001, 600060) id",
    [place.placeId, TEST_NOW_MS],
  );
  return tokens;
}

async function reconnect({ keys: { place, test: real, time } }: ApiWorld): Promise<void> {
  // What was found of a face is kept for a minute, in which the time of these tests passes quickly.
  for (let count = 0; count < 10; count += 1) {
    const task = { taskUuid: randomUUID(), placeId: place.placeId, deviceId: place.deviceIds[0] ?? 0, authIds: [], madeAtMs: time.nowMs };
    await insertTask(real.database, task, { forgottenToMs: time.nowMs - 60_000 });
  }
  await real.database.execute("update controllers set connected_instance = 1, lost_at = null where place_id = $1", [place.placeId]);
  await real.database.execute(
    `update doors set controller_id = (select min(controller_id) from controllers where place_id = $1)
     where place_id = $1 and controller_id is null and door_id % 3 > 0`,
    [place.placeId],
  );
}
