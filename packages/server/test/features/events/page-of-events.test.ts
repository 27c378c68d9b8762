import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";

const DAY_MS = 86_400_000;
const AT_MS = 1_718_842_553_904;

let server: FeatureServer;
let person: Created;
before(async () => {
  server = await startFeatureServer();
  person = await create("c2119100-fbb0-1fdf-82c6-7dba89b5fe29", "Jin Lee");
  await writeEvents(server.test.database, PLACE_ID, [
    {
      eventAt: AT_MS,
      eventType: "DEV_FACE_AUTH_SUCCESS",
      deviceId: 434,
      doorId: 234,
      localLogId: 25_278,
      generation: 5,
      userId: person.user.userId,
      authId: person.authId,
    },
    { eventAt: AT_MS + 58, eventType: "DEV_DOOR_RELAY_ON", deviceId: 434, doorId: 234, localLogId: 25_279, generation: 5 },
    { eventAt: AT_MS + 1_076, eventType: "DEV_DOOR_RELAY_OFF", deviceId: 434, doorId: 234, localLogId: 25_280, generation: 5 },
  ]);
});
after(() => server[Symbol.asyncDispose]());

interface Created {
  readonly authId: number;
  readonly user: { readonly userId: number };
}

interface Item {
  readonly logId: string;
  readonly eventAt: number;
  readonly eventType: string;
  readonly localLogId: number;
}

async function create(key: string, name: string): Promise<Created> {
  return dataOf<Created>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { user: { name } }) }));
}

function get(query: string, { key = "demo", path = "/v1/be/events" } = {}): Promise<Answer> {
  return server.call("GET", `${path}${query}`, { key });
}

async function types(query: string): Promise<readonly string[]> {
  const answer = await get(query);
  const items = dataOf<Item[]>(answer);
  assert.equal((answer.body as { total: number }).total, items.length, "all on one page");
  return items.map((item) => item.eventType.replace("DEV_", ""));
}

const WINDOW = `startTime=${AT_MS - 1_000}&endTime=${AT_MS + 10_000}`;

test("the guide's events come back in the guide's shape, newest first", async () => {
  const answer = await get(`?${WINDOW}&placeId=`);
  const items = dataOf<Item[]>(answer);
  const common = { placeId: PLACE_ID, deviceId: 434, doorId: 234, doorName: "Entrance" };
  const whose = { authId: person.authId, userId: "c2119100-fbb0-1fdf-82c6-7dba89b5fe29", userName: "Jin Lee" };
  const logIds = items.map((item) => item.logId);
  for (const logId of logIds) assert.match(logId, /^[A-Za-z0-9_-]{20}$/);
  assert.equal(new Set(logIds).size, 3);
  assert.deepEqual(answer.body, {
    code: 200,
    status: true,
    message: "OK",
    total: 3,
    data: [
      { logId: logIds[0], eventAt: AT_MS + 1_076, ...common, localLogId: 25_280, eventType: "DEV_DOOR_RELAY_OFF" },
      { logId: logIds[1], eventAt: AT_MS + 58, ...common, localLogId: 25_279, eventType: "DEV_DOOR_RELAY_ON" },
      { logId: logIds[2], eventAt: AT_MS, ...common, ...whose, localLogId: 25_278, eventType: "DEV_FACE_AUTH_SUCCESS" },
    ],
  });
});

test("both paths answer alike under every prefix, by place in the query or in the path", async () => {
  const wanted = (await get(`?${WINDOW}&placeId=${PLACE_ID}`)).body;
  for (const prefix of ["/v1", "/v1/be", "/api/v1", "/api/v1/be"]) {
    assert.deepEqual((await get(`?${WINDOW}`, { path: `${prefix}/events` })).body, wanted);
    assert.deepEqual((await get(`?${WINDOW}`, { path: `${prefix}/events/places/${PLACE_ID}/elastic` })).body, wanted);
  }
});

test("an event of nobody at no door has neither, and no device is told as none", async () => {
  const items = dataOf<Item[]>(await get("?filterEvents=PLACE_SERVICE_START"));
  assert.deepEqual(items, [
    { logId: items[0]?.logId, eventAt: server.nowMs, placeId: PLACE_ID, localLogId: 0, eventType: "PLACE_SERVICE_START" },
  ]);
});

test("without a place the key's only place is meant; a key with several or none is told so", async () => {
  for (const query of ["", "?placeId=", `?placeId=${PLACE_ID}`]) assert.equal((await get(query)).status, 200, query);
  for (const path of ["/v1/events", "/v1/be/events"]) {
    assert.equal(refusedFor(await get("", { key: "all", path })), "e1005 placeId");
    assert.equal(refusedFor(await get("?placeId=", { key: "all", path })), "e1005 placeId");
    assert.equal(refusedFor(await get("", { key: "nowhere", path })), "e1007 placeId");
  }
});

test("a place out of reach is refused as one that does not exist; within reach the scope is asked for", async () => {
  for (const placeId of [server.foreign.placeId, 424_242, SECOND_PLACE_ID]) {
    assert.equal(refusedFor(await get(`?placeId=${placeId}`)), "e1007 placeId");
    assert.equal(refusedFor(await get("", { path: `/v1/events/places/${placeId}/elastic` })), "e1007 placeId");
  }
  assert.equal(refusedFor(await get("", { key: "people" })), "e1001");
  assert.equal(refusedFor(await get("?size=x", { key: "people", path: `/v1/events/places/${PLACE_ID}/elastic` })), "e1001");
  assert.equal((await get("", { key: "events" })).status, 200);
});

test("both ends of the window belong to it", async () => {
  assert.deepEqual(await types(`?startTime=${AT_MS}&endTime=${AT_MS}`), ["FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types(`?startTime=${AT_MS + 1}&endTime=${AT_MS + 1_076}`), ["DOOR_RELAY_OFF", "DOOR_RELAY_ON"]);
  assert.deepEqual(await types(`?startTime=${AT_MS + 1}&endTime=${AT_MS + 57}`), []);
});

test("no times mean the whole ledger, one time seven days from it or to it", async () => {
  assert.deepEqual(await types(""), ["PLACE_SERVICE_START", "DOOR_RELAY_OFF", "DOOR_RELAY_ON", "FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types(`?startTime=${AT_MS + 58 - 7 * DAY_MS}`), ["DOOR_RELAY_ON", "FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types(`?endTime=${AT_MS + 58 + 7 * DAY_MS}`), ["DOOR_RELAY_OFF", "DOOR_RELAY_ON"]);
});

test("a window of a millisecond under eight days is read, as the guide's own; eight days are refused", async () => {
  assert.equal(
    (
      await get(
        "?startTime=1719932400000&endTime=1720623540000&filterEvents=DEV_FACE_AUTH_SUCCESS%2CDEV_FACE_AUTH_FAIL&page=0&size=200&sort=id%2Casc&placeId=",
      )
    ).status,
    200,
  );
  assert.equal((await get(`?startTime=${AT_MS}&endTime=${AT_MS + 8 * DAY_MS - 1}`)).status, 200);
  assert.equal(refusedFor(await get(`?startTime=${AT_MS}&endTime=${AT_MS + 8 * DAY_MS}`)), "e1005 startTime");
});

test("filters are lists; each narrows, and all of them together", async () => {
  assert.deepEqual(await types("?filterEvents=DEV_DOOR_RELAY_ON,DEV_DOOR_RELAY_OFF"), ["DOOR_RELAY_OFF", "DOOR_RELAY_ON"]);
  assert.deepEqual(await types("?filterDoorIds=234,235&filterEvents=DEV_DOOR_RELAY_ON,PLACE_SERVICE_START"), ["DOOR_RELAY_ON"]);
  assert.deepEqual(await types("?filterDoorIds=235"), []);
  assert.deepEqual(await types("?filterDeviceIds=434"), ["DOOR_RELAY_OFF", "DOOR_RELAY_ON", "FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types("?filterDeviceIds=435,436"), []);
  assert.deepEqual(await types("?filterEvents=&filterDoorIds=&filterDeviceIds=435"), []);
});

test("q finds by a part of the person's key, their name or the door's name, in either case, and is no pattern", async () => {
  assert.deepEqual(await types("?q=FBB0-1fdf"), ["FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types("?q=jin%20l"), ["FACE_AUTH_SUCCESS"]);
  assert.deepEqual(await types("?q=NTRANC"), ["DOOR_RELAY_OFF", "DOOR_RELAY_ON", "FACE_AUTH_SUCCESS"]);
  for (const text of ["%25", "_", "%5C", ".*", "nobody"]) assert.deepEqual(await types(`?q=${text}`), [], text);
  assert.equal((await types("?q=")).length, 4);
});

test("orders go both ways, by time or in the ledger's own order, in which late events stand last", async () => {
  await writeEvents(server.test.database, SECOND_PLACE_ID, [
    { eventAt: 5_000, eventType: "DEV_DEVICE_START", localLogId: 1 },
    { eventAt: 1_000, eventType: "DEV_DEVICE_START", localLogId: 2 },
    { eventAt: 5_000, eventType: "DEV_DEVICE_START", localLogId: 3 },
  ]);
  const numbers = async (sort: string): Promise<readonly number[]> =>
    dataOf<Item[]>(await get(sort, { key: "second" })).map((item) => item.localLogId);
  assert.deepEqual(await numbers(""), [3, 1, 2]);
  assert.deepEqual(await numbers("?sort=eventAt,desc"), [3, 1, 2]);
  assert.deepEqual(await numbers("?sort=eventAt,asc"), [2, 1, 3]);
  assert.deepEqual(await numbers("?sort=id,asc"), [1, 2, 3]);
  assert.deepEqual(await numbers("?sort=id%2Cdesc"), [3, 2, 1]);
  assert.deepEqual(await numbers("?sort=id"), [1, 2, 3]);
});

test("the total is exact on every page, also beyond the last", async () => {
  for (const [page, count] of [
    [0, 2],
    [1, 2],
    [2, 0],
    [1_000_000_000, 0],
  ] as const) {
    const answer = await get(`?page=${page}&size=2`);
    assert.deepEqual([(answer.body as { total: number }).total, dataOf<Item[]>(answer).length], [4, count], String(page));
  }
});

test("page and size have CLUe's bounds on each path", async () => {
  const counts = async (query: string, path: string): Promise<number> => dataOf<Item[]>(await get(query, { path, key: "second" })).length;
  const elastic = `/v1/events/places/${SECOND_PLACE_ID}/elastic`;
  const many = Array.from({ length: 60 }, (_, index) => ({ eventAt: 9_000 + index, eventType: "DEV_DEVICE_REBOOT" as const }));
  await writeEvents(server.test.database, SECOND_PLACE_ID, many);
  const filter = "filterEvents=DEV_DEVICE_REBOOT";
  assert.equal(await counts(`?${filter}`, "/v1/be/events"), 60);
  assert.equal(await counts(`?${filter}`, elastic), 60);
  assert.equal(await counts(`?${filter}&page=0`, "/v1/be/events"), 20);
  assert.equal(await counts(`?${filter}&size=50`, elastic), 50);
  assert.equal(refusedFor(await get("?size=51", { path: elastic, key: "second" })), "e1005 size");
  assert.equal(refusedFor(await get("?size=1001", { key: "second" })), "e1005 size");
});

test("names are those of the place's own group, whatever ids a controller wrote", async () => {
  const foreign = dataOf<Created>(
    await server.call("POST", `/v1/places/${server.foreign.placeId}/auths`, {
      key: "foreign",
      body: bodyOf("secret-key", { user: { name: "Secret" } }),
    }),
  );
  const at = { eventAt: 77_000, eventType: "DEV_CARD_AUTH_FAIL" } as const;
  await writeEvents(server.test.database, PLACE_ID, [
    { ...at, userId: foreign.user.userId, authId: foreign.authId, doorId: server.foreign.doorIds[0] ?? 0 },
  ]);
  const answer = await get("?startTime=77000&endTime=77000");
  assert.equal(dataOf<Item[]>(answer).length, 1);
  assert.doesNotMatch(JSON.stringify(answer.body), /secret|door \d/i);
  for (const text of ["secret", "door"])
    assert.equal(dataOf<Item[]>(await get(`?startTime=77000&endTime=77000&q=${text}`)).length, 0, text);
});

test("an event still says who it was after the auth was deleted", async () => {
  const gone = await create("gone-person", "Gone Person");
  await writeEvents(server.test.database, PLACE_ID, [
    { eventAt: 88_000, eventType: "DEV_CARD_AUTH_SUCCESS", userId: gone.user.userId, authId: gone.authId },
  ]);
  dataOf(await server.call("DELETE", `/v1/auths/${gone.authId}`));
  const [item] = dataOf<Record<string, unknown>[]>(await get("?startTime=88000&endTime=88000&q=gone"));
  assert.deepEqual([item?.["userId"], item?.["userName"], item?.["authId"]], ["gone-person", "Gone Person", gone.authId]);
});

test("every bad query has one clear answer that names the parameter, and changes nothing", async () => {
  const counts = await databaseCounts(server.test.database);
  const bad = [
    ["startTime=yesterday", "startTime"],
    ["startTime=-1", "startTime"],
    ["startTime=1.5", "startTime"],
    ["endTime=99999999999999999", "endTime"],
    ["startTime=2000&endTime=1000", "startTime"],
    ["startTime=0&endTime=691200000", "startTime"],
    ["filterEvents=DEV_NOTHING", "filterEvents"],
    ["filterEvents=DEV_DOOR_RELAY_ON,toString", "filterEvents"],
    ["filterDoorIds=234,x", "filterDoorIds"],
    ["filterDeviceIds=1.5", "filterDeviceIds"],
    ["filterDeviceIds=9007199254740992", "filterDeviceIds"],
    ["page=-1", "page"],
    ["size=0", "size"],
    ["size=ten", "size"],
    ["sort=name,asc", "sort"],
    ["sort=id,sideways", "sort"],
    ["q=a%00b", "q"],
    [`q=${"q".repeat(101)}`, "q"],
    ["placeId=abc", "placeId"],
    ["placeId=0", "placeId"],
    ["placeId=178&placeId=501", "placeId"],
    ["page=x&size=y&sort=z", "sort page size"],
  ] as const;
  for (const [query, fields] of bad) assert.equal(refusedFor(await get(`?${query}`)), `e1005 ${fields}`, query);
  const unknown = refusal(await get("?filterEvents=ONE_WRONG,DEV_DOOR_RELAY_ON,TWO_WRONG")).details[0]?.message ?? "";
  assert.match(unknown, /ONE_WRONG.*TWO_WRONG/);
  assert.doesNotMatch(unknown, /RELAY/);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});
