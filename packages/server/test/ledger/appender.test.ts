import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventName } from "@postern/contract";
import { insertCommand } from "../../src/gateway/command-store.ts";
import { appendServerEvents } from "../../src/ledger/append.ts";
import { Appender } from "../../src/ledger/appender.ts";
import type { AppendBatch } from "../../src/ledger/plan-append.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../support/index.ts";

let prepared: TestDatabase;
let appender: Appender;
before(async () => {
  prepared = await createTestDatabase();
  appender = new Appender(prepared.database, { nowMs: () => TEST_NOW_MS, monotonicMs: () => 0 });
});
after(() => prepared.drop());

let nextPlaceId = 700;
async function newPlace(): Promise<TestPlace> {
  nextPlaceId += 1;
  return createTestPlace(prepared.database, { placeId: nextPlaceId });
}

function batchOf(place: TestPlace, changes: Partial<AppendBatch>): AppendBatch {
  const { placeId, controllerId } = place;
  return {
    placeId,
    controllerId,
    session: 1,
    generation: 7,
    predecessor: null,
    first: 1,
    events: [],
    lost: [],
    sentAtMs: TEST_NOW_MS,
    receivedAtMs: TEST_NOW_MS,
    ...changes,
  };
}

function eventsOf(place: TestPlace, count: number): object[] {
  return Array.from({ length: count }, () => ({
    eventAt: TEST_NOW_MS,
    eventType: "DEV_DOOR_RELAY_ON",
    doorId: place.doorIds[0],
    deviceId: place.deviceIds[0],
  }));
}

async function stored(place: TestPlace): Promise<{ sequence: number; type: string | null; localLogId: number }[]> {
  const rows = await prepared.database.query<{ sequence: number; event_type: number; local_log_id: number }>(
    "select sequence, event_type, local_log_id from events where place_id = $1 order by sequence",
    [place.placeId],
  );
  return rows.map((row) => ({ sequence: row.sequence, type: eventName(row.event_type), localLogId: row.local_log_id }));
}

test("sequences have no hole, however many controllers append at once", async () => {
  const places = await Promise.all([newPlace(), newPlace()]);
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      places.map((place) => appender.append(batchOf(place, { generation: index + 1, predecessor: null, events: eventsOf(place, 5) }))),
    ).flat(),
  );
  assert.ok(outcomes.every((outcome) => outcome.kind === "stored"));
  for (const place of places) {
    const rows = await stored(place);
    assert.deepEqual(
      rows.map((row) => row.sequence),
      rows.map((_, index) => index + 1),
    );
    assert.equal(rows.filter((row) => row.type === "DEV_DOOR_RELAY_ON").length, 150);
  }
});

test("ledger: a million repeats leave one event", async () => {
  const place = await newPlace();
  const batch = batchOf(place, { events: eventsOf(place, 100) });
  // Ten thousand frames of a hundred events; each is answered as stored.
  for (let round = 0; round < 100; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => appender.append(batch)));
    assert.ok(outcomes.every((outcome) => outcome.kind === "stored" && outcome.answer.through === 100));
  }
  assert.equal((await stored(place)).length, 100);
});

test("a batch of a session that is not the newest appends nothing", async () => {
  const place = await newPlace();
  assert.deepEqual(await appender.append(batchOf(place, { session: 2, events: eventsOf(place, 3) })), { kind: "stale_session" });
  assert.deepEqual(await stored(place), []);
});

test("a controller writes about its own doors alone", async () => {
  const [mine, other] = [await newPlace(), await newPlace()];
  const outcome = await appender.append(batchOf(mine, { events: eventsOf(other, 1) }));
  assert.ok(outcome.kind === "stored" && outcome.answer.refused[0]?.code === "door_unknown");
  assert.deepEqual(
    (await stored(mine)).map((row) => row.type),
    ["EVENT_REFUSED"],
  );
  assert.deepEqual(await stored(other), []);
});

test("what the server itself saw stands in the same sequence", async () => {
  const place = await newPlace();
  await appender.append(batchOf(place, { events: eventsOf(place, 2) }));
  await prepared.database.transaction((tx) => appendServerEvents(tx, place.placeId, [{ eventAt: TEST_NOW_MS, eventType: 1 }]));
  await appender.append(batchOf(place, { first: 3, events: eventsOf(place, 1) }));
  assert.deepEqual(
    (await stored(place)).map((row) => [row.sequence, row.localLogId]),
    [
      [1, 1],
      [2, 2],
      [3, 0],
      [4, 3],
    ],
  );
});

test("the application cannot change or delete an event", async () => {
  const place = await newPlace();
  await appender.append(batchOf(place, { events: eventsOf(place, 1) }));
  const isDenied = (failure: unknown): boolean => failure instanceof Error && failure.message.includes("permission denied");
  await assert.rejects(prepared.database.query("update events set event_at = 0"), isDenied);
  await assert.rejects(prepared.database.query("delete from events"), isDenied);
  await assert.rejects(prepared.database.query("truncate events"), isDenied);
  const [partition] = await prepared.database.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass",
  );
  await assert.rejects(prepared.database.query(`delete from ${partition?.name}`), isDenied);
  await assert.rejects(
    prepared.database.query(`drop table ${partition?.name}`),
    (failure: unknown) => failure instanceof Error && failure.message.includes("owner"),
  );
});

test("batches that wait beyond the limit are turned away, and those that wait are stored", async () => {
  const place = await newPlace();
  const batch = batchOf(place, { events: eventsOf(place, 1) });
  const outcomes = await Promise.allSettled(Array.from({ length: 3_000 }, () => appender.append(batch)));
  assert.ok(outcomes.some((outcome) => outcome.status === "rejected"));
  assert.equal((await stored(place)).length, 1);
});

let nextGeneration = 100;
/** A batch of a log of its own, so that each goes on from nothing. */
function append(place: TestPlace, events: readonly object[], controllerId = place.controllerId): Promise<unknown> {
  nextGeneration += 1;
  return appender.append(batchOf(place, { controllerId, generation: nextGeneration, events: [...events] }));
}

function bolt(place: TestPlace, type: string, { atMs, detail }: { atMs: number; detail?: object }): object {
  const [doorId, deviceId] = [place.doorIds[0], place.deviceIds[0]];
  return { eventAt: atMs, eventType: type, doorId, deviceId, ...(detail === undefined ? {} : { detail }) };
}

async function opening(place: TestPlace, controllerId = place.controllerId): Promise<number> {
  const { placeId } = place;
  const times = { actAtMs: TEST_NOW_MS, notAfterMs: TEST_NOW_MS + 10_000, madeAtMs: TEST_NOW_MS };
  return insertCommand(prepared.database, {
    ...{ placeId, controllerId, doorId: place.doorIds[0] ?? 0, command: "ONCE_OPEN", askedBy: "somebody" },
    ...times,
  });
}

async function boltOf(commandId: number): Promise<(number | null)[]> {
  const [row] = await prepared.database.query<{ on: number | null; off: number | null }>(
    `select relay_on_at as "on", relay_off_at as "off" from door_commands where command_id = $1`,
    [commandId],
  );
  return [row?.on, row?.off].map((atMs) => (atMs === null || atMs === undefined ? null : atMs - TEST_NOW_MS));
}

test("a command knows when the bolt was released for it and when it fell, in the transaction of those events", async () => {
  const place = await newPlace();
  const commandId = await opening(place);
  const detail = { commandId };
  await append(place, [bolt(place, "DOOR_OPENED_BY_COMMAND", { atMs: TEST_NOW_MS, detail })]);
  assert.deepEqual(await boltOf(commandId), [null, null]);
  await append(place, [bolt(place, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS + 20, detail })]);
  assert.deepEqual(await boltOf(commandId), [20, null]);
  await append(place, [bolt(place, "DEV_DOOR_RELAY_OFF", { atMs: TEST_NOW_MS + 3_020, detail })]);
  await append(place, [bolt(place, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS + 4_000, detail })]);
  assert.deepEqual(await boltOf(commandId), [20, 3_020], "and keeps what it knew first");
});

test("an opening that a newer command prolonged ends with the newer one's bolt", async () => {
  const place = await newPlace();
  const [older, newer] = [await opening(place), await opening(place)];
  await append(place, [
    bolt(place, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS + 20, detail: { commandId: older } }),
    bolt(place, "DOOR_OPENED_BY_COMMAND", { atMs: TEST_NOW_MS + 900, detail: { commandId: newer, wasOn: true } }),
    bolt(place, "DEV_DOOR_RELAY_OFF", { atMs: TEST_NOW_MS + 3_900, detail: { commandId: newer } }),
  ]);
  assert.deepEqual(
    [await boltOf(older), await boltOf(newer)],
    [
      [20, 3_900],
      [900, 3_900],
    ],
  );
});

test("a controller says nothing of another's commands, and bolts that moved for no command touch none", async () => {
  const [place, other] = [await newPlace(), await newPlace()];
  const commandId = await opening(place);
  await append(other, [bolt(other, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS, detail: { commandId } })]);
  const formers = await opening(place, other.controllerId);
  await append(place, [bolt(place, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS, detail: { commandId: formers } })]);
  assert.deepEqual(await boltOf(formers), [null, null], "of the controller that served the door before");
  await append(place, [bolt(place, "DEV_DOOR_RELAY_ON", { atMs: TEST_NOW_MS }), bolt(place, "DEV_DOOR_RELAY_OFF", { atMs: TEST_NOW_MS })]);
  assert.deepEqual(await boltOf(commandId), [null, null]);
});
