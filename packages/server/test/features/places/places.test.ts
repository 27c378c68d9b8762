import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventCode, type MintedApiKey, type Place, type PlaceGroup } from "@postern/contract";
import type { DoorItem, PlaceItem } from "@postern/core";
import { PLACES_PER_GROUP_MAX } from "../../../src/features/places/limits.ts";
import type { Answer, HttpWorld } from "../../http/http-world.ts";
import { createKeysWorld, type KeysWorld } from "../keys/keys-world.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

/** As a place begins. */
const FACES = { faceDuplicates: "report", faceCrops: "dropped", faceConsent: "elsewhere" };

const OPERATOR = "the operator";

let world: KeysWorld;
let http: HttpWorld;
before(async () => {
  world = await createKeysWorld();
  http = await world.serve({ verifyOperator: (text) => text === OPERATOR });
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function call(method: string, path: string, key: string, more: { body?: object; headers?: Record<string, string> } = {}): Promise<Answer> {
  const { body, headers = {} } = more;
  return http.call(method, `/v2${path}`, { key, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** `409 conflict placeId: still has 2 doors`: the code of a refusal and its first wrong field. */
function refusal({ status, body, text }: Answer): string {
  assert.ok(status >= 400, text);
  const [first] = (body.errors ?? []) as { field: string; message: string }[];
  return first === undefined ? `${status} ${body.code}` : `${status} ${body.code} ${first.field}: ${first.message}`;
}

async function madeGroup(name = "Customer"): Promise<PlaceGroup> {
  const answer = await call("POST", "/place-groups", OPERATOR, { body: { name } });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

async function rootKeyOf(placeGroupId: number, body: object = {}): Promise<MintedApiKey> {
  const more = { name: "root", scopes: ["doors:configure", "devices", "people", "events", "keys"], ...body };
  const answer = await call("POST", `/place-groups/${placeGroupId}/keys`, OPERATOR, { body: more });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

async function madePlace(key: string, body: object = {}): Promise<Place> {
  const answer = await call("POST", "/places", key, { body: { name: "Main Street", timeZone: "Europe/Berlin", ...body } });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

async function eventsOf(placeId: number): Promise<readonly unknown[]> {
  const text = "select event_type as type, detail from events where place_id = $1 order by sequence";
  return world.test.database.query(text, [placeId]);
}

async function auditOf(kind: string, id: number | string): Promise<readonly unknown[]> {
  const text = "select key_id, source, action, place_id, detail from audit where target_kind = $1 and target_id = $2 order by audit_id";
  return world.test.database.query(text, [kind, String(id)]);
}

async function rowsOf(table: string, column: string, id: number): Promise<number> {
  const [row] = await world.test.database.query<{ count: number }>(`select count(*) as count from ${table} where ${column} = $1`, [id]);
  return row?.count ?? -1;
}

test("from nothing to a place: the operator makes a customer and its first key, and that key makes a place", async () => {
  const group = await madeGroup("Acme");
  assert.ok(group.placeGroupId >= 1_000);
  const { key, ...minted } = await rootKeyOf(group.placeGroupId);
  assert.deepEqual(minted, {
    keyId: minted.keyId,
    placeGroupId: group.placeGroupId,
    parentId: null,
    name: "root",
    scopes: ["doors:configure", "devices", "people", "events", "keys"],
    placeIds: null,
    madeAt: world.time.nowMs,
    expiresAt: world.time.nowMs + 365 * 86_400_000,
    revokedAt: null,
  });
  const place = await madePlace(key);
  const made = {
    placeGroupId: group.placeGroupId,
    name: "Main Street",
    timeZone: "Europe/Berlin",
    ...FACES,
    accessType: "NONE",
    madeAt: world.time.nowMs,
  };
  assert.deepEqual(place, { placeId: place.placeId, ...made });
  assert.deepEqual((await call("GET", `/places/${place.placeId}`, key)).body, place);
  assert.deepEqual((await call("GET", "/places", key)).body, { items: [place] });
  const item = (await rosterItem(world.test.database, place.placeId, `place:${place.placeId}`)) as PlaceItem;
  assert.equal(item.timeZone, "Europe/Berlin");
  assert.deepEqual(await eventsOf(place.placeId), [{ type: eventCode("PLACE_SERVICE_START"), detail: null }]);
  assert.deepEqual((await call("GET", `/places/${place.placeId}/events`, key)).body.events.length, 1);
  const byKey = { key_id: minted.keyId, source: "API_TOKEN", action: "place.create", place_id: place.placeId, detail: null };
  assert.deepEqual(await auditOf("place", place.placeId), [byKey]);
  const byOperator = { key_id: null, source: "OPERATOR", place_id: null };
  assert.deepEqual(await auditOf("place_group", group.placeGroupId), [{ ...byOperator, action: "place_group.create", detail: null }]);
  assert.deepEqual(await auditOf("key", minted.keyId), [{ ...byOperator, action: "key.mint", detail: { scopes: minted.scopes } }]);
});

test("nobody but the operator makes, reads or lists customers and their first keys", async () => {
  const { key } = await rootKeyOf((await madeGroup()).placeGroupId);
  const { placeGroupId } = world.place;
  const mint = { name: "stolen", scopes: ["people"] };
  for (const asker of [key, "Bearer none", ""]) {
    const answers = [
      await call("GET", "/place-groups", asker),
      await call("POST", "/place-groups", asker, { body: { name: "x" } }),
      await call("GET", `/place-groups/${placeGroupId}`, asker),
      await call("PATCH", `/place-groups/${placeGroupId}`, asker, { body: { name: "x" } }),
      await call("DELETE", `/place-groups/${placeGroupId}`, asker),
      await call("POST", `/place-groups/${placeGroupId}/keys`, asker, { body: mint }),
    ];
    assert.deepEqual([...new Set(answers.map((answer) => refusal(answer)))], ["401 key_refused"]);
  }
});

test("a first key reaches no other customer's places and is of a customer there is", async () => {
  const group = await madeGroup();
  const mint = (placeGroupId: number, body: object) =>
    call("POST", `/place-groups/${placeGroupId}/keys`, OPERATOR, { body: { name: "k", scopes: ["people"], ...body } });
  assert.equal(refusal(await mint(group.placeGroupId, { placeIds: [501] })), "400 argument_invalid placeIds: names no place of this group");
  assert.equal(refusal(await mint(999_999, {})), "404 not_found placeGroupId: names nothing within reach");
  const past = { expiresAt: world.time.nowMs };
  assert.equal(refusal(await mint(group.placeGroupId, past)), "400 argument_invalid expiresAt: must lie in the future");
  const narrow = await mint(world.place.placeGroupId, { placeIds: [502, 501] });
  assert.deepEqual(narrow.body.placeIds, [501, 502]);
});

test("customers and places come in pages, each once, and only those within reach", async () => {
  const { key, placeGroupId } = await rootKeyOf((await madeGroup()).placeGroupId);
  const ids: number[] = [];
  for (const name of ["one", "two", "three"]) ids.push((await madePlace(key, { name })).placeId);
  const narrow = await rootKeyOf(placeGroupId, { placeIds: [ids[0], ids[2]] });
  const read = async (path: string, asker: string): Promise<number[]> => {
    const found: number[] = [];
    for (let after = ""; ; ) {
      const { body, text } = await call("GET", `${path}?limit=2${after}`, asker);
      found.push(...(body.items as { placeId?: number; placeGroupId: number }[]).map((item) => item.placeId ?? item.placeGroupId));
      if (body.next === undefined) return found;
      assert.equal(body.items.length, 2, text);
      after = `&after=${body.next}`;
    }
  };
  assert.deepEqual(await read("/places", key), ids);
  assert.deepEqual(await read("/places", narrow.key), [ids[0], ids[2]]);
  const groups = await read("/place-groups", OPERATOR);
  const all = await world.test.database.query<{ id: number }>("select place_group_id as id from place_groups order by 1");
  assert.deepEqual(
    groups,
    all.map((row) => row.id),
  );
  assert.equal(refusal(await call("GET", `/places/${ids[1]}`, narrow.key)), "404 not_found placeId: names no place within reach");
  assert.equal(refusal(await call("GET", "/places?after=MDE", key)), "400 argument_invalid after: is no cursor of this list");
});

test("a place is made by a key that reaches every place, once per Idempotency-Key, within a limit, in a zone there is", async () => {
  const { key, placeGroupId } = await rootKeyOf((await madeGroup()).placeGroupId);
  const headers = { "idempotency-key": "first" };
  const body = { name: "Once", timeZone: "UTC" };
  const [one, again] = [await call("POST", "/places", key, { body, headers }), await call("POST", "/places", key, { body, headers })];
  assert.equal(again.text, one.text);
  assert.equal(await rowsOf("places", "place_group_id", placeGroupId), 1);
  const narrow = await rootKeyOf(placeGroupId, { placeIds: [one.body.placeId] });
  assert.equal(refusal(await call("POST", "/places", narrow.key, { body })), "403 not_permitted");
  const zone = await call("POST", "/places", key, { body: { name: "x", timeZone: "Europe/Atlantis" } });
  assert.equal(refusal(zone), "400 argument_invalid timeZone: must be an IANA time zone such as Europe/Berlin");
  const fill = `insert into places(place_id, place_group_id, name, time_zone, made_at)
    select 9000000 + n, $1, 'filler', 'UTC', 0 from generate_series(1, $2) as n`;
  await world.test.database.execute(fill, [placeGroupId, PLACES_PER_GROUP_MAX - 1]);
  assert.equal(refusal(await call("POST", "/places", key, { body })), "409 conflict");
  assert.equal(await rowsOf("places", "place_group_id", placeGroupId), PLACES_PER_GROUP_MAX);
});

test("a place that moves to another zone takes its doors with it; a new name tells the doors nothing", async () => {
  const { key, keyId } = await rootKeyOf((await madeGroup()).placeGroupId);
  const { placeId } = await madePlace(key);
  const zoneOfDoors = async () => ((await rosterItem(world.test.database, placeId, `place:${placeId}`)) as PlaceItem).timeZone;
  const before = await rosterRevision(world.test.database, placeId);
  const tag = (await call("GET", `/places/${placeId}`, key)).headers.get("etag") ?? "";
  const renamed = await call("PATCH", `/places/${placeId}`, key, { body: { name: "Side Street" }, headers: { "if-match": tag } });
  assert.equal(renamed.body.name, "Side Street");
  assert.equal(await rosterRevision(world.test.database, placeId), before);
  const moved = await call("PATCH", `/places/${placeId}`, key, { body: { timeZone: "Asia/Seoul" } });
  assert.deepEqual(moved.body, { ...renamed.body, timeZone: "Asia/Seoul" });
  assert.equal(await zoneOfDoors(), "Asia/Seoul");
  const stale = await call("PATCH", `/places/${placeId}`, key, { body: { timeZone: "UTC" }, headers: { "if-match": tag } });
  assert.equal(refusal(stale), "412 changed_meanwhile");
  assert.equal((await call("PATCH", `/places/${placeId}`, key, { body: { timeZone: "Mars/Olympus" } })).status, 400);
  assert.equal(await zoneOfDoors(), "Asia/Seoul");
  // Nothing new: neither an event nor an entry in the audit log.
  assert.equal((await call("PATCH", `/places/${placeId}`, key, { body: { name: "Side Street" } })).status, 200);
  const modified = eventCode("PLACE_MODIFY");
  assert.deepEqual((await eventsOf(placeId)).slice(1), [
    { type: modified, detail: { changed: "name" } },
    { type: modified, detail: { changed: "timeZone" } },
  ]);
  const entry = { key_id: keyId, source: "API_TOKEN", action: "place.change", place_id: placeId };
  assert.deepEqual((await auditOf("place", placeId)).slice(1), [
    { ...entry, detail: { changed: ["name"] } },
    { ...entry, detail: { changed: ["timeZone"] } },
  ]);
});

test("a place with doors, controllers or people is not deleted; an empty one is, with all but its ledger", async () => {
  const full = await world.rootKey();
  const refused = await call("DELETE", "/places/501", full.key);
  assert.equal(refusal(refused), "409 conflict placeId: still has 2 doors, 1 controller");
  assert.equal(await rowsOf("roster_heads", "place_id", 501), 1);

  const { key } = await rootKeyOf((await madeGroup()).placeGroupId);
  const { placeId } = await madePlace(key);
  const { database } = world.test;
  await database.execute("insert into schedules(schedule_id, place_id, name, schedule) values ($1, $2, 's', '{}')", [placeId, placeId]);
  await database.execute("insert into access_groups values ($1, $1, 'g', '[]')", [placeId]);
  const person = { user: { key: "p-1", name: "Pat" }, auth: { startTime: 1_000, endTime: 2_000, doorAccessType: "ALL_DOOR" } };
  const auth = { ...person.auth, scheduleType: "ALWAYS", activeStatus: "ACTIVE", credentials: {} };
  const enrolled = await http.call("POST", `/v1/places/${placeId}/auths`, { key, body: JSON.stringify({ ...person, auth }) });
  assert.equal(enrolled.status, 200, enrolled.text);
  assert.equal(refusal(await call("DELETE", `/places/${placeId}`, key)), "409 conflict placeId: still has 1 person");
  assert.equal((await http.call("DELETE", `/v1/auths/${enrolled.body.data.authId}`, { key })).status, 200);

  assert.equal((await call("DELETE", `/places/${placeId}`, key)).status, 204);
  world.time.nowMs += 500;
  assert.equal(refusal(await call("GET", `/places/${placeId}`, key)), "404 not_found placeId: names no place within reach");
  assert.equal((await call("DELETE", `/places/${placeId}`, key)).status, 404);
  for (const table of ["roster_heads", "roster_items", "roster_sums", "roster_deltas", "schedules", "access_groups", "auths"])
    assert.equal(await rowsOf(table, "place_id", placeId), 0, table);
  assert.equal(await rowsOf("events", "place_id", placeId), 1);
});

test("a place that is not empty is refused without touching its roster, however large and busy that is", async () => {
  const { key } = await world.rootKey();
  const { database } = world.test;
  await database.execute("insert into roster_sums(place_id, scope, bucket, sum) values (501, 999999, 0, 0)");
  // Whoever touches a row that is locked waits for it, and is answered with our own fault in the end.
  const refused = await database.transaction(async (tx) => {
    await tx.query("select from roster_sums where place_id = 501 for update");
    return call("DELETE", "/places/501", key);
  });
  assert.equal(refusal(refused), "409 conflict placeId: still has 2 doors, 1 controller");
});

test("what still believes in a deleted place is told that it is gone, and changes nothing", async () => {
  const { key } = await rootKeyOf((await madeGroup()).placeGroupId);
  const { placeId } = await madePlace(key);
  // The place is remembered for half a second by whoever was let in.
  assert.equal((await call("GET", `/places/${placeId}`, key)).status, 200);
  assert.equal((await call("DELETE", `/places/${placeId}`, key)).status, 204);
  assert.equal((await call("PATCH", `/places/${placeId}`, key, { body: { name: "ghost" } })).status, 404);
  assert.equal((await call("DELETE", `/places/${placeId}`, key)).status, 404);
});

test("a customer with places stays; without any it goes, and its keys and people with it", async () => {
  const { placeGroupId } = await madeGroup();
  const { key } = await rootKeyOf(placeGroupId);
  const { placeId } = await madePlace(key);
  assert.equal(refusal(await call("DELETE", `/place-groups/${placeGroupId}`, OPERATOR)), "409 conflict placeGroupId: still has 1 place");
  const { database } = world.test;
  await database.execute("insert into users values ($1, $1, 'left', 0)", [placeGroupId]);
  await database.execute("insert into person_keys values ($1, '\\x00', 0)", [placeGroupId]);
  assert.equal((await call("DELETE", `/places/${placeId}`, key)).status, 204);
  assert.equal((await call("DELETE", `/place-groups/${placeGroupId}`, OPERATOR)).status, 204);
  assert.equal(refusal(await call("GET", "/places", key)), "401 key_refused");
  assert.equal((await call("GET", `/place-groups/${placeGroupId}`, OPERATOR)).status, 404);
  assert.equal((await call("DELETE", `/place-groups/${placeGroupId}`, OPERATOR)).status, 404);
  assert.equal(await rowsOf("person_keys", "user_id", placeGroupId), 0);
  assert.equal(await rowsOf("api_keys", "place_group_id", placeGroupId), 0);
});

test("another access type of a customer reaches the doors of all its places in the same commit", async () => {
  const { placeId, placeGroupId, doorIds } = world.place;
  const { database } = world.test;
  const rules = { autoFields: [], manualFields: [], statusCodes: [200], result: null, successMessage: null, failureMessage: null };
  await database.query(
    `insert into vendor_apis(vendor_api_id, place_group_id, credential, name, url, header_names, headers_sealed, rules, secret_sealed, made_at)
     values (1, $1, 'qr', 'CRM', 'https://example.com/', '{}', '', $2, '', 0)`,
    [placeGroupId, JSON.stringify(rules)],
  );
  await database.query("insert into vendor_mappings(place_group_id, credential, vendor_api_id) values ($1, 'qr', 1)", [placeGroupId]);
  const before = await rosterRevision(database, placeId);
  const answer = await call("PATCH", `/place-groups/${placeGroupId}`, OPERATOR, { body: { accessType: "MIXED" } });
  assert.deepEqual([answer.status, answer.body.accessType], [200, "MIXED"], answer.text);
  const door = (await rosterItem(database, placeId, `door:${doorIds[0]}`)) as DoorItem;
  assert.deepEqual(door.confirmations, [{ credential: "qr", identifies: false }]);
  assert.equal(await rosterRevision(database, placeId), before + doorIds.length);
  const last = (await auditOf("place_group", placeGroupId)).at(-1) as { detail: unknown };
  assert.deepEqual(last.detail, { changed: ["accessType"] });
  const wrong = await call("PATCH", `/place-groups/${placeGroupId}`, OPERATOR, { body: { accessType: "OPEN" } });
  assert.equal(refusal(wrong), "400 argument_invalid accessType: must be NONE or VENDOR or MEMBERSHIP or MIXED");
});

test("a customer is renamed on the version that was read", async () => {
  const { placeGroupId } = await madeGroup("Old name");
  const path = `/place-groups/${placeGroupId}`;
  const tag = (await call("GET", path, OPERATOR)).headers.get("etag") ?? "";
  const headers = { "if-match": tag };
  assert.equal((await call("PATCH", path, OPERATOR, { body: { name: "New name" }, headers })).body.name, "New name");
  assert.equal(refusal(await call("PATCH", path, OPERATOR, { body: { name: "Third" }, headers })), "412 changed_meanwhile");
  assert.equal((await call("GET", path, OPERATOR)).body.name, "New name");
  assert.equal((await auditOf("place_group", placeGroupId)).length, 2);
});
