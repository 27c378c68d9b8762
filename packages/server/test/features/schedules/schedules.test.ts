import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventCode, type ScheduleResource } from "@postern/contract";
import { isWithinSchedule, type ScheduleItem } from "@postern/core";
import { SCHEDULES_PER_PLACE_MAX } from "../../../src/features/schedules/limits.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { messageOf, problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const SCHEDULES = `/v2/places/${PLACE_ID}/schedules`;
const OFFICE = {
  monday: [
    { from: "08:00", to: "12:00" },
    { from: "13:00", to: "18:30" },
  ],
  saturday: [{ from: "22:00", to: "02:00" }],
};

function post(body: unknown, call: Omit<Call, "body"> = {}): Promise<Answer> {
  return server.call("POST", SCHEDULES, { ...call, body });
}

async function made(body: object = {}): Promise<ScheduleResource> {
  const answer = await post({ name: "Office", weekly: OFFICE, ...body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as ScheduleResource;
}

async function itemOf(scheduleId: number): Promise<ScheduleItem | null | undefined> {
  return (await rosterItem(server.test.database, PLACE_ID, `schedule:${scheduleId}`)) as ScheduleItem | null | undefined;
}

async function newestEvents(count: number): Promise<readonly { type: number; detail: unknown }[]> {
  const text = "select event_type as type, detail from events where place_id = $1 order by sequence desc limit $2";
  return (await server.test.database.query<{ type: number; detail: unknown }>(text, [PLACE_ID, count])).reverse();
}

/** What a refused or needless call must leave as it is. */
async function everything(): Promise<unknown> {
  const audit = await server.test.database.query("select count(*) as count from audit");
  return { audit, ...(await databaseCounts(server.test.database)) };
}

async function auditOf(scheduleId: number): Promise<readonly unknown[]> {
  const text =
    "select key_id, source, action, outcome, detail from audit where target_kind = 'schedule' and target_id = $1 order by audit_id";
  return server.test.database.query(text, [String(scheduleId)]);
}

test("what is written in times of day reaches the doors in minutes, Sunday first, and is read back as it was written", async () => {
  const schedule = await made({ holidays: [{ date: "2026-12-25", name: "Christmas", windows: [{ from: "00:00", to: "24:00" }] }] });
  const item = await itemOf(schedule.scheduleId);
  assert.deepEqual(item?.schedule, {
    weekly: [
      [],
      [
        { fromMinute: 480, toMinute: 720 },
        { fromMinute: 780, toMinute: 1_110 },
      ],
      [],
      [],
      [],
      [],
      [{ fromMinute: 1_320, toMinute: 120 }],
    ],
    holidays: [{ date: "2026-12-25", windows: [{ fromMinute: 0, toMinute: 1_440 }] }],
  });
  const none = { sunday: [], tuesday: [], wednesday: [], thursday: [], friday: [] };
  assert.deepEqual(schedule.weekly, { ...none, ...OFFICE });
  assert.deepEqual((await server.call("GET", `/v2/schedules/${schedule.scheduleId}`)).body, schedule);
  const monday = Date.UTC(2026, 11, 28, 9, 0);
  const utc = [{ fromMs: 0, offsetSeconds: 0 }];
  assert.equal(isWithinSchedule(item.schedule, utc, monday), true);
  assert.equal(isWithinSchedule(item.schedule, utc, monday + 3.5 * 3_600_000), false);
});

test("holidays come in any order and are kept in that of their dates", async () => {
  const days = ["2027-01-01", "2026-12-24", "2026-12-25"].map((date) => ({ date, windows: [] }));
  const schedule = await made({ holidays: days });
  assert.deepEqual(
    schedule.holidays.map((day) => day.date),
    ["2026-12-24", "2026-12-25", "2027-01-01"],
  );
  assert.deepEqual(
    (await itemOf(schedule.scheduleId))?.schedule.holidays.map((day) => day.date),
    ["2026-12-24", "2026-12-25", "2027-01-01"],
  );
});

test("a wrong part is named where the client wrote it, and nothing is changed", async () => {
  const before = await everything();
  const holiday = (date: string) => ({ date, windows: [] });
  const wrong: readonly (readonly [object, string])[] = [
    [{ holidays: [holiday("2027-01-02"), holiday("2026-12-25"), holiday("2027-01-02")] }, "holidays[2].date"],
    [{ holidays: [holiday("2027-01-02"), holiday("2026-02-30")] }, "holidays[1].date"],
    [{ holidays: [{ date: "25.12.2026", windows: [] }] }, "holidays[0].date"],
    [{ weekly: { monday: [{ from: "08:00", to: "24:01" }] } }, "weekly.monday[0].to"],
    [{ weekly: { monday: [{ from: "24:00", to: "01:00" }] } }, "weekly.monday[0].from"],
    [{ weekly: { friday: Array.from({ length: 9 }, () => ({ from: "08:00", to: "09:00" })) } }, "weekly.friday"],
    [{ weekly: { montag: [] } }, "weekly.montag"],
    [{ name: " x" }, "name"],
    [{ calendarId: 999_999 }, "calendarId"],
    [{ calendarId: 999_999, holidays: [holiday("2026-12-25")] }, "holidays"],
  ];
  for (const [body, field] of wrong) {
    assert.equal(problemOf(await post({ name: "Wrong", weekly: {}, ...body })), `400 argument_invalid ${field}`, JSON.stringify(body));
  }
  assert.deepEqual(await everything(), before);
});

test("a change keeps what it does not name, is recorded by name, and tells the doors only when there is something to tell", async () => {
  const { scheduleId } = await made();
  const before = await rosterRevision(server.test.database, PLACE_ID);
  const path = `/v2/schedules/${scheduleId}`;
  const renamed = await server.call("PATCH", path, { body: { name: "Night" } });
  assert.deepEqual([renamed.status, (renamed.body as ScheduleResource).name], [200, "Night"]);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), before);
  const updated = { type: eventCode("PLACE_SCHEDULE_UPDATED"), detail: { scheduleId } };
  const told = { type: eventCode("SCHEDULE_UPDATED_REQ"), detail: null };
  assert.deepEqual(await newestEvents(3), [updated, told, updated]);

  const changed = await server.call("PATCH", path, { body: { weekly: { sunday: [{ from: "10:00", to: "16:00" }] } } });
  assert.equal((changed.body as ScheduleResource).name, "Night");
  assert.deepEqual((await itemOf(scheduleId))?.schedule.weekly[0], [{ fromMinute: 600, toMinute: 960 }]);
  assert.deepEqual(await newestEvents(2), [updated, told]);

  const counts = await everything();
  assert.equal((await server.call("PATCH", path, { body: { name: "Night" } })).status, 200);
  assert.deepEqual(await everything(), counts);
  const by = { key_id: "all", source: "API_TOKEN", outcome: "done" };
  assert.deepEqual(await auditOf(scheduleId), [
    { ...by, action: "schedule.create", detail: null },
    { ...by, action: "schedule.change", detail: { changed: ["name"] } },
    { ...by, action: "schedule.change", detail: { changed: ["weekly"] } },
  ]);
});

test("a change of another version than the one that was read is refused", async () => {
  const { scheduleId } = await made();
  const path = `/v2/schedules/${scheduleId}`;
  const { etag } = (await server.call("GET", path)).headers as { etag: string };
  assert.equal((await server.call("PATCH", path, { body: { name: "B" }, headers: { "if-match": etag } })).status, 200);
  assert.equal(
    problemOf(await server.call("PATCH", path, { body: { name: "C" }, headers: { "if-match": etag } })),
    "412 changed_meanwhile",
  );
  assert.equal(problemOf(await server.call("DELETE", path, { headers: { "if-match": etag } })), "412 changed_meanwhile");
  assert.equal(((await server.call("GET", path)).body as ScheduleResource).name, "B");
});

test("the same Idempotency-Key makes one schedule, and does not bring a deleted one back", async () => {
  const headers = { "idempotency-key": "one" };
  const body = { name: "Once", weekly: {} };
  const [first, second] = [await post(body, { headers }), await post(body, { headers })];
  assert.deepEqual(second.body, first.body);
  assert.equal(problemOf(await post({ ...body, name: "Twice" }, { headers })), "409 conflict Idempotency-Key");
  await server.call("DELETE", `/v2/schedules/${(first.body as ScheduleResource).scheduleId}`);
  assert.equal(problemOf(await post(body, { headers })), "409 conflict Idempotency-Key");
});

test("a schedule is deleted only when nothing decides by it; the refusal says what does, and how many", async () => {
  const { database } = server.test;
  const { scheduleId } = await made();
  const path = `/v2/schedules/${scheduleId}`;
  const auth = await server.call("POST", `/v1/places/${PLACE_ID}/auths`, {
    body: {
      user: { key: "uses-schedule" },
      auth: {
        activeStatus: "ACTIVE",
        startTime: 0,
        endTime: 2_000_000_000_000,
        doorAccessType: "ALL_DOOR",
        scheduleType: "SPECIFIC",
        scheduleId,
        credentials: {},
      },
    },
  });
  assert.equal(auth.status, 200, JSON.stringify(auth.body));
  const grants = JSON.stringify([
    { doors: "all", scheduleId: null },
    { doors: [234], scheduleId },
  ]);
  await database.query("insert into access_groups values (9001, $1, 'a', $2), (9002, $1, 'b', $2)", [PLACE_ID, grants]);
  await database.query("update doors set settings = settings || jsonb_build_object('scheduledLockId', $1::bigint) where door_id = 235", [
    scheduleId,
  ]);
  await database.query("update doors set settings = settings || jsonb_build_object('scheduledUnlockId', $1::bigint) where door_id = 236", [
    scheduleId,
  ]);
  const refused = await server.call("DELETE", path);
  assert.equal(problemOf(refused), "409 conflict scheduleId");
  assert.equal(messageOf(refused), "is used by 1 auth, 2 groups, 2 doors");
  assert.notEqual(await itemOf(scheduleId), null);

  await database.query("update doors set settings = settings - 'scheduledLockId' - 'scheduledUnlockId' where door_id in (235, 236)");
  await database.query("delete from access_groups where group_id in (9001, 9002)");
  assert.equal(messageOf(await server.call("DELETE", path)), "is used by 1 auth");
  await server.call("DELETE", `/v1/places/auths/${(auth.body as { data: { authId: number } }).data.authId}`);
  assert.equal((await server.call("DELETE", path)).status, 204);
  assert.equal(await itemOf(scheduleId), null);
  assert.equal(problemOf(await server.call("DELETE", path)), "404 not_found scheduleId");
  assert.deepEqual((await auditOf(scheduleId)).at(-1), {
    key_id: "all",
    source: "API_TOKEN",
    action: "schedule.delete",
    outcome: "done",
    detail: null,
  });
});

test("whoever deletes a schedule while somebody begins to use it: one of them is refused, and none waits for the other in a circle", async () => {
  for (let round = 0; round < 8; round += 1) {
    const { scheduleId } = await made();
    const enrol = (suffix: string): Promise<Answer> =>
      server.call("POST", `/v1/places/${PLACE_ID}/auths`, {
        body: {
          user: { key: `race-${round}-${suffix}` },
          auth: {
            activeStatus: "ACTIVE",
            startTime: 0,
            endTime: 2_000_000_000_000,
            doorAccessType: "ALL_DOOR",
            scheduleType: "SPECIFIC",
            scheduleId,
            credentials: {},
          },
        },
      });
    const [first, removed, second] = await Promise.all([enrol("a"), server.call("DELETE", `/v2/schedules/${scheduleId}`), enrol("b")]);
    const isGone = removed.status === 204;
    assert.ok(isGone || [409, 503].includes(removed.status), JSON.stringify(removed.body));
    for (const { status } of [first, second]) assert.equal(status, isGone ? 400 : 200);
    assert.equal((await itemOf(scheduleId)) === null, isGone);
  }
  assert.ok(!server.repeatedFor.includes("40P01"), "no deadlock had to be broken");
});

test("an enrolment that is under way keeps its schedule, and the deletion gives the roster free for it", async () => {
  const { scheduleId } = await made();
  await server.test.database.transaction(async (enrolment) => {
    await enrolment.query("select 1 from schedules where schedule_id = $1 for key share", [scheduleId]);
    assert.equal((await server.call("DELETE", `/v2/schedules/${scheduleId}`)).status, 503);
    await enrolment.query("select 1 from roster_heads where place_id = $1 for update nowait", [PLACE_ID]);
  });
  assert.equal((await server.call("DELETE", `/v2/schedules/${scheduleId}`)).status, 204);
});

test("people may read schedules and only who configures doors may write them; another place's are as if they were not there", async () => {
  const { scheduleId } = await made();
  const path = `/v2/schedules/${scheduleId}`;
  for (const key of ["people", "doors:operate", "doors:configure"])
    assert.equal((await server.call("GET", path, { key })).status, 200, key);
  assert.equal((await server.call("GET", path, { key: "events" })).status, 403);
  for (const key of ["people", "doors:operate"]) {
    assert.equal((await post({ name: "A", weekly: {} }, { key })).status, 403, key);
    assert.equal((await server.call("PATCH", path, { key, body: { name: "A" } })).status, 403, key);
    assert.equal((await server.call("DELETE", path, { key })).status, 403, key);
  }
  for (const key of ["foreign", "second"]) {
    assert.deepEqual((await server.call("GET", path, { key })).body, (await server.call("GET", "/v2/schedules/999999", { key })).body);
    assert.equal((await server.call("PATCH", path, { key, body: { name: "A" } })).status, 404);
    assert.equal((await server.call("DELETE", path, { key })).status, 404);
    assert.equal((await server.call("GET", SCHEDULES, { key })).status, 404);
  }
});

test("pages follow each other by cursor without a schedule left out or told twice; a cursor of nobody's is refused", async () => {
  const { body } = await server.call("GET", `${SCHEDULES}?limit=200`);
  const all = (body as { items: ScheduleResource[] }).items.map((item) => item.scheduleId);
  assert.ok(all.length > 4);
  const seen: number[] = [];
  let next: string | undefined = "";
  while (next !== undefined) {
    const page: Answer = await server.call("GET", `${SCHEDULES}?limit=2${next === "" ? "" : `&after=${next}`}`);
    const { items, next: following } = page.body as { items: ScheduleResource[]; next?: string };
    seen.push(...items.map((item) => item.scheduleId));
    next = following;
  }
  assert.deepEqual(seen, all);
  for (const after of ["MDEy", "!!!!", "LTE", Buffer.from("1e3").toString("base64url")]) {
    assert.equal(
      problemOf(await server.call("GET", `${SCHEDULES}?after=${encodeURIComponent(after)}`)),
      "400 argument_invalid after",
      after,
    );
  }
});

test("a place has a bounded number of schedules", async () => {
  const path = `/v2/places/${SECOND_PLACE_ID}/schedules`;
  await server.test.database.query(
    "insert into schedules(schedule_id, place_id, name, schedule) select 700000 + n, $1, 'n', $2 from generate_series(1, $3::int) n",
    [SECOND_PLACE_ID, JSON.stringify({ weekly: [[], [], [], [], [], [], []], holidays: [] }), SCHEDULES_PER_PLACE_MAX - 1],
  );
  assert.equal((await server.call("POST", path, { body: { name: "last", weekly: {} } })).status, 201);
  assert.equal(problemOf(await server.call("POST", path, { body: { name: "one more", weekly: {} } })), "409 conflict");
});
