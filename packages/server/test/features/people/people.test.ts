import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Auth, type Erasure, eventCode, type Person, type PersonExport } from "@postern/contract";
import { EXPORT_EVENTS_MAX } from "../../../src/features/people/limits.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { type WrittenEvent, writeEvents } from "../support/ledger-writer.ts";
import { problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

async function enrolled(userKey: string, body: object = {}, placeId = PLACE_ID): Promise<Auth> {
  const whole = { userKey, startAt: 1_000, endAt: 2_000_000_000_000, doors: "all", ...body };
  const answer = await server.call("POST", `/v2/places/${placeId}/auths`, { body: whole });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as Auth;
}

function get(path: string, key = "all"): Promise<Answer> {
  return server.call("GET", `/v2/people${path}`, { key });
}

function erase(userId: number, key = "all"): Promise<Answer> {
  return server.call("DELETE", `/v2/people/${userId}`, { key });
}

async function keysOf(query: string, key = "all"): Promise<readonly string[]> {
  const { status, body } = await get(`?${query}`, key);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { items: Person[] }).items.map((person) => person.userKey);
}

async function written(userId: number, count: number, more: Partial<WrittenEvent> = {}): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    eventAt: 1_000 + index,
    eventType: "DEV_CARD_AUTH_SUCCESS" as const,
    userId,
    ...more,
  }));
  await writeEvents(server.test.database, PLACE_ID, events);
}

/** Everything that tables hold, as text, but for what a test looks at by itself. */
async function wholeDatabase(): Promise<string> {
  const { database } = server.test;
  const tables = await database.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select to_jsonb(t)::text as row from "${name}" t`).catch(() => []);
    texts.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return texts.join("\n");
}

test("people are listed with their rights within reach, found by key and by a part of key or name, in pages by id", async () => {
  const first = await enrolled("p-one", { name: "Ada" });
  const elsewhere = await enrolled("p-one", { name: "Lovelace" }, SECOND_PLACE_ID);
  await enrolled("p-two", { name: "Bert Ada" }, SECOND_PLACE_ID);
  await enrolled("p-three");
  const [{ auths, ...person }] = ((await get("?userKey=p-one")).body as { items: [Person] }).items;
  assert.deepEqual(person, { userId: first.userId, userKey: "p-one", madeAt: server.nowMs });
  const right = { status: "ACTIVE", startAt: 1_000, endAt: 2_000_000_000_000 };
  assert.deepEqual(auths, [
    { ...right, authId: first.authId, placeId: PLACE_ID, name: "Ada" },
    { ...right, authId: elsewhere.authId, placeId: SECOND_PLACE_ID, name: "Lovelace" },
  ]);
  assert.deepEqual(((await get(`/${first.userId}`, "demo")).body as Person).auths, auths.slice(0, 1));
  assert.deepEqual(await keysOf("q=ADA"), ["p-one", "p-two"]);
  assert.deepEqual(await keysOf("q=p-t"), ["p-two", "p-three"]);
  assert.deepEqual(await keysOf("q=lovelace", "demo"), []);
  assert.deepEqual(await keysOf("q=p-", "second"), ["p-one", "p-two"]);
  const seen: string[] = [];
  for (let next: string | undefined = ""; next !== undefined; ) {
    const { body }: Answer = await get(`?q=p-&limit=1${next === "" ? "" : `&after=${next}`}`);
    const page = body as { items: Person[]; next?: string };
    seen.push(...page.items.map(({ userKey }) => userKey));
    next = page.next;
  }
  assert.deepEqual(seen, ["p-one", "p-two", "p-three"]);
});

test("somebody beyond reach is as if they were not there; one whose right has ended stays within it", async () => {
  const { userId, authId } = await enrolled("hidden-person");
  for (const key of ["foreign", "second", "nowhere"])
    for (const path of [`/${userId}`, `/${userId}/export`]) {
      assert.deepEqual((await get(path, key)).body, (await get(path.replace(`${userId}`, "999999"), key)).body);
      assert.equal(problemOf(await erase(userId, key)), "404 not_found userId");
    }
  for (const key of ["events", "keys", "doors:configure"]) {
    for (const path of ["", `/${userId}`, `/${userId}/export`]) assert.equal((await get(path, key)).status, 403, key);
    assert.equal((await erase(userId, key)).status, 403, key);
  }
  await server.call("DELETE", `/v2/auths/${authId}`);
  for (const key of ["all", "demo"]) assert.deepEqual(((await get(`/${userId}`, key)).body as Person).auths, []);
  assert.equal((await get(`/${userId}`, "second")).status, 404);
});

test("an export holds every right that there is or was, with its cards, QRs, the newest events, and no PIN", async () => {
  const ended = await enrolled("exported", { credentials: { cards: [{ cardNumber: "71", formatType: "CSN" }], phone: "123" } });
  await server.call("DELETE", `/v2/auths/${ended.authId}`);
  const { userId, ...live } = await enrolled("exported", { credentials: { pin: "4711", uniquePin: "98765432" } });
  await enrolled("exported", {}, SECOND_PLACE_ID);
  const period = { validFrom: server.nowMs, validTo: server.nowMs + 1_000 };
  assert.equal((await server.call("POST", "/v2/dynamic-qrs", { body: { userKey: "exported", ...period } })).status, 201);
  await written(userId, 3, { authId: live.authId, doorId: 234, deviceId: 5 });
  await written(userId + 100_000, 1);
  const { body, status } = await get(`/${userId}/export`, "demo");
  assert.equal(status, 200, JSON.stringify(body));
  const { exportedAt, events, auths, ...rest } = body as PersonExport;
  assert.equal(exportedAt, server.nowMs);
  assert.deepEqual(rest, {
    userId,
    userKey: "exported",
    madeAt: server.nowMs,
    dynamicQrs: [{ ...period, madeAt: server.nowMs, boundAt: null }],
    areEventsWhole: true,
  });
  assert.deepEqual(
    auths.map(({ authId, deletedAt, credentials }) => [authId, deletedAt, credentials.phone, credentials.cards.length, credentials.hasPin]),
    [
      [ended.authId, server.nowMs, "123", 1, false],
      [live.authId, null, null, 0, true],
    ],
  );
  assert.deepEqual(
    events.map(({ logId, ...event }) => [typeof logId, event]),
    [1_002, 1_001, 1_000].map((eventAt) => [
      "string",
      { placeId: PLACE_ID, eventAt, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: 234, deviceId: 5, authId: live.authId },
    ]),
  );
  assert.doesNotMatch(JSON.stringify(body), /4711|98765432/);
  assert.equal(((await get(`/${userId}/export`)).body as PersonExport).auths.length, 3);
});

test("an export that does not hold all events says so, and keeps the newest", async () => {
  const { userId } = await enrolled("many-events");
  await written(userId, EXPORT_EVENTS_MAX + 1);
  const { events, areEventsWhole } = (await get(`/${userId}/export`)).body as PersonExport;
  assert.deepEqual([events.length, events.at(-1)?.eventAt, areEventsWhole], [EXPORT_EVENTS_MAX, 1_001, false]);
});

test("after an erasure nothing in the database names the person: no key, name, phone, card, PIN or template, nor the key that sealed them", async () => {
  const { database } = server.test;
  const groupId = (
    (await server.call("POST", `/v2/places/${PLACE_ID}/groups`, { body: { name: "G", grants: [] } })).body as { groupId: number }
  ).groupId;
  const credentials = { cards: [{ cardNumber: "880088", formatType: "CSN" }], phone: "0123-555", pin: "4711", uniquePin: "55667788" };
  const first = await enrolled("erased-person", { name: "Erika Mustermann", groupIds: [groupId], credentials });
  await server.call("DELETE", `/v2/auths/${first.authId}`);
  const auth = await enrolled("erased-person", { name: "Erika Mustermann", groupIds: [groupId], credentials });
  const other = await enrolled("erased-person", { name: "Erika Mustermann" }, SECOND_PLACE_ID);
  const neighbour = await enrolled("kept-person", { credentials: { pin: "1234" } });
  await written(auth.userId, 2, { authId: auth.authId });
  const [sealed] = await database.query<{ pin: string; key: string; verifier: string }>(
    `select encode(pin_sealed, 'hex') as pin, encode(wrapped_key, 'hex') as key, pin_verifier ->> 'hash' as verifier from auths join person_keys using (user_id) where auth_id = $1`,
    [auth.authId],
  );
  assert.ok(sealed !== undefined);
  const traces = ["erased-person", "Erika", "0123-555", "880088", sealed.pin, sealed.key, sealed.verifier];
  const before = await wholeDatabase();
  for (const trace of traces) assert.ok(before.includes(trace), `${trace} was there`);

  const answer = await erase(auth.userId);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const after_ = await wholeDatabase();
  for (const trace of traces)
    assert.ok(!after_.includes(trace), `${trace} is gone: ${after_.split("\n").find((row) => row.includes(trace))}`);
  assert.equal((await database.query("select 1 from person_keys where user_id = $1", [neighbour.userId])).length, 1);

  const revisions = [await rosterRevision(database, PLACE_ID), await rosterRevision(database, SECOND_PLACE_ID)];
  const places = [PLACE_ID, SECOND_PLACE_ID].map((placeId, index) => ({ placeId, revision: revisions[index] }));
  assert.deepEqual(answer.body, { userId: auth.userId, erasedAt: server.nowMs, places });
  assert.equal(await rosterItem(database, PLACE_ID, `auth:${auth.authId}`), null);
  assert.equal(await rosterItem(database, SECOND_PLACE_ID, `auth:${other.authId}`), null);
  assert.notEqual(await rosterItem(database, PLACE_ID, `auth:${neighbour.authId}`), null);
  const [audit] = await database.query("select key_id, action, target_id, detail from audit order by audit_id desc limit 1");
  assert.deepEqual(audit, {
    key_id: "all",
    action: "person.erase",
    target_id: String(auth.userId),
    detail: { placeIds: [PLACE_ID, SECOND_PLACE_ID] },
  });
  const kept = server.erased.at(-1);
  assert.deepEqual(kept, { userId: auth.userId, placeGroupId: 100, madeAt: server.nowMs, erasedAt: server.nowMs });
});

test("events stay, in their number and order, and name nobody", async () => {
  const { userId, authId } = await enrolled("with-events", { name: "Frieda" });
  await written(userId, 2, { authId, eventType: "DEV_FACE_AUTH_SUCCESS" });
  const read = async (): Promise<Record<string, unknown>[]> => {
    const { body } = await server.call("GET", `/v1/events?placeId=${PLACE_ID}&filterEvents=DEV_FACE_AUTH_SUCCESS`);
    return (body as { data: Record<string, unknown>[] }).data;
  };
  const before = await read();
  assert.deepEqual(
    before.map((event) => [event["userId"], event["userName"]]),
    [
      ["with-events", "Frieda"],
      ["with-events", "Frieda"],
    ],
  );
  await erase(userId);
  assert.deepEqual(
    await read(),
    before.map(({ userId: _key, userName: _name, ...event }) => event),
  );
  const [row] = await server.test.database.query<{ n: number }>("select count(*) as n from events where event_type = $1", [
    eventCode("DEV_FACE_AUTH_SUCCESS"),
  ]);
  assert.equal(row?.n, 2);
});

test("the key of somebody who was erased is free, and whoever gets it is another person", async () => {
  const old = await enrolled("free-again", { credentials: { cards: [{ cardNumber: "990099", formatType: "CSN" }] } });
  await erase(old.userId);
  assert.equal((await get(`/${old.userId}`)).status, 404);
  assert.equal(problemOf(await server.call("GET", `/v2/auths/${old.authId}`)), "404 not_found authId");
  const next = await enrolled("free-again", { credentials: { cards: [{ cardNumber: "990099", formatType: "CSN" }] } });
  assert.ok(next.userId > old.userId && next.authId > old.authId);
});

test("a repeated erasure answers what the first one did, to those alone who could have done it", async () => {
  const { userId } = await enrolled("twice");
  const [first, again] = [await erase(userId, "demo"), await erase(userId)];
  assert.deepEqual(again.body, first.body);
  assert.deepEqual((await erase(userId, "demo")).body, first.body);
  for (const key of ["second", "foreign", "nowhere"]) assert.equal(problemOf(await erase(userId, key)), "404 not_found userId");
  assert.equal(server.erased.filter((person) => person.userId === userId).length, 1);
});

test("a key that does not reach all places of a person erases nothing, also where the right there has ended", async () => {
  const { userId, authId } = await enrolled("two-places");
  const there = await enrolled("two-places", {}, SECOND_PLACE_ID);
  assert.equal(problemOf(await erase(userId, "demo")), "403 not_permitted");
  await server.call("DELETE", `/v2/auths/${there.authId}`);
  assert.equal(problemOf(await erase(userId, "demo")), "403 not_permitted");
  assert.notEqual(await rosterItem(server.test.database, PLACE_ID, `auth:${authId}`), null);
  assert.equal((await erase(userId)).status, 200);
});

test("whoever has no right any more is erased too", async () => {
  const { userId, authId } = await enrolled("ended-before");
  await server.call("DELETE", `/v2/auths/${authId}`);
  const revision = await rosterRevision(server.test.database, PLACE_ID);
  assert.deepEqual(((await erase(userId)).body as Erasure).places, [{ placeId: PLACE_ID, revision }]);
  assert.ok(!(await wholeDatabase()).includes("ended-before"));
});

test("a retry of the request that enrolled somebody does not bring them back", async () => {
  const headers = { "idempotency-key": "before-erasure" };
  const body = { userKey: "not-again", startAt: 1, endAt: 2_000, doors: "all" };
  const made = await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body, headers });
  await erase((made.body as Auth).userId);
  assert.equal(problemOf(await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body, headers })), "409 conflict Idempotency-Key");
});

test("somebody who is enrolled elsewhere while they are erased is erased whole or is somebody new, and no deadlock is broken", async () => {
  for (let round = 0; round < 8; round += 1) {
    const { userId } = await enrolled(`race-${round}`);
    const whole = { userKey: `race-${round}`, startAt: 1_000, endAt: 2_000_000_000_000, doors: "all" };
    const [elsewhere, erased] = await Promise.all([
      server.call("POST", `/v2/places/${SECOND_PLACE_ID}/auths`, { body: whole }),
      erase(userId),
    ]);
    assert.equal(erased.status, 200, JSON.stringify(erased.body));
    assert.equal(elsewhere.status, 201, JSON.stringify(elsewhere.body));
    const other = elsewhere.body as Auth;
    const item = await rosterItem(server.test.database, SECOND_PLACE_ID, `auth:${other.authId}`);
    assert.equal(item === null, other.userId === userId);
    assert.equal((await get(`/${userId}`)).status, 404);
  }
  assert.ok(!server.repeatedFor.includes("40P01"), "no deadlock had to be broken");
});
