import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Sampler } from "../../../src/features/metrics/sampler.ts";
import { ServerMetrics } from "../../../src/features/metrics/server-metrics.ts";
import { platformError } from "../../../src/platform/platform-errors.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../../support/index.ts";
import { writeEvents } from "../support/ledger-writer.ts";

let world: TestDatabase;
let place: TestPlace;
before(async () => {
  world = await createTestDatabase();
  place = await createTestPlace(world.database);
  await createTestPlace(world.database, { placeId: 501 });
});
after(() => world.drop());

const time = { nowMs: TEST_NOW_MS };
const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };

async function valuesOf(metrics: ServerMetrics): Promise<ReadonlyMap<string, number>> {
  return new Map([...(await metrics.read()).matchAll(/^(\S+) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]));
}

test("controllers are told apart by what they are, and how long the slowest has been behind", async () => {
  const { database } = world;
  const metrics = new ServerMetrics("1");
  const sampler = new Sampler({ database, clock, metrics });
  const set = (text: string): Promise<number> =>
    database.execute(`update controllers set ${text} where controller_id = $1`, [place.controllerId]);
  const state = async (): Promise<string | undefined> => {
    await sampler.take();
    const values = await valuesOf(metrics);
    return ["agreed", "behind", "away", "lost"].find((one) => values.get(`postern_controllers{state="${one}"}`) === 1);
  };
  assert.equal(await state(), undefined);
  assert.equal((await valuesOf(metrics)).get('postern_controllers{state="unclaimed"}'), 2);
  await set(`public_key = '{}', last_heard_at = ${TEST_NOW_MS - 90_000}`);
  assert.equal(await state(), "away");
  assert.equal((await valuesOf(metrics)).get("postern_controllers_away_seconds"), 90);
  await set("connected_instance = 1, clock_offset_ms = -2500");
  assert.equal(await state(), "agreed");
  assert.equal((await valuesOf(metrics)).get("postern_controllers_clock_offset_seconds"), 2.5);
  await database.execute("update roster_heads set revision = 5 where place_id = $1", [place.placeId]);
  assert.equal(await state(), "behind");
  time.nowMs += 45_000;
  assert.equal(await state(), "behind");
  assert.equal((await valuesOf(metrics)).get("postern_controllers_behind_seconds"), 45);
  await set("confirmed_revision = 5");
  assert.equal(await state(), "agreed");
  assert.equal((await valuesOf(metrics)).get("postern_controllers_behind_seconds"), 0);
  await set("lost_at = 1");
  assert.equal(await state(), "lost");
});

test("the ledger's position grows with every event, of whatever place", async () => {
  const metrics = new ServerMetrics("1");
  const sampler = new Sampler({ database: world.database, clock, metrics });
  await sampler.take();
  const before = await valuesOf(metrics);
  const event = { eventAt: TEST_NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: place.doorIds[0] ?? 0 } as const;
  await writeEvents(world.database, place.placeId, [event, event]);
  await writeEvents(world.database, 501, [event]);
  await sampler.take();
  const values = await valuesOf(metrics);
  assert.equal((values.get("postern_ledger_position") ?? 0) - (before.get("postern_ledger_position") ?? 0), 3);
});

test("a database that cannot be asked is said to be down, and the values stay the last ones", async () => {
  const metrics = new ServerMetrics("1");
  await new Sampler({ database: world.database, clock, metrics }).take();
  const places = (await valuesOf(metrics)).get("postern_places");
  assert.equal((await valuesOf(metrics)).get("postern_database_up"), 1);
  const away = { query: async () => Promise.reject(platformError("database_away")), execute: async () => 0 };
  await assert.rejects(new Sampler({ database: away, clock, metrics }).take(), { code: "database_away" });
  assert.deepEqual([(await valuesOf(metrics)).get("postern_database_up"), (await valuesOf(metrics)).get("postern_places")], [0, places]);
});

test("an append counts its events once they are committed, and a failed one as a failure", async () => {
  const metrics = new ServerMetrics("1");
  const nowMs = (): number => (time.nowMs += 20);
  await metrics.appending(7, nowMs, async () => undefined);
  await assert.rejects(metrics.appending(9, nowMs, async () => Promise.reject(platformError("database_busy"))));
  const values = await valuesOf(metrics);
  const named = [
    "postern_append_events_total",
    "postern_append_failures_total",
    "postern_append_frames_waiting",
    "postern_append_duration_seconds_count",
  ];
  assert.deepEqual(
    named.map((name) => values.get(name)),
    [7, 1, 0, 2],
  );
});

test("webhooks are told apart by how they fare, with how far the slowest is behind and for how long one fails", async () => {
  const { database } = world;
  const { placeId, placeGroupId } = place;
  for (const [webhookId, sequence, more] of [
    [1, 0, "attempts = 0"],
    [2, 1, `attempts = 3, failing_since = ${TEST_NOW_MS - 7_200_000}`],
    [3, 0, `parked_at = 1, failing_since = 1`],
  ] as const) {
    await database.execute(
      "insert into webhooks(webhook_id, place_group_id, name, url, events, paused, secret_sealed, made_at) values ($1, $2, 'n', 'u', '{}', false, '', 1)",
      [webhookId, placeGroupId],
    );
    await database.execute("insert into webhook_places(webhook_id, place_id, sequence) values ($1, $2, $3)", [
      webhookId,
      placeId,
      sequence,
    ]);
    await database.execute(`update webhook_places set ${more} where webhook_id = $1`, [webhookId]);
  }
  const metrics = new ServerMetrics("1");
  time.nowMs = TEST_NOW_MS;
  await new Sampler({ database, clock, metrics }).take();
  const values = await valuesOf(metrics);
  const states = ["ready", "retrying", "parked", "paused"].map((state) => values.get(`postern_webhook_places{state="${state}"}`));
  assert.deepEqual(states, [1, 1, 1, 0]);
  assert.deepEqual([values.get("postern_webhook_lag_events"), values.get("postern_webhook_failing_seconds")], [2, 7_200]);
});
