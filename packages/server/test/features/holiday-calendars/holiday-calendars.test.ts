import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventCode, type HolidayCalendar, type ScheduleResource } from "@postern/contract";
import type { ScheduleItem } from "@postern/core";
import { CALENDARS_PER_PLACE_MAX } from "../../../src/features/holiday-calendars/limits.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { messageOf, problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const CALENDARS = `/v2/places/${PLACE_ID}/holiday-calendars`;
const CHRISTMAS = { date: "2026-12-25", name: "Christmas", windows: [] };
const NEW_YEAR = { date: "2027-01-01", windows: [{ from: "10:00", to: "14:00" }] };

async function calendar(holidays: readonly unknown[] = [CHRISTMAS]): Promise<HolidayCalendar> {
  const answer = await server.call("POST", CALENDARS, { body: { name: "Public", holidays } });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as HolidayCalendar;
}

async function schedule(calendarId: number | null, more: object = {}): Promise<ScheduleResource> {
  const answer = await server.call("POST", `/v2/places/${PLACE_ID}/schedules`, { body: { name: "S", weekly: {}, calendarId, ...more } });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as ScheduleResource;
}

async function datesAtDoors({ scheduleId }: ScheduleResource): Promise<readonly string[]> {
  const item = (await rosterItem(server.test.database, PLACE_ID, `schedule:${scheduleId}`)) as ScheduleItem;
  return item.schedule.holidays.map((day) => day.date);
}

test("a calendar's days are read back in order, and a wrong one is named where it was written", async () => {
  const made = await calendar([NEW_YEAR, CHRISTMAS]);
  assert.deepEqual(made.holidays, [CHRISTMAS, NEW_YEAR]);
  assert.deepEqual((await server.call("GET", `/v2/holiday-calendars/${made.calendarId}`)).body, made);
  const before = await databaseCounts(server.test.database);
  const twice = await server.call("POST", CALENDARS, { body: { name: "A", holidays: [NEW_YEAR, CHRISTMAS, NEW_YEAR] } });
  assert.equal(problemOf(twice), "400 argument_invalid holidays[2].date");
  const unreal = { body: { holidays: [{ date: "2026-02-29", windows: [] }] } };
  const changed = await server.call("PATCH", `/v2/holiday-calendars/${made.calendarId}`, unreal);
  assert.equal(problemOf(changed), "400 argument_invalid holidays[0].date");
  assert.deepEqual((await server.call("GET", `/v2/holiday-calendars/${made.calendarId}`)).body, made);
  assert.deepEqual(await databaseCounts(server.test.database), before);
});

test("a changed calendar reaches the doors through every schedule that names it, and through no other", async () => {
  const { calendarId } = await calendar();
  const [one, two, apart] = [await schedule(calendarId), await schedule(calendarId), await schedule(null, { holidays: [CHRISTMAS] })];
  assert.deepEqual(await datesAtDoors(one), ["2026-12-25"]);
  assert.deepEqual(one.holidays, []);
  const path = `/v2/holiday-calendars/${calendarId}`;
  assert.equal((await server.call("PATCH", path, { body: { holidays: [NEW_YEAR] } })).status, 200);
  assert.deepEqual(
    [await datesAtDoors(one), await datesAtDoors(two), await datesAtDoors(apart)],
    [["2027-01-01"], ["2027-01-01"], ["2026-12-25"]],
  );
  const events = await server.test.database.query<{ type: number; detail: unknown }>(
    "select event_type as type, detail from events where place_id = $1 order by sequence desc limit 3",
    [PLACE_ID],
  );
  const updated = eventCode("PLACE_SCHEDULE_UPDATED");
  assert.deepEqual(events.reverse(), [
    { type: updated, detail: { scheduleId: one.scheduleId } },
    { type: updated, detail: { scheduleId: two.scheduleId } },
    { type: eventCode("SCHEDULE_UPDATED_REQ"), detail: null },
  ]);

  const revision = await rosterRevision(server.test.database, PLACE_ID);
  const counts = await databaseCounts(server.test.database);
  assert.equal((await server.call("PATCH", path, { body: { name: "Renamed" } })).status, 200);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), revision);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a schedule's own holidays and a calendar do not hold beside each other", async () => {
  const { calendarId } = await calendar();
  const own = await schedule(null, { holidays: [NEW_YEAR] });
  const path = `/v2/schedules/${own.scheduleId}`;
  assert.equal(problemOf(await server.call("PATCH", path, { body: { calendarId } })), "400 argument_invalid calendarId");
  assert.deepEqual(await datesAtDoors(own), ["2027-01-01"]);
  assert.equal((await server.call("PATCH", path, { body: { calendarId, holidays: [] } })).status, 200);
  assert.deepEqual(await datesAtDoors(own), ["2026-12-25"]);
  assert.equal(problemOf(await server.call("PATCH", path, { body: { holidays: [NEW_YEAR] } })), "400 argument_invalid holidays");
  assert.equal((await server.call("PATCH", path, { body: { calendarId: null } })).status, 200);
  assert.deepEqual(await datesAtDoors(own), []);
});

test("a calendar of another place is none of this one's", async () => {
  const other = await server.call("POST", `/v2/places/${SECOND_PLACE_ID}/holiday-calendars`, { body: { name: "Other", holidays: [] } });
  const { calendarId } = other.body as HolidayCalendar;
  const answer = await server.call("POST", `/v2/places/${PLACE_ID}/schedules`, { body: { name: "S", weekly: {}, calendarId } });
  assert.equal(problemOf(answer), "400 argument_invalid calendarId");
  for (const key of ["demo", "foreign"]) {
    const path = `/v2/holiday-calendars/${calendarId}`;
    assert.deepEqual(
      (await server.call("GET", path, { key })).body,
      (await server.call("GET", "/v2/holiday-calendars/999999", { key })).body,
    );
    assert.equal((await server.call("PATCH", path, { key, body: { name: "A" } })).status, 404);
    assert.equal((await server.call("DELETE", path, { key })).status, 404);
  }
  assert.equal((await server.call("POST", CALENDARS, { key: "people", body: { name: "A", holidays: [] } })).status, 403);
});

test("a calendar is deleted only when no schedule names it, and only in the version that was read", async () => {
  const { calendarId } = await calendar();
  const naming = await schedule(calendarId);
  const path = `/v2/holiday-calendars/${calendarId}`;
  const refused = await server.call("DELETE", path);
  assert.equal(problemOf(refused), "409 conflict calendarId");
  assert.equal(messageOf(refused), "is named by 1 schedule");
  assert.equal((await server.call("DELETE", `/v2/schedules/${naming.scheduleId}`)).status, 204);
  const { etag } = (await server.call("GET", path)).headers as { etag: string };
  await server.call("PATCH", path, { body: { name: "Later" } });
  assert.equal(problemOf(await server.call("DELETE", path, { headers: { "if-match": etag } })), "412 changed_meanwhile");
  assert.equal((await server.call("DELETE", path)).status, 204);
  assert.equal(problemOf(await server.call("GET", path)), "404 not_found calendarId");
  const audit = await server.test.database.query<{ action: string; detail: unknown }>(
    "select action, detail from audit where target_kind = 'holiday_calendar' and target_id = $1 order by audit_id",
    [String(calendarId)],
  );
  assert.deepEqual(audit, [
    { action: "holiday_calendar.create", detail: null },
    { action: "holiday_calendar.change", detail: { changed: ["name"] } },
    { action: "holiday_calendar.delete", detail: null },
  ]);
});

test("whoever deletes a calendar while a schedule begins to name it: one of them is refused", async () => {
  for (let round = 0; round < 6; round += 1) {
    const { calendarId } = await calendar();
    const [removed, made] = await Promise.all([
      server.call("DELETE", `/v2/holiday-calendars/${calendarId}`),
      server.call("POST", `/v2/places/${PLACE_ID}/schedules`, { body: { name: "S", weekly: {}, calendarId } }),
    ]);
    const outcome = `${removed.status} ${made.status}`;
    assert.ok(outcome === "204 400" || outcome === "409 201", outcome);
  }
});

test("the same Idempotency-Key makes one calendar; pages follow by cursor; a place has a bounded number", async () => {
  const path = `/v2/places/${SECOND_PLACE_ID}/holiday-calendars`;
  const call = { body: { name: "Once", holidays: [] }, headers: { "idempotency-key": "once" } };
  assert.deepEqual((await server.call("POST", path, call)).body, (await server.call("POST", path, call)).body);
  const [before] = await server.test.database.query<{ count: number }>(
    "select count(*) as count from holiday_calendars where place_id = $1",
    [SECOND_PLACE_ID],
  );
  for (let count = before?.count ?? 0; count < CALENDARS_PER_PLACE_MAX; count += 1) {
    assert.equal((await server.call("POST", path, { body: { name: `n${count}`, holidays: [] } })).status, 201);
  }
  assert.equal(problemOf(await server.call("POST", path, { body: { name: "one more", holidays: [] } })), "409 conflict");
  const first = (await server.call("GET", `${path}?limit=40`)).body as { items: HolidayCalendar[]; next: string };
  const rest = (await server.call("GET", `${path}?limit=40&after=${first.next}`)).body as { items: HolidayCalendar[]; next?: string };
  assert.equal(rest.next, undefined);
  assert.equal(new Set([...first.items, ...rest.items].map((each) => each.calendarId)).size, CALENDARS_PER_PLACE_MAX);
});
