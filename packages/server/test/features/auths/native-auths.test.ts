import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Auth, Group } from "@postern/contract";
import type { AuthItem } from "@postern/core";
import { UNIQUE_PIN_REFUSALS_COUNT_MAX } from "../../../src/features/auths/limits.ts";
import { eventually } from "../../support/index.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { messageOf, problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const AUTHS = `/v2/places/${PLACE_ID}/auths`;
const YEAR = { startAt: 1_000, endAt: 2_000_000_000_000 };
const csn = (cardNumber: string) => ({ cardNumber, formatType: "CSN" });

function post(body: object, call: Omit<Call, "body"> = {}): Promise<Answer> {
  return server.call("POST", AUTHS, { ...call, body: { ...YEAR, doors: "all", ...body } });
}

async function made(body: { userKey: string } & Record<string, unknown>): Promise<Auth> {
  const answer = await post(body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as Auth;
}

function patch(authId: number, body: unknown, call: Omit<Call, "body"> = {}): Promise<Answer> {
  return server.call("PATCH", `/v2/auths/${authId}`, { ...call, body });
}

async function changed(authId: number, body: unknown): Promise<Auth> {
  const answer = await patch(authId, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Auth;
}

async function group(grants: readonly object[] = [{ doors: [234], scheduleId: null }]): Promise<number> {
  const answer = await server.call("POST", `/v2/places/${PLACE_ID}/groups`, { body: { name: "Group", grants } });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return (answer.body as Group).groupId;
}

async function itemOf(authId: number): Promise<AuthItem | null | undefined> {
  return (await rosterItem(server.test.database, PLACE_ID, `auth:${authId}`)) as AuthItem | null | undefined;
}

/** What a refused call must leave as it is. */
async function everything(): Promise<unknown> {
  const own = await server.test.database.query(`select (select count(*) from access_group_members) as members,
    (select count(*) from audit where outcome = 'done') as audit, (select jsonb_agg(to_jsonb(a) order by auth_id) from auths a) as auths`);
  return { own, ...(await databaseCounts(server.test.database)) };
}

test("an auth is answered as it was asked for, with its defaults, and never with a PIN; its doors have all of it", async () => {
  const groups = [await group(), await group([{ doors: "all", scheduleId: 333 }])];
  const auth = await made({
    userKey: "kim@example.com",
    doors: [236, 235],
    scheduleId: 333,
    groupIds: groups.toReversed(),
    credentials: { cards: [csn("1"), { cardNumber: "12-123", formatType: "WIEGAND" }], pin: "4711", uniquePin: "12345678", phone: "123" },
  });
  assert.deepEqual(auth, {
    ...{
      authId: auth.authId,
      userId: auth.userId,
      placeId: PLACE_ID,
      userKey: "kim@example.com",
      name: "kim@example.com",
      status: "ACTIVE",
    },
    ...YEAR,
    doors: [235, 236],
    scheduleId: 333,
    groupIds: groups,
    faceConsent: null,
    credentials: {
      cards: [csn("1"), { cardNumber: "12-123", formatType: "WIEGAND" }],
      hasPin: true,
      hasUniquePin: true,
      fingerprintCount: 0,
      faceCount: 0,
      phone: "123",
      modes: ["CARD", "CODE_THEN_PIN", "UNIQUE_PIN"],
    },
    madeAt: server.nowMs,
    lastModifiedAt: server.nowMs,
  });
  assert.doesNotMatch(JSON.stringify(auth), /4711|12345678/);
  assert.deepEqual((await server.call("GET", `/v2/auths/${auth.authId}`)).body, auth);
  const item = await itemOf(auth.authId);
  assert.deepEqual(item?.doors, [235, 236]);
  assert.deepEqual(item?.grants, [
    { doors: [234], scheduleId: null },
    { doors: "all", scheduleId: 333 },
  ]);
  assert.ok(item.pin !== null && item.uniquePin !== null);
});

test("somebody may have no doors of their own, and open what their group gives", async () => {
  const auth = await made({ userKey: "by-group", doors: [], groupIds: [await group()] });
  const [row] = await server.test.database.query<{ scopes: number[] }>("select scopes from roster_items where item_key = $1", [
    `auth:${auth.authId}`,
  ]);
  assert.deepEqual(row?.scopes, [234]);
  await changed(auth.authId, { groupIds: [] });
  const [none] = await server.test.database.query<{ scopes: number[] }>("select scopes from roster_items where item_key = $1", [
    `auth:${auth.authId}`,
  ]);
  assert.deepEqual(none?.scopes, []);
});

test("a change keeps what it does not name; null takes away, and a group that is left out of the list is left", async () => {
  const groups = [await group(), await group()];
  const auth = await made({
    userKey: "changed",
    name: "Kim",
    groupIds: groups,
    credentials: { cards: [csn("2")], pin: "4711", uniquePin: "22223333", phone: "1", modes: ["CARD_THEN_PIN"] },
  });
  server.nowMs += 1_000;
  const after = await changed(auth.authId, {
    endAt: 5_000,
    groupIds: groups.slice(1),
    credentials: { pin: null, uniquePin: null, phone: null, modes: null },
  });
  const credentials = { ...auth.credentials, hasPin: false, hasUniquePin: false, phone: null, modes: ["CARD"] };
  assert.deepEqual(after, { ...auth, endAt: 5_000, groupIds: groups.slice(1), credentials, lastModifiedAt: server.nowMs });
  assert.deepEqual((await itemOf(auth.authId))?.grants.length, 1);

  const revision = await rosterRevision(server.test.database, PLACE_ID);
  const counts = await everything();
  server.nowMs += 1_000;
  assert.deepEqual(await changed(auth.authId, { endAt: 5_000, doors: "all", name: "Kim", credentials: { cards: [csn("2")] } }), after);
  assert.deepEqual(await everything(), counts);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), revision);
});

test("what is wrong is named where the client wrote it, and nothing is changed", async () => {
  const holder = await made({ userKey: "holder", credentials: { cards: [csn("3")] } });
  const auth = await made({ userKey: "judged" });
  const counts = await everything();
  const both: readonly (readonly [object, string])[] = [
    [{ doors: [236, 777] }, "400 argument_invalid doors[1]"],
    [{ doors: [234, server.second.doorIds[0]] }, "400 argument_invalid doors[1]"],
    [{ scheduleId: 777 }, "400 argument_invalid scheduleId"],
    [{ groupIds: [999_999] }, "400 argument_invalid groupIds[0]"],
    [{ startAt: 9, endAt: 9 }, "400 argument_invalid endAt"],
    [{ endAt: 2_150_000_000_000 }, "400 argument_invalid endAt"],
    [{ name: "two  blanks" }, "400 argument_invalid name"],
    [{ credentials: { cards: [csn("9"), csn("09")] } }, "400 argument_invalid credentials.cards[1]"],
    [{ credentials: { cards: [csn("9"), csn("3")] } }, "409 conflict credentials.cards[1]"],
    [{ credentials: { cards: [csn("no number")] } }, "400 argument_invalid credentials.cards[0].cardNumber"],
    [{ credentials: { modes: ["PIN"] } }, "400 argument_invalid credentials.modes[0]"],
    [{ credentials: { pin: "12" } }, "400 argument_invalid credentials.pin"],
    [{ credentials: { phone: "nobody" } }, "400 argument_invalid credentials.phone"],
    [{ credentials: { faceImages: ["no base64"] } }, "400 argument_invalid credentials.faceImages[0]"],
    [
      { credentials: { fingerprints: [{ fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData: "no base64" }] } },
      "400 argument_invalid credentials.fingerprints[0].fingerData",
    ],
    [{ activeStatus: "ACTIVE" }, "400 argument_invalid activeStatus"],
  ];
  for (const [body, refusal] of both) {
    assert.equal(problemOf(await post({ userKey: "refused", ...body })), refusal, JSON.stringify(body));
    assert.equal(problemOf(await patch(auth.authId, body)), refusal, JSON.stringify(body));
  }
  assert.equal(problemOf(await patch(auth.authId, { endAt: 500 })), "400 argument_invalid endAt");
  assert.equal(problemOf(await patch(auth.authId, { userKey: "other" })), "400 argument_invalid userKey");
  assert.equal(problemOf(await post({ userKey: "Capitals" })), "400 argument_invalid userKey");
  const again = await post({ userKey: "holder", name: "Other" });
  assert.equal(problemOf(again), "409 conflict userKey");
  assert.match(messageOf(again), new RegExp(`: ${holder.authId}$`));
  assert.deepEqual(await everything(), counts);
});

test("through all their groups nobody gets more grants than the link carries, however they come to belong to them", async () => {
  const sixteen = Array.from({ length: 16 }, () => ({ doors: [234], scheduleId: null }));
  const groups: number[] = [];
  for (let count = 0; count < 5; count += 1) groups.push(await group(sixteen));
  const auth = await made({ userKey: "many-grants", groupIds: groups.slice(1) });
  const counts = await everything();
  assert.equal(problemOf(await patch(auth.authId, { groupIds: groups })), "409 conflict groupIds");
  assert.equal(problemOf(await post({ userKey: "too-many", groupIds: groups })), "409 conflict groupIds");
  assert.deepEqual(await everything(), counts);
});

test("a change or an end of another version than the one that was read is refused", async () => {
  const auth = await made({ userKey: "versions" });
  const path = `/v2/auths/${auth.authId}`;
  const { etag } = (await server.call("GET", path)).headers as { etag: string };
  server.nowMs += 1;
  const first = await patch(auth.authId, { name: "B" }, { headers: { "if-match": etag } });
  assert.equal(first.status, 200);
  assert.equal(problemOf(await patch(auth.authId, { name: "C" }, { headers: { "if-match": etag } })), "412 changed_meanwhile");
  assert.equal(problemOf(await server.call("DELETE", path, { headers: { "if-match": etag } })), "412 changed_meanwhile");
  assert.equal((await itemOf(auth.authId))?.name, "B");
  const headers = { "if-match": (first.headers as { etag: string }).etag };
  assert.equal((await server.call("DELETE", path, { headers })).status, 204);
  assert.equal(await itemOf(auth.authId), null);
  for (const answer of [await server.call("GET", path), await patch(auth.authId, {}), await server.call("DELETE", path)])
    assert.equal(problemOf(answer), "404 not_found authId");
});

test("the same Idempotency-Key makes one auth, and does not bring an ended one back", async () => {
  const headers = { "idempotency-key": "one" };
  const body = { userKey: "once", doors: [], groupIds: [await group()] };
  const [first, second] = [await post(body, { headers }), await post(body, { headers })];
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.deepEqual(second.body, first.body);
  assert.equal(problemOf(await post({ ...body, name: "Other" }, { headers })), "409 conflict Idempotency-Key");
  await server.call("DELETE", `/v2/auths/${(first.body as Auth).authId}`);
  assert.equal(problemOf(await post(body, { headers })), "409 conflict Idempotency-Key");
});

test("an auth of one surface is the same on the other", async () => {
  const auth = await made({ userKey: "both", doors: [234], groupIds: [await group()], credentials: { cards: [csn("5")] } });
  const v1 = (await server.call("PATCH", `/v1/auths/${auth.authId}`, { body: { credentials: { name: "Renamed" } } })).body;
  assert.equal((v1 as { data: { user: { name: string } } }).data.user.name, "Renamed");
  assert.deepEqual((await server.call("GET", `/v2/auths/${auth.authId}`)).body, { ...auth, name: "Renamed", lastModifiedAt: server.nowMs });
});

test("unique PINs that were found taken are counted over both surfaces, so that v2 is no second allowance for guesses", async () => {
  await made({ userKey: "has-unique", credentials: { uniquePin: "77778888" } });
  const ask = (index: number): Promise<Answer> => {
    const credentials = { uniquePin: "77778888" };
    if (index % 2 === 0) return post({ userKey: `guess-${index}`, credentials }, { key: "other" });
    const auth = { activeStatus: "ACTIVE", startTime: 1, endTime: 2_000, doorAccessType: "ALL_DOOR", scheduleType: "ALWAYS", credentials };
    return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { key: "other", body: { user: { key: `guess-${index}` }, auth } });
  };
  assert.equal(problemOf(await ask(0)), "409 conflict credentials.uniquePin");
  for (let index = 1; index < UNIQUE_PIN_REFUSALS_COUNT_MAX; index += 1) await ask(index);
  assert.equal(problemOf(await ask(UNIQUE_PIN_REFUSALS_COUNT_MAX)), "429 too_many_requests");
});

test("a list is found by text, card, status, door and group, in pages without one left out or told twice", async () => {
  const path = `/v2/places/${SECOND_PLACE_ID}/auths`;
  const doors = server.second.doorIds;
  const groupId = (
    (await server.call("POST", `/v2/places/${SECOND_PLACE_ID}/groups`, { body: { name: "G", grants: [{ doors, scheduleId: null }] } }))
      .body as Group
  ).groupId;
  const bodies = [
    { userKey: "ada", doors: "all", credentials: { cards: [csn("4242")] } },
    { userKey: "bert", doors: [doors[0]], status: "INACTIVE" },
    { userKey: "carl", name: "Ada Lovelace", doors: [], groupIds: [groupId] },
    { userKey: "dora", doors: [] },
  ];
  for (const body of bodies) {
    const answer = await server.call("POST", path, { body: { ...YEAR, ...body } });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
  const keysOf = async (query: string): Promise<readonly string[]> => {
    const { body } = await server.call("GET", `${path}?${query}`);
    return (body as { items: Auth[] }).items.map((item) => item.userKey);
  };
  assert.deepEqual(await keysOf("q=ADA"), ["ada", "carl"]);
  assert.deepEqual(await keysOf("q=4242"), ["ada"]);
  assert.deepEqual(await keysOf("status=INACTIVE"), ["bert"]);
  assert.deepEqual(await keysOf(`doorId=${doors[0]}`), ["ada", "bert", "carl"]);
  assert.deepEqual(await keysOf(`groupId=${groupId}`), ["carl"]);
  const seen: string[] = [];
  for (let next: string | undefined = ""; next !== undefined; ) {
    const { body }: Answer = await server.call("GET", `${path}?limit=1${next === "" ? "" : `&after=${next}`}`);
    const page = body as { items: Auth[]; next?: string };
    seen.push(...page.items.map((item) => item.userKey));
    next = page.next;
  }
  assert.deepEqual(seen, ["ada", "bert", "carl", "dora"]);
});

test("an auth out of reach is as if it were not there, and only people's keys reach any", async () => {
  const { authId } = await made({ userKey: "hidden" });
  for (const key of ["foreign", "second", "nowhere"]) {
    assert.deepEqual(
      (await server.call("GET", `/v2/auths/${authId}`, { key })).body,
      (await server.call("GET", "/v2/auths/999999", { key })).body,
    );
    assert.equal((await patch(authId, { name: "A" }, { key })).status, 404);
    assert.equal((await server.call("DELETE", `/v2/auths/${authId}`, { key })).status, 404);
    assert.equal((await post({ userKey: "nobody" }, { key })).status, 404);
    assert.equal((await server.call("GET", AUTHS, { key })).status, 404);
  }
  for (const key of ["events", "doors:configure", "keys"]) {
    assert.equal((await server.call("GET", `/v2/auths/${authId}`, { key })).status, 403, key);
    assert.equal((await patch(authId, { name: "A" }, { key })).status, 403, key);
    assert.equal((await server.call("DELETE", `/v2/auths/${authId}`, { key })).status, 403, key);
    assert.equal((await post({ userKey: "nobody" }, { key })).status, 403, key);
    assert.equal((await server.call("GET", AUTHS, { key })).status, 403, key);
  }
  assert.equal((await itemOf(authId))?.name, "hidden");
});

test("whoever is enrolled into a group while it is deleted: the enrolment is refused or the group's doors are gone from it, and none is left behind", async () => {
  for (let round = 0; round < 8; round += 1) {
    const groupId = await group();
    const [first, removed, second] = await Promise.all([
      post({ userKey: `race-${round}-a`, doors: [], groupIds: [groupId] }),
      server.call("DELETE", `/v2/groups/${groupId}`),
      post({ userKey: `race-${round}-b`, doors: [], groupIds: [groupId] }),
    ]);
    assert.equal(removed.status, 204);
    for (const answer of [first, second]) {
      if (answer.status === 201) assert.deepEqual((await itemOf((answer.body as Auth).authId))?.grants, []);
      else assert.equal(problemOf(answer), "400 argument_invalid groupIds[0]");
    }
  }
});

test("an enrolment that looked a group up before it was deleted looks again, and says so", async () => {
  const groupId = await group();
  const { database } = server.test;
  let enrolling: Promise<Answer> | undefined;
  await database.transaction(async (tx) => {
    await tx.query("select 1 from roster_heads where place_id = $1 for no key update", [PLACE_ID]);
    enrolling = post({ userKey: "late", doors: [], groupIds: [groupId] });
    await eventually("the enrolment has written the auth and waits for the roster's head", async () => {
      const text = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      return (await database.query(text)).length > 0;
    });
    await tx.query("delete from access_groups where group_id = $1", [groupId]);
  });
  assert.ok(enrolling !== undefined);
  assert.equal(problemOf(await enrolling), "400 argument_invalid groupIds[0]");
});
