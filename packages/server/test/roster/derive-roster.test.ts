import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthItem } from "@postern/core";
import { deriveRoster } from "../../src/roster/derive-roster.ts";
import { readChangesSince } from "../../src/roster/page-store.ts";
import { lockRoster } from "../../src/roster/roster-store.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../support/index.ts";

let prepared: TestDatabase;
before(async () => {
  prepared = await createTestDatabase();
});
after(() => prepared.drop());

let nextPlaceId = 1_100;
async function newPlace(): Promise<TestPlace> {
  nextPlaceId += 1;
  return createTestPlace(prepared.database, { placeId: nextPlaceId });
}

function derive(placeId: number, touched: Parameters<typeof deriveRoster>[2]["touched"]): Promise<number> {
  return prepared.database.transaction(async (transaction) => {
    await lockRoster(transaction, placeId);
    return deriveRoster(transaction, placeId, { touched, nowMs: TEST_NOW_MS });
  });
}

async function addAuth(place: TestPlace, authId: number): Promise<void> {
  const { database } = prepared;
  await database.query("insert into users values ($1, $2, $3, 0)", [authId, place.placeGroupId, `key-${authId}`]);
  await database.query(
    `insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, door_ids, schedule_type, modes, made_at, last_modified_at)
     values ($1, $2, $2, 'Ada', 'ACTIVE', 0, 1000, 'SPECIFIC', $3, 'ALWAYS', '{CARD}', 0, 0)`,
    [place.placeId, authId, [place.doorIds[0]]],
  );
  await database.query("insert into cards values ($1, $2, $3)", [place.placeId, `CSN:${authId}`, authId]);
}

async function item(placeId: number, key: string): Promise<unknown> {
  const { rows } = await readChangesSince(prepared.database, placeId, 0, 1_000);
  return rows.find((row) => row.key === key)?.item;
}

test("everything of a place's tables becomes items, and deriving again changes nothing", async () => {
  const place = await newPlace();
  await addAuth(place, 90_001);
  const all = { place: true, schedules: "all", doors: "all", modes: "all", auths: "all" } as const;
  const revision = await derive(place.placeId, all);
  assert.equal(revision, 1 + place.doorIds.length * 2 + 1);
  assert.equal(await derive(place.placeId, all), revision);
});

test("what was deleted leaves a tombstone when it is named", async () => {
  const place = await newPlace();
  await addAuth(place, 90_002);
  await derive(place.placeId, { auths: [90_002] });
  await prepared.database.query("update auths set deleted_at = 5 where auth_id = 90002");
  await derive(place.placeId, { auths: [90_002] });
  assert.equal(await item(place.placeId, "auth:90002"), null);
});

test("a group's doors and times reach the items of its members", async () => {
  const place = await newPlace();
  await addAuth(place, 90_003);
  const grants = [{ doors: [place.doorIds[1]], scheduleId: null }];
  await prepared.database.query("insert into access_groups values (77, $1, 'cleaners', $2)", [place.placeId, JSON.stringify(grants)]);
  await prepared.database.query("insert into access_group_members values ($1, 77, 90003)", [place.placeId]);
  await derive(place.placeId, { auths: [90_003] });
  assert.deepEqual(((await item(place.placeId, "auth:90003")) as AuthItem).grants, grants);
});

test("a schedule that names a calendar has its holidays", async () => {
  const place = await newPlace();
  const holidays = [{ date: "2026-12-25", name: "Christmas", windows: [] }];
  const weekly = Array.from({ length: 7 }, () => [{ fromMinute: 540, toMinute: 1080 }]);
  await prepared.database.query("insert into holiday_calendars values (70, $1, 'public', $2)", [place.placeId, JSON.stringify(holidays)]);
  await prepared.database.query(
    "insert into schedules(schedule_id, place_id, name, schedule, calendar_id) values (71, $1, 'office', $2, 70)",
    [place.placeId, JSON.stringify({ weekly, holidays: [] })],
  );
  await derive(place.placeId, { schedules: [71] });
  assert.deepEqual(await item(place.placeId, "schedule:71"), {
    kind: "schedule",
    id: 71,
    schedule: { weekly, holidays: [{ date: "2026-12-25", windows: [] }] },
  });
});
