import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MODES_COUNT_MAX, readRosterItem } from "@postern/contract";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { bodyOf, csn, GUIDE_BODY } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

interface Data {
  readonly authId: number;
  readonly lastModifiedAt: number;
  readonly user: { readonly userId: number; readonly key: string; readonly name: string };
  readonly auth: { readonly credentials: { readonly modes: string[]; readonly name: string } };
}

const PATH = `/v1/places/${PLACE_ID}/auths`;
const SECOND_PATH = `/v1/places/${SECOND_PLACE_ID}/auths`;

async function create(body: unknown, path = PATH): Promise<Data> {
  return dataOf<Data>(await server.call("POST", path, { body }));
}

async function rosterItem(authId: number): Promise<unknown> {
  const [row] = await server.test.database.query<{ item: unknown }>("select item from roster_items where place_id = $1 and item_key = $2", [
    PLACE_ID,
    `auth:${authId}`,
  ]);
  return row?.item;
}

async function revision(): Promise<number> {
  const [row] = await server.test.database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [PLACE_ID]);
  return row?.revision ?? -1;
}

test("the guide's request without its photo answers the guide's shape and reaches the roster", async () => {
  const before = await revision();
  const data = await create(GUIDE_BODY, `/v1/be/places/${PLACE_ID}/auths`);
  const { authId, user } = data;
  assert.ok(authId >= 1_000 && user.userId >= 1_000);
  const doors = [
    { doorId: 234, doorName: "Entrance" },
    { doorId: 235, doorName: "Office" },
    { doorId: 236, doorName: "Storeroom" },
  ];
  const { startTime, endTime } = GUIDE_BODY.auth;
  assert.deepEqual(data, {
    authId,
    lastModifiedAt: server.nowMs,
    user: { userId: user.userId, key: "1234567", name: "namehere", realNameAuthStatusType: "REAL_NAME_AUTH_BEFORE" },
    auth: {
      startTime,
      endTime,
      doorAccessType: "SPECIFIC",
      scheduleType: "SPECIFIC",
      scheduleId: 333,
      doors,
      credentials: { modes: ["CARD"], faceImages: [], cards: [csn("12345")], name: "namehere" },
      activeStatus: "ACTIVE",
    },
  });
  assert.equal(await revision(), before + 1);
  assert.deepEqual(await rosterItem(authId), {
    kind: "auth",
    id: authId,
    userId: user.userId,
    name: "namehere",
    status: "ACTIVE",
    startMs: startTime,
    endMs: endTime,
    doors: [234, 235, 236],
    scheduleId: 333,
    chains: [["CARD"]],
    grants: [],
    cards: ["CSN:12345"],
    pin: null,
    uniquePin: null,
    fingerprints: [],
  });
});

test("every prefix of v1 makes auths", async () => {
  for (const [index, prefix] of ["/v1", "/v1/be", "/api/v1", "/api/v1/be"].entries()) {
    await create(bodyOf(`prefix-${index}`), `${prefix}/places/${PLACE_ID}/auths`);
  }
});

test("the same body again, however it is written, answers the same auth and changes nothing", async () => {
  const first = await create(
    bodyOf("again", { auth: { doorAccessType: "SPECIFIC", doorIds: [235, 234] }, credentials: { cards: [csn("777001")] } }),
  );
  const counts = await databaseCounts(server.test.database);
  server.nowMs += 60_000;
  const auth = { doorAccessType: "SPECIFIC", doorIds: ["234", 235], startTime: "1000", scheduleId: 9, registrationTokens: [] };
  const again = await create(bodyOf("again", { auth: { ...auth, unknown: true }, credentials: { cards: "777001", pin: null } }));
  assert.deepEqual(again, first);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("another body for a person with an auth names that auth and changes nothing", async () => {
  const { authId } = await create(bodyOf("changed"));
  const counts = await databaseCounts(server.test.database);
  const answer = await server.call("POST", PATH, { body: bodyOf("changed", { auth: { endTime: 3_000 } }) });
  assert.equal(refusedFor(answer), "e1006 user.key");
  assert.equal(refusal(answer).details[0]?.authId, authId);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a name is the credentials', else the user's, else the key, and is told as both", async () => {
  const both = await create(bodyOf("name-1", { user: { name: "User" }, credentials: { name: "Holder" } }));
  const user = await create(bodyOf("name-2", { user: { name: "User" } }));
  const neither = await create(bodyOf("name-3"));
  for (const [data, name] of [
    [both, "Holder"],
    [user, "User"],
    [neither, "name-3"],
  ] as const) {
    assert.deepEqual([data.user.name, data.auth.credentials.name], [name, name]);
  }
});

test("a person is the same at every place of the group, with an auth of their own at each", async () => {
  const card = { credentials: { cards: [csn("555001")] } };
  const here = await create(bodyOf("traveller", card));
  const there = await create(bodyOf("traveller", card), SECOND_PATH);
  assert.equal(there.user.userId, here.user.userId);
  assert.notEqual(there.authId, here.authId);
});

test("the same key in another group is another person", async () => {
  const ours = await create(bodyOf("common-key"));
  const theirs = dataOf<Data>(
    await server.call("POST", `/v1/places/${server.foreign.placeId}/auths`, { key: "foreign", body: bodyOf("common-key") }),
  );
  assert.notEqual(theirs.user.userId, ours.user.userId);
});

test("a card belongs to one person of a place, whatever zeros stand before it, and the refusal names it", async () => {
  const { authId } = await create(bodyOf("card-1", { credentials: { cards: [csn("900001")] } }));
  const counts = await databaseCounts(server.test.database);
  const answer = await server.call("POST", PATH, { body: bodyOf("card-2", { credentials: { cards: [csn("900002"), csn("000900001")] } }) });
  assert.equal(refusedFor(answer), "e1006 auth.credentials.cards[1]");
  assert.equal(refusal(answer).details[0]?.authId, authId);
  assert.doesNotMatch(JSON.stringify(answer.body), /900001/);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("the roster holds cards in canonical form and order, and chains from the modes asked for", async () => {
  const cards = [{ cardNumber: "12-123", formatType: "WIEGAND" }, csn("0044")];
  const { authId, auth } = await create(bodyOf("chains", { credentials: { cards, modes: ["CARD_THEN_PIN", "FACE"] } }));
  assert.deepEqual(auth.credentials.modes, ["CARD_THEN_PIN", "FACE"]);
  const item = (await rosterItem(authId)) as { cards: string[]; chains: string[][] };
  assert.deepEqual(item.cards, ["CSN:44", "WIEGAND:26:12:123"]);
  assert.deepEqual(item.chains, [["CARD", "PIN"], ["FACE"]]);
});

test("an auth with as many modes and doors as a client may ask for is one that a controller accepts", async () => {
  const factors = ["CARD", "FACE", "FINGERPRINT", "QR", "UNIQUE_PIN", "MOBILE"];
  const pairs = factors.flatMap((first) => factors.filter((second) => second !== first).map((second) => `${first}_THEN_${second}`));
  const { authId } = await create(
    bodyOf("modes", { credentials: { name: "\u{20000}".repeat(50), modes: [...factors, ...pairs].slice(0, MODES_COUNT_MAX) } }),
  );
  const item = await rosterItem(authId);
  assert.deepEqual(readRosterItem(item), item);
});

test("doors and schedules that the place does not have are all named where the client wrote them", async () => {
  const auth = { doorAccessType: "SPECIFIC", doorIds: [236, 999_999, 234, 7], scheduleType: "SPECIFIC", scheduleId: 334 };
  const answer = await server.call("POST", PATH, { body: bodyOf("unknown", { auth }) });
  assert.equal(refusedFor(answer), "e1007 auth.doorIds[1] auth.doorIds[3] auth.scheduleId");
  assert.deepEqual(
    refusal(answer).details.map((detail) => detail.rejectedValue),
    [999_999, 7, 334],
  );
});

test("a door of another place is refused as one that does not exist", async () => {
  const refusedWith = async (doorId: number): Promise<string> => {
    const answer = await server.call("POST", PATH, {
      body: bodyOf("foreign-door", { auth: { doorAccessType: "SPECIFIC", doorIds: [doorId] } }),
    });
    return JSON.stringify(refusal(answer)).replaceAll(String(doorId), "N");
  };
  const missing = await refusedWith(987_654_321);
  for (const doorId of [server.second.doorIds[0], server.foreign.doorIds[0]]) assert.equal(await refusedWith(doorId ?? 0), missing);
});

test("a schedule of another place is refused as one that does not exist", async () => {
  const { database } = server.test;
  await database.execute("insert into schedules(schedule_id, place_id, name, schedule) values (900, $1, 'theirs', '{}')", [
    server.foreign.placeId,
  ]);
  await database.execute("insert into schedules(schedule_id, place_id, name, schedule) values (901, $1, 'ours', '{}')", [SECOND_PLACE_ID]);
  for (const scheduleId of [900, 901, 902]) {
    const answer = await server.call("POST", PATH, {
      body: bodyOf("foreign-schedule", { auth: { scheduleType: "SPECIFIC", scheduleId } }),
    });
    assert.equal(refusedFor(answer), "e1007 auth.scheduleId", String(scheduleId));
  }
});

test("a form whose every other field is empty makes an auth", async () => {
  const empty = { credentials: { faceImages: [], fingerprints: [], pin: null }, auth: { registrationTokens: [] } };
  await create(bodyOf("filled-in", empty));
});

test("a place out of reach is refused as one that does not exist; within reach the scope is asked for", async () => {
  const body = bodyOf("reach");
  const counts = await databaseCounts(server.test.database);
  const hidden = async (placeId: number, key: string): Promise<string> => {
    const answer = await server.call("POST", `/v1/places/${placeId}/auths`, { key, body });
    assert.equal(refusedFor(answer), "e1007 placeId");
    return JSON.stringify(answer.body).replaceAll(String(placeId), "N");
  };
  assert.equal(await hidden(server.foreign.placeId, "all"), await hidden(123_456, "all"));
  assert.equal(await hidden(PLACE_ID, "second"), await hidden(123_456, "second"));
  assert.equal(refusedFor(await server.call("POST", PATH, { key: "events", body })), "e1001");
  assert.equal((await server.call("POST", PATH, { key: "stranger", body })).status, 401);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  dataOf(await server.call("POST", PATH, { key: "people", body }));
});

test("a failure anywhere in the transaction leaves nothing behind, and the same request works afterwards", async () => {
  const body = bodyOf("broken", { credentials: { cards: [csn("660001")] } });
  const counts = await databaseCounts(server.test.database);
  const { Client } = await import("pg");
  const owner = new Client({ connectionString: server.test.ownerUrl });
  await owner.connect();
  try {
    await owner.query("create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$");
    await owner.query("create trigger refuse before update on roster_heads for each row execute function refuse()");
    const answer = await server.call("POST", PATH, { body, headers: { "idempotency-key": "broken" } });
    assert.equal(refusedFor(answer), "e1000");
    assert.doesNotMatch(JSON.stringify(answer.body), /refused|P0001|roster/);
    assert.deepEqual(await databaseCounts(server.test.database), counts);
  } finally {
    await owner.query("drop trigger if exists refuse on roster_heads");
    await owner.end();
  }
  await create(body);
});
