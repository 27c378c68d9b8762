import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type EventType, eventCode, readEventsQuery } from "@postern/contract";
import fc from "fast-check";
import { pageOfEvents } from "../../../src/features/events/store.ts";
import { eventView, type StoredEvent } from "../../../src/following/event-view.ts";
import { BLOCK_EVENTS, summarise } from "../../../src/ledger/summarise.ts";
import { createTestDatabase, createTestPlace, type TestDatabase } from "../../support/index.ts";
import { type WrittenEvent, writeEvents } from "../support/ledger-writer.ts";

let test_: TestDatabase;
before(async () => {
  test_ = await createTestDatabase();
  await people();
});
after(() => test_.drop());

const TYPES = ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_OFF"] as const satisfies readonly EventType[];
const USERS = [
  { userId: 1, key: "ada@example.org" },
  { userId: 2, key: "bob_1" },
] as const;
const AUTHS = [
  { authId: 11, userId: 1, name: "Ada Lovelace" },
  { authId: 12, userId: 2, name: "BOB" },
] as const;
const DOORS = ["Main Gate", "Lab A"] as const;
let nextPlaceId = 700;

/** So that a ledger of some tens of events spans two of the blocks by which they are counted. */
const FIRST_SEQUENCE = BLOCK_EVENTS - 15;

/** Ledgers in one run, each asked ten to twenty times. */
const LEDGERS = Number(process.env["POSTERN_LEDGERS"] ?? 25);

/** One group for all places of this test, so that its people are known at each. */
const GROUP_ID = 42;

async function people(): Promise<void> {
  await test_.database.execute("insert into place_groups values ($1, 'group', 0)", [GROUP_ID]);
  for (const { userId, key } of USERS) await test_.database.execute("insert into users values ($1, $2, $3, 0)", [userId, GROUP_ID, key]);
}

interface Place {
  readonly placeId: number;
  readonly doorIds: readonly number[];
  readonly deviceIds: readonly number[];
}

async function newPlace(): Promise<Place> {
  nextPlaceId += 1;
  const { database } = test_;
  const place = await createTestPlace(database, { placeId: nextPlaceId });
  await database.execute("update places set place_group_id = $1 where place_id = $2", [GROUP_ID, nextPlaceId]);
  await database.execute("update ledger_heads set next_sequence = $1::bigint, summed_to = $1::bigint - 1 where place_id = $2", [
    FIRST_SEQUENCE,
    nextPlaceId,
  ]);
  for (const [index, doorId] of place.doorIds.entries())
    await database.execute("update doors set name = $1 where door_id = $2", [DOORS[index], doorId]);
  for (const { authId, userId, name } of AUTHS) {
    await database.execute(
      `insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, schedule_type, modes, made_at, last_modified_at)
       values ($1, $2, $3, $4, 'ACTIVE', 0, 1, 'ALL_DOOR', 'ALWAYS', '{}', 0, 0)`,
      [nextPlaceId, nextPlaceId * 100 + authId, userId, name],
    );
  }
  return place;
}

/** An event before its place has ids: doors, devices and people by their index. */
const drawnEvent = fc.record({
  /** Within and across the quarters of an hour that are counted together. */
  eventAt: fc.oneof(
    fc.integer({ min: -3, max: 1_012 }),
    fc.integer({ min: 899_995, max: 900_004 }),
    fc.integer({ min: 2_699_998, max: 2_700_001 }),
  ),
  type: fc.constantFrom(...TYPES),
  door: fc.option(fc.nat(1)),
  device: fc.option(fc.nat(1)),
  person: fc.option(fc.nat(1)),
  /** Months apart, so that a ledger spans partitions. */
  month: fc.nat(2),
});
type DrawnEvent = typeof drawnEvent extends fc.Arbitrary<infer Event> ? Event : never;

const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { freq: 2 });
const drawnQuery = fc.record({
  startTime: optional(fc.oneof(fc.integer({ min: 998, max: 1_013 }), fc.integer({ min: 899_990, max: 900_010 }))),
  span: optional(fc.oneof(fc.nat(8), fc.constantFrom(899_000, 900_000, 1_800_000, 2_700_000))),
  filterEvents: optional(fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 })),
  doors: optional(fc.uniqueArray(fc.nat(2), { minLength: 1 })),
  devices: optional(fc.uniqueArray(fc.nat(2), { minLength: 1 })),
  q: optional(fc.constantFrom("a", "ADA", "bob", "lab", "e", "_", "%", "@example", "zzz")),
  sort: optional(fc.constantFrom("id,asc", "id,desc", "eventAt,asc", "eventAt,desc")),
  page: optional(fc.nat(3)),
  size: optional(fc.integer({ min: 1, max: 7 })),
});
type DrawnQuery = typeof drawnQuery extends fc.Arbitrary<infer Query> ? Query : never;

interface Known extends WrittenEvent {
  readonly sequence: number;
  readonly words: readonly string[];
}

function known(place: Place, drawn: readonly DrawnEvent[]): Known[] {
  return drawn
    .toSorted((left, right) => left.month - right.month)
    .map(({ eventAt, type, door, device, person, month }, index) => ({
      sequence: FIRST_SEQUENCE + index,
      eventAt,
      eventType: type,
      receivedAt: Date.UTC(2026, 3 + month, 5),
      doorId: door === null ? null : (place.doorIds[door] ?? null),
      deviceId: device === null ? 0 : (place.deviceIds[device] ?? 0),
      userId: person === null ? null : (USERS[person]?.userId ?? null),
      authId: person === null ? null : place.placeId * 100 + (AUTHS[person]?.authId ?? 0),
      localLogId: index,
      words: [door === null ? "" : DOORS[door], person === null ? "" : USERS[person]?.key, person === null ? "" : AUTHS[person]?.name].map(
        (word) => word ?? "",
      ),
    }));
}

function parameters(place: Place, query: DrawnQuery): Record<string, string> {
  const { startTime, span, filterEvents, doors, devices, q, sort, page, size } = query;
  const entries: [string, string | undefined][] = [
    ["startTime", startTime?.toString()],
    ["endTime", startTime === null || span === null ? undefined : String(startTime + span)],
    ["filterEvents", filterEvents?.join(",")],
    ["filterDoorIds", doors?.map((index) => place.doorIds[index] ?? 5).join(",")],
    ["filterDeviceIds", devices?.map((index) => place.deviceIds[index] ?? 5).join(",")],
    ["q", q ?? undefined],
    ["sort", sort ?? undefined],
    ["page", page?.toString()],
    ["size", size?.toString()],
  ];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

const ORDERS: Readonly<Record<string, string>> = {
  "id,asc": "sequence",
  "id,desc": "sequence desc",
  "eventAt,asc": "event_at, sequence",
  "eventAt,desc": "event_at desc, sequence desc",
};

/** The same question in plain SQL over the events alone: joined with what names them, counted, sorted, and the rows before the page skipped. */
async function reference(place: Place, query: DrawnQuery): Promise<{ readonly total: number; readonly sequences: readonly number[] }> {
  const to = query.startTime === null || query.span === null ? null : query.startTime + query.span;
  const matching = `
    from events e
    left join users u on u.user_id = e.user_id
    left join auths a on a.auth_id = e.auth_id
    left join doors d on d.door_id = e.door_id
    where e.place_id = $1
      and ($2::bigint is null or e.event_at >= $2) and ($3::bigint is null or e.event_at <= $3)
      and ($4::smallint[] is null or e.event_type = any($4))
      and ($5::bigint[] is null or e.door_id = any($5))
      and ($6::bigint[] is null or e.device_id = any($6))
      and ($7::text is null or strpos(lower(u.key), lower($7)) > 0 or strpos(lower(a.name), lower($7)) > 0 or strpos(lower(d.name), lower($7)) > 0)`;
  const values = [
    place.placeId,
    query.startTime,
    to,
    query.filterEvents?.map(eventCode) ?? null,
    query.doors?.map((index) => place.doorIds[index] ?? 5) ?? null,
    query.devices?.map((index) => place.deviceIds[index] ?? 5) ?? null,
    query.q,
  ];
  const size = query.size ?? (query.page === null ? 1_000 : 20);
  const order = ORDERS[query.sort ?? "eventAt,desc"];
  const [counted] = await test_.database.query<{ total: number }>(`select count(*) as total ${matching}`, values);
  const rows = await test_.database.query<{ sequence: number }>(
    `select sequence ${matching} order by ${order} limit ${size} offset ${(query.page ?? 0) * size}`,
    values,
  );
  return { total: counted?.total ?? -1, sequences: rows.map((row) => row.sequence) };
}

async function pageOf(place: Place, query: DrawnQuery): Promise<{ readonly total: number; readonly events: readonly StoredEvent[] }> {
  const read = readEventsQuery(parameters(place, query), "be");
  assert.ok(read.ok, JSON.stringify(read));
  return pageOfEvents(test_.database, { placeId: place.placeId, placeGroupId: GROUP_ID }, read.value);
}

test("random ledgers and queries agree with COUNT and OFFSET in plain SQL, in total, order and page", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(drawnEvent, { maxLength: 40, size: "max" }),
      fc.array(drawnQuery, { minLength: 10, maxLength: 20 }),
      fc.nat(40),
      async (drawn, queries, countSummed) => {
        const place = await newPlace();
        const events = known(place, drawn);
        await writeEvents(
          test_.database,
          place.placeId,
          events.map(({ sequence: _sequence, words: _words, ...event }) => event),
        );
        if (countSummed > 0) await summarise(test_.database, place.placeId, countSummed);
        for (const query of queries) {
          const found = await pageOf(place, query);
          const sequences = found.events.map((event) => event.sequence);
          assert.deepEqual({ total: found.total, sequences }, await reference(place, query), JSON.stringify(query));
          for (const event of found.events) {
            const view = eventView(place.placeId, event);
            const wanted = events[event.sequence - FIRST_SEQUENCE];
            const words = [view.doorName, view.userKey, view.userName].map((word) => word ?? "");
            assert.deepEqual(
              [view.eventType, view.eventAtMs, view.doorId, view.deviceId ?? 0, words],
              [wanted?.eventType, wanted?.eventAt, wanted?.doorId, wanted?.deviceId, wanted?.words],
            );
          }
        }
      },
    ),
    { numRuns: LEDGERS },
  );
});
