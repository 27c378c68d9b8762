import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type DoorsQuery,
  type EventsPath,
  type EventsQuery,
  type Read,
  readDoorsQuery,
  readEventsQuery,
  readPathId,
} from "../../src/clue/index.ts";
import { eventTypes } from "../../src/events/index.ts";

const DAY_MS = 86_400_000;

function accepted<Value>(read: Read<Value>): Value {
  assert.deepEqual(read.ok ? [] : read.problems, []);
  assert.ok(read.ok);
  return read.value;
}

const events = (query: unknown, path: EventsPath = "be"): EventsQuery => accepted(readEventsQuery(query, path));
const doors = (query: unknown): DoorsQuery => accepted(readDoorsQuery(query));

function refusedFor(query: unknown, path: EventsPath = "be"): readonly string[] {
  const read = readEventsQuery(query, path);
  return read.ok ? [] : read.problems.map((problem) => problem.field);
}

test("the guide's own request is read without problems, its empty placeId as absent", () => {
  const url = new URL(
    "https://api.moon.supremainc.com/v1/be/events?startTime=1719932400000&endTime=1720623540000" +
      "&filterEvents=DEV_FACE_AUTH_SUCCESS%2CDEV_FACE_AUTH_FAIL&page=0&size=200&sort=id%2Casc&placeId=",
  );
  assert.deepEqual(events(Object.fromEntries(url.searchParams)), {
    placeId: null,
    fromMs: 1_719_932_400_000,
    toMs: 1_720_623_540_000,
    eventTypes: ["DEV_FACE_AUTH_SUCCESS", "DEV_FACE_AUTH_FAIL"],
    doorIds: null,
    deviceIds: null,
    text: null,
    order: { by: "id", direction: "asc" },
    page: 0,
    size: 200,
  });
});

test("nothing asked for is the whole ledger, newest first, in one page of a thousand", () => {
  const whole = { placeId: null, fromMs: null, toMs: null, eventTypes: null, doorIds: null, deviceIds: null, text: null };
  assert.deepEqual(events({}), { ...whole, order: { by: "eventAt", direction: "desc" }, page: 0, size: 1_000 });
  assert.deepEqual(events(undefined), events({}));
  assert.deepEqual(
    events({ startTime: "", endTime: " ", filterEvents: "", filterDoorIds: ",", q: "", sort: "", page: "", size: "" }),
    events({}),
  );
});

test("the window refuses eight days and takes a millisecond less", () => {
  const from = 1_700_000_000_000;
  assert.equal(events({ startTime: `${from}`, endTime: `${from + 8 * DAY_MS - 1}` }).toMs, from + 8 * DAY_MS - 1);
  assert.deepEqual(refusedFor({ startTime: `${from}`, endTime: `${from + 8 * DAY_MS}` }), ["startTime"]);
});

test("the window may be one millisecond and never ends before it starts", () => {
  assert.equal(events({ startTime: "5", endTime: "5" }).toMs, 5);
  assert.deepEqual(refusedFor({ startTime: "6", endTime: "5" }), ["startTime"]);
});

test("one time alone reaches seven days from it or to it", () => {
  assert.equal(events({ startTime: "1700000000000" }).toMs, 1_700_000_000_000 + 7 * DAY_MS);
  assert.equal(events({ endTime: "1700000000000" }).fromMs, 1_700_000_000_000 - 7 * DAY_MS);
  assert.equal(events({ endTime: "5" }).fromMs, 0);
});

test("times that are no whole epoch milliseconds are refused by name", () => {
  for (const wrong of ["x", "1.5", "-1", "1e12", "253402300800000", "99999999999999999", "1,2"]) {
    assert.deepEqual(refusedFor({ startTime: wrong }), ["startTime"], wrong);
    assert.deepEqual(refusedFor({ endTime: wrong }), ["endTime"], wrong);
  }
});

test("a page has its own bounds on each path, and twenty rows when only the page is given", () => {
  assert.deepEqual([events({ page: "3" }).page, events({ page: "3" }).size], [3, 20]);
  assert.deepEqual([events({ size: "7" }).page, events({ size: "7" }).size], [0, 7]);
  assert.equal(events({ size: "1000" }).size, 1_000);
  assert.equal(events({ size: "50" }, "elastic").size, 50);
  assert.equal(events({}, "elastic").size, 1_000);
  for (const size of ["0", "1001", "-1", "x"]) assert.deepEqual(refusedFor({ size }), ["size"], size);
  for (const size of ["0", "51"]) assert.deepEqual(refusedFor({ size }, "elastic"), ["size"], size);
  for (const page of ["-1", "x", "1000000001"]) assert.deepEqual(refusedFor({ page }), ["page"], page);
});

test("the order is by id or eventAt, ascending or descending, ascending when unsaid", () => {
  for (const [sort, by, direction] of [
    ["id,asc", "id", "asc"],
    ["eventAt, DESC", "eventAt", "desc"],
    ["id", "id", "asc"],
  ] as const) {
    assert.deepEqual(events({ sort }).order, { by, direction });
  }
  assert.deepEqual(events({ sort: ["id", "desc"] }).order, { by: "id", direction: "desc" });
  for (const sort of ["name,asc", "id,up", ",asc", "id,asc,eventAt,asc", "ID,asc"]) assert.deepEqual(refusedFor({ sort }), ["sort"], sort);
});

test("unknown event names are told, a few of them, and never silently left out", () => {
  const read = readEventsQuery({ filterEvents: "DEV_FACE_AUTH_SUCCESS,A,B,C,D,E,F,toString" }, "be");
  assert.deepEqual(read.ok ? [] : read.problems, [{ field: "filterEvents", message: "names unknown events: A, B, C, D, E and 2 more" }]);
});

test("every event of the catalogue can be asked for, all at once too", () => {
  assert.deepEqual(events({ filterEvents: eventTypes().join(",") }).eventTypes, eventTypes());
});

test("a repeated parameter reads as one comma list, blanks and repeats do not count", () => {
  assert.deepEqual(events({ filterDoorIds: ["234, 235", "234", ""] }).doorIds, [234, 235]);
  assert.deepEqual(events({ filterDeviceIds: "7" }, "elastic").deviceIds, [7]);
  assert.deepEqual(refusedFor({ filterDoorIds: "234,x", filterDeviceIds: "0" }), ["filterDoorIds", "filterDeviceIds"]);
  assert.deepEqual(refusedFor({ page: ["1", "2"] }), ["page"]);
  assert.deepEqual(refusedFor({ filterDoorIds: "1,".repeat(1_001) }), ["filterDoorIds"]);
});

test("the text searched for has up to 100 characters and no half of one", () => {
  assert.equal(events({ q: ` ${"x".repeat(100)} ` }).text, "x".repeat(100));
  for (const q of ["x".repeat(101), "a\0b", "a\ud800b"]) assert.deepEqual(refusedFor({ q }), ["q"]);
});

test("the place stands in the query of one path and not of the other", () => {
  assert.equal(events({ placeId: "178" }).placeId, 178);
  assert.equal(events({ placeId: "x" }, "elastic").placeId, null);
  assert.deepEqual(refusedFor({ placeId: "x" }), ["placeId"]);
});

test("doors are paged like events, in order of id unless asked otherwise", () => {
  assert.deepEqual(doors({}), { text: null, order: { by: "id", direction: "asc" }, page: 0, size: 1_000 });
  assert.deepEqual(doors({ q: "front", sort: "name,desc", page: "1", size: "5" }), {
    text: "front",
    order: { by: "name", direction: "desc" },
    page: 1,
    size: 5,
  });
  const read = readDoorsQuery({ sort: "eventAt,asc", size: "1001", page: "-1", q: "a\0" });
  assert.deepEqual(read.ok ? [] : read.problems.map((each) => each.field), ["q", "sort", "page", "size"]);
});

test("an id in a path is a positive whole number", () => {
  assert.deepEqual(readPathId("placeId", "178"), { ok: true, value: 178 });
  for (const wrong of ["0", "-1", "1.5", "abc", "", undefined, "9".repeat(30)]) {
    const read = readPathId("placeId", wrong);
    assert.deepEqual(read.ok ? [] : read.problems.map((each) => each.field), ["placeId"]);
  }
});

test("reading a query never throws", () => {
  const names = [
    "placeId",
    "startTime",
    "endTime",
    "filterEvents",
    "filterDoorIds",
    "filterDeviceIds",
    "page",
    "size",
    "q",
    "sort",
    "__proto__",
  ];
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.string()), fc.jsonValue(), fc.constant(undefined));
  const query = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), value));
  fc.assert(
    fc.property(query, fc.constantFrom("be" as const, "elastic" as const), (each, path) => {
      const read = readEventsQuery(each, path);
      if (read.ok && read.value.fromMs !== null && read.value.toMs !== null) assert.ok(read.value.toMs - read.value.fromMs < 8 * DAY_MS);
      readDoorsQuery(each);
    }),
    { numRuns: 2_000 },
  );
});
