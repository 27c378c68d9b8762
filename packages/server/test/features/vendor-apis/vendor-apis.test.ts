import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { MadeVendorApi, PlaceVendorMapping, VendorApi, VendorMapping, VendorTest } from "@postern/contract";
import { addSums, bucketOf, type DoorItem, hashToSum, type ItemKey } from "@postern/core";
import { Webhook } from "standardwebhooks";
import { deriveRoster } from "../../../src/roster/derive-roster.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { messageOf, problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";
import { type AskedOfVendor, answerJson, startVendorServer, type VendorServer } from "./vendor-server.ts";

let vendor: VendorServer;
let server: FeatureServer;

before(async () => {
  vendor = await startVendorServer();
  server = await startFeatureServer({}, { outgoing: vendor.outgoing() });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await vendor[Symbol.asyncDispose]();
});
beforeEach(async () => {
  vendor.answer = answerJson({ ok: true, text: "Welcome" });
  vendor.asked.length = 0;
  await server.test.database.execute("delete from vendor_apis");
  await server.test.database.execute("delete from vendor_place_mappings");
  await server.call("PATCH", "/v2/vendor-mapping", { body: { accessType: "NONE" } });
});

const SECRET_HEADER = { name: "X-Api-Key", value: "of-the-customer-alone" };
const SAMPLE = { deviceSerial: "900000001", userKey: "ada", cardNumber: "12345", uniquePin: "471147", qrCode: "Q-1" };

function draft(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: "Members",
    credential: "card",
    url: vendor.url,
    headers: [SECRET_HEADER],
    autoFields: [
      { key: "deviceId", placeholder: "{{DEVICE_SERIAL}}" },
      { key: "rfCard", placeholder: "{{CARD_NUMBER}}" },
    ],
    manualFields: [{ key: "site", type: "NUMBER", value: "7" }],
    result: { key: "$.ok", type: "BOOLEAN", value: "true" },
    successMessage: "$.text",
    ...fields,
  };
}

function ok<Body>({ status, body }: Answer): Body {
  assert.ok(status < 300, JSON.stringify(body));
  return body as Body;
}

async function tested(body: Record<string, unknown>, key = "all"): Promise<VendorTest> {
  return ok<VendorTest>(await server.call("POST", "/v2/vendor-apis/test", { key, body: { ...body, sample: SAMPLE } }));
}

async function made(fields: Readonly<Record<string, unknown>> = {}, key = "all"): Promise<MadeVendorApi> {
  const body = draft(fields);
  const { proof } = await tested(body, key);
  return ok<MadeVendorApi>(await server.call("POST", "/v2/vendor-apis", { key, body: { ...body, proof } }));
}

const FACE = {
  credential: "face",
  autoFields: [{ key: "userKey", placeholder: "{{USER_KEY}}" }],
};

test("a test asks as a door would, tells what was answered and judged, and gives the proof that saving wants", async () => {
  const result = await tested(draft());
  const { durationMs, proof, proofExpiresAt, ...rest } = result;
  assert.deepEqual(rest, {
    ...{ success: true, status: 200, body: '{"ok":true,"text":"Welcome"}', isCut: false, error: null },
    ...{ allowed: true, because: "as_agreed", message: "Welcome" },
  });
  assert.ok(durationMs >= 0 && proofExpiresAt === server.nowMs + 900_000);
  const [asked] = vendor.asked;
  assert.deepEqual([asked?.method, asked?.url, asked?.body], ["POST", "/doors", '{"deviceId":"900000001","rfCard":"12345","site":7}']);
  const headers = asked?.headers ?? {};
  assert.deepEqual(
    [headers["content-type"], headers.accept, headers["x-api-key"]],
    ["application/json", "application/json", SECRET_HEADER.value],
  );
  assert.equal(headers["webhook-signature"], undefined);
  ok(await server.call("POST", "/v2/vendor-apis", { body: { ...draft(), proof } }));
});

test("any JSON is a success, whatever its status; no JSON and no answer are none, and give no proof", async () => {
  vendor.answer = answerJson({ ok: false }, { status: 503 });
  const refused = await tested(draft());
  assert.deepEqual([refused.success, refused.status, refused.allowed, refused.because], [true, 503, false, "result_differs"]);
  assert.notEqual(refused.proof, null);
  vendor.answer = (_asked, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>hello");
  const html = await tested(draft());
  assert.deepEqual([html.success, html.status, html.error, html.body, html.proof], [false, 200, "wrong_type", "<html>hello", null]);
  vendor.answer = answerJson({ text: "x".repeat(30_000) });
  const long = await tested(draft());
  assert.deepEqual([long.success, long.isCut, long.body?.length], [true, true, 16 * 1_024]);
  vendor.answer = (_asked, response) => void response.socket?.destroy();
  const broken = await tested(draft());
  assert.deepEqual([broken.success, broken.status, broken.error, broken.allowed, broken.proof], [false, null, "unreachable", null, null]);
});

test("a sample is asked for where the request has its placeholder", async () => {
  const call = (sample: object) => server.call("POST", "/v2/vendor-apis/test", { body: { ...draft(), sample } });
  assert.equal(problemOf(await call({ deviceSerial: "900000001" })), "400 argument_invalid sample.cardNumber");
  assert.equal(problemOf(await call({ deviceSerial: "12345678" })), "400 argument_invalid sample.deviceSerial");
  assert.equal(vendor.asked.length, 0);
});

test("what was not tested as it is, or not lately, or by another customer, is refused", async () => {
  const { proof } = await tested(draft());
  const create = (body: object, key = "all") => server.call("POST", "/v2/vendor-apis", { key, body });
  for (const other of [
    { url: `${vendor.url}2` },
    { credential: "face", autoFields: [] },
    { headers: [{ ...SECRET_HEADER, value: "another" }] },
    { headers: [] },
    { manualFields: [{ key: "site", type: "STRING", value: "7" }] },
    { statusCodes: [200] },
    { result: { key: "$.ok", type: "STRING", value: "true" } },
    { successMessage: null },
    { failureMessage: "$.text" },
  ])
    assert.equal(problemOf(await create({ ...draft(other), proof })), "400 argument_invalid proof", JSON.stringify(other));
  assert.equal(problemOf(await create({ ...draft(), proof }, "foreign")), "400 argument_invalid proof");
  for (const wrong of ["x", `${proof?.slice(0, 20)}${proof?.[20] === "A" ? "B" : "A"}${proof?.slice(21)}`, "A".repeat(43)])
    assert.equal(problemOf(await create({ ...draft(), proof: wrong })), "400 argument_invalid proof");
  assert.equal(problemOf(await create(draft())), "400 argument_invalid proof");
  server.nowMs += 900_000;
  assert.equal(problemOf(await create({ ...draft(), proof })), "400 argument_invalid proof");
  server.nowMs -= 1;
  ok(await create({ ...draft({ name: "Another name" }), proof }));
});

test("everything wrong with an API is named at its field", async () => {
  const refused = async (fields: object): Promise<string> =>
    problemOf(await server.call("POST", "/v2/vendor-apis/test", { body: { ...draft({ ...fields }), sample: SAMPLE } }));
  const cases: readonly (readonly [object, string])[] = [
    [{ url: "http://members.example/" }, "url"],
    [{ url: "https://10.0.0.1/" }, "url"],
    [{ url: "https://user@members.example/" }, "url"],
    [{ url: `https://members.example/${"x".repeat(490)}` }, "url"],
    [{ name: "x".repeat(65) }, "name"],
    [{ credential: "iris" }, "credential"],
    [{ headers: [SECRET_HEADER, { name: "X-API-KEY", value: "b" }] }, "headers[1].name"],
    [{ headers: [{ name: "Content-Type", value: "text/plain" }] }, "headers[0].name"],
    [{ headers: [{ name: "aCCept", value: "a" }] }, "headers[0].name"],
    [{ headers: [{ name: "Host", value: "a" }] }, "headers[0].name"],
    [{ headers: [{ name: "webhook-signature", value: "a" }] }, "headers[0].name"],
    [{ headers: [{ name: "a b", value: "a" }] }, "headers[0].name"],
    [{ headers: [{ name: "a", value: "a\r\nb: c" }] }, "headers[0].value"],
    [{ headers: Array.from({ length: 11 }, (_, index) => ({ name: `x-${index}`, value: "a" })) }, "headers"],
    [{ autoFields: [{ key: "a", placeholder: "{{USER_KEY}}" }] }, "autoFields[0].placeholder"],
    [{ autoFields: [{ key: "a", placeholder: "{{PLACE}}" }] }, "autoFields[0].placeholder"],
    [{ autoFields: [{ key: "1a", placeholder: "{{CARD_NUMBER}}" }] }, "autoFields[0].key"],
    [{ manualFields: [{ key: "rfCard", type: "STRING", value: "" }] }, "manualFields[0].key"],
    [{ manualFields: [{ key: "a", type: "NUMBER", value: "seven" }] }, "manualFields[0].value"],
    [{ manualFields: [{ key: "a", type: "BOOLEAN", value: "1" }] }, "manualFields[0].value"],
    [{ manualFields: Array.from({ length: 9 }, (_, index) => ({ key: `k${index}`, type: "STRING", value: "" })) }, "manualFields"],
    [{ statusCodes: [200, 200] }, "statusCodes"],
    [{ statusCodes: [99] }, "statusCodes[0]"],
    [{ statusCodes: [400] }, "statusCodes[0]"],
    [{ statusCodes: [200, 201, 202, 204] }, "statusCodes"],
    [{ result: null }, "statusCodes"],
    [{ result: { key: "ok", type: "BOOLEAN", value: "true" } }, "result.key"],
    [{ result: { key: "$.ok", type: "BOOLEAN", value: "yes" } }, "result.value"],
    [{ successMessage: "$.a[*]" }, "successMessage"],
    [{ failureMessage: `$.${"a".repeat(127)}` }, "failureMessage"],
  ];
  for (const [fields, field] of cases) assert.equal(await refused(fields), `400 argument_invalid ${field}`, JSON.stringify(fields));
  assert.equal(vendor.asked.length, 0);
});

test("the values of headers lie sealed in the database and are told to nobody, like the secret after its one answer", async () => {
  const { secret, ...shown } = await made();
  assert.match(secret, /^whsec_/);
  assert.deepEqual(shown.headers, [{ name: "X-Api-Key" }]);
  const read = ok<VendorApi>(await server.call("GET", `/v2/vendor-apis/${shown.vendorApiId}`));
  assert.deepEqual(read, shown);
  const { items } = ok<{ items: VendorApi[] }>(await server.call("GET", "/v2/vendor-apis"));
  assert.deepEqual(items, [shown]);
  const rows = await server.test.database.query(
    "select vendor_apis::text as row, encode(headers_sealed, 'escape') as sealed from vendor_apis",
  );
  const audit = await server.test.database.query("select detail, action from audit where action like 'vendor_api%'");
  for (const text of [JSON.stringify(rows), JSON.stringify(audit), JSON.stringify(shown)])
    assert.ok(!text.includes(SECRET_HEADER.value), text);
  assert.deepEqual(audit.at(-1), { action: "vendor_api.create", detail: { credential: "card", host: new URL(vendor.url).host } });
});

test("three APIs for one type of credential are all there may be, and its type stays as it was", async () => {
  for (let count = 0; count < 3; count += 1) await made({ name: `api ${count}` });
  const body = draft();
  const { proof } = await tested(body);
  const fourth = await server.call("POST", "/v2/vendor-apis", { body: { ...body, proof } });
  assert.equal(problemOf(fourth), "409 conflict");
  const { vendorApiId } = await made(FACE);
  const changed = await server.call("PATCH", `/v2/vendor-apis/${vendorApiId}`, { body: { credential: "card" } });
  assert.equal(problemOf(changed), "400 argument_invalid credential");
});

test("another name is saved as it is, anything else with the proof of a test of what it shall be; a test of an API is signed", async () => {
  const { secret, ...api } = await made();
  const path = `/v2/vendor-apis/${api.vendorApiId}`;
  const change = (body: object, headers = {}) => server.call("PATCH", path, { body, headers });
  assert.equal(ok<VendorApi>(await change({ name: "Guests" })).name, "Guests");
  const other = { result: { key: "$.text", type: "STRING", value: "Welcome" }, failureMessage: "$.text" };
  assert.equal(problemOf(await change(other)), "400 argument_invalid proof");
  vendor.asked.length = 0;
  const { proof } = ok<VendorTest>(await server.call("POST", `${path}/test`, { body: { ...other, sample: SAMPLE } }));
  const [asked] = vendor.asked;
  assert.equal(asked?.headers["x-api-key"], SECRET_HEADER.value, "a header that is not named keeps its value");
  assert.ok(isSigned(secret, asked));
  const saved = ok<VendorApi>(await change({ ...other, proof }));
  assert.deepEqual(saved, { ...api, name: "Guests", ...other });
  assert.equal(problemOf(await change({ url: `${vendor.url}/v2`, proof })), "400 argument_invalid proof");
  const read = await server.call("GET", path);
  assert.equal(problemOf(await change({ name: "Late" }, { "if-match": '"old"' })), "412 changed_meanwhile");
  ok(await change({ name: "In time" }, { "if-match": read.headers["etag"] as string }));
});

test("the value of a header goes to the server that it was written for alone", async () => {
  const { vendorApiId } = await made();
  await using other = await startVendorServer();
  const tryOut = (body: object) => server.call("POST", `/v2/vendor-apis/${vendorApiId}/test`, { body: { ...body, sample: SAMPLE } });
  const elsewhere = { url: "https://members.example/doors" };
  assert.equal(problemOf(await tryOut(elsewhere)), "400 argument_invalid headers");
  assert.equal(problemOf(await tryOut({ ...elsewhere, headers: [{ name: "x-api-key" }] })), "400 argument_invalid headers[0].value");
  assert.equal(problemOf(await tryOut({ headers: [{ name: "x-other" }] })), "400 argument_invalid headers[0].value");
  ok(await tryOut({ url: `${vendor.url}/elsewhere`, headers: [{ name: "x-api-key" }] }));
  assert.equal(vendor.asked.at(-1)?.headers["x-api-key"], SECRET_HEADER.value);
  assert.equal(other.asked.length, 0);
});

test("a new secret signs beside the one before it until that one's time is over", async () => {
  const { vendorApiId, secret: first } = await made();
  const { secret: second, previousSecretUntil } = ok<MadeVendorApi>(
    await server.call("POST", `/v2/vendor-apis/${vendorApiId}/rotate-secret`, { body: { keepPreviousMs: 60_000 } }),
  );
  assert.equal(previousSecretUntil, server.nowMs + 60_000);
  const signedBy = async (): Promise<readonly boolean[]> => {
    vendor.asked.length = 0;
    ok(await server.call("POST", `/v2/vendor-apis/${vendorApiId}/test`, { body: { sample: SAMPLE } }));
    return [first, second].map((secret) => isSigned(secret, vendor.asked[0]));
  };
  assert.deepEqual(await signedBy(), [true, true]);
  server.nowMs += 60_000;
  assert.deepEqual(await signedBy(), [false, true]);
  server.nowMs -= 60_000;
});

/** As the library of a receiver signs it. */
function isSigned(secret: string, asked: AskedOfVendor | undefined): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = asked?.headers ?? {};
  const wanted = new Webhook(secret).sign(String(id), new Date(Number(timestamp) * 1_000), asked?.body ?? "");
  return String(signatures).split(" ").includes(wanted);
}

test("what another server's key has sealed can be renamed by nobody and tested by nobody, but taken away", async () => {
  const { vendorApiId } = await made();
  await server.test.database.execute("update vendor_apis set headers_sealed = '\\x01', secret_sealed = '\\x01'");
  const path = `/v2/vendor-apis/${vendorApiId}`;
  assert.equal(problemOf(await server.call("POST", `${path}/test`, { body: { sample: SAMPLE } })), "409 conflict");
  assert.equal(problemOf(await server.call("PATCH", path, { body: { name: "Guests" } })), "409 conflict");
  ok(await server.call("GET", path));
  ok(await server.call("DELETE", path));
});

async function confirmations(placeId = PLACE_ID): Promise<unknown> {
  const [doorId = 0] = placeId === PLACE_ID ? [234] : server.second.doorIds;
  return ((await rosterItem(server.test.database, placeId, `door:${doorId}`)) as DoorItem).confirmations;
}

const patchGroup = (body: object, rest = {}) => server.call("PATCH", "/v2/vendor-mapping", { body, ...rest });
const patchPlace = (body: object, { placeId = PLACE_ID, key = "all" } = {}) =>
  server.call("PATCH", `/v2/places/${placeId}/vendor-mapping`, { body, key });

test("doors ask about what is mapped while the access type has it so, and their roster follows in the same commit", async () => {
  const [card, face] = [await made(), await made(FACE)];
  const before = await rosterRevision(server.test.database, PLACE_ID);
  ok(await patchGroup({ card: card.vendorApiId, face: face.vendorApiId }));
  assert.deepEqual(await confirmations(), [], "NONE asks nobody, whatever is mapped");
  ok(await patchGroup({ accessType: "VENDOR" }));
  const both = [
    { credential: "card", identifies: true },
    { credential: "face", identifies: false },
  ];
  assert.deepEqual([await confirmations(), await confirmations(SECOND_PLACE_ID)], [both, both]);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), before + 3, "each of its three doors once");
  ok(await patchGroup({ accessType: "VENDOR", card: card.vendorApiId }));
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), before + 3, "the same again costs the doors nothing");
  for (const [accessType, wanted] of [
    ["MEMBERSHIP", []],
    ["MIXED", both],
  ] as const) {
    ok(await patchGroup({ accessType }));
    assert.deepEqual(await confirmations(), wanted, accessType);
    assert.equal(ok<{ accessType: string }>(await server.call("GET", `/v2/places/${PLACE_ID}`)).accessType, accessType);
  }
  const { body } = await server.call("POST", `/v2/places/${PLACE_ID}/doors`, { body: { name: "Newer than the mapping" } });
  const made3 = (await rosterItem(server.test.database, PLACE_ID, `door:${(body as { doorId: number }).doorId}`)) as DoorItem;
  assert.deepEqual(made3.confirmations, both);
});

test("a place chooses among its group's APIs or none, until the group is saved again", async () => {
  const [first, second, face] = [await made(), await made({ name: "Second" }), await made(FACE)];
  ok(await patchGroup({ accessType: "VENDOR", card: first.vendorApiId, face: face.vendorApiId }));
  const own = ok<PlaceVendorMapping>(await patchPlace({ card: second.vendorApiId, face: null }, { key: "demo" }));
  assert.deepEqual(own, {
    ...{
      placeId: PLACE_ID,
      accessType: "VENDOR",
      card: second.vendorApiId,
      face: null,
      fingerprint: null,
      uniquePin: null,
      qr: null,
      customerQr: null,
    },
    chosenHere: ["card", "face"],
    choices: [first, second, face].map(({ vendorApiId, credential, name }) => ({ vendorApiId, credential, name })),
  });
  assert.deepEqual(await confirmations(), [{ credential: "card", identifies: true }]);
  assert.equal(((await confirmations(SECOND_PLACE_ID)) as unknown[]).length, 2, "that place alone");
  ok(await patchGroup({ face: face.vendorApiId }));
  const after = ok<PlaceVendorMapping>(await server.call("GET", `/v2/places/${PLACE_ID}/vendor-mapping`));
  assert.deepEqual([after.card, after.face, after.chosenHere], [second.vendorApiId, face.vendorApiId, ["card"]]);
  assert.equal(((await confirmations()) as unknown[]).length, 2);
  ok(await patchPlace({ card: null }));
  ok(await server.call("DELETE", `/v2/places/${PLACE_ID}/vendor-mapping`));
  assert.equal(((await confirmations()) as unknown[]).length, 2);
});

test("an API that is taken away leaves its type to the doors alone at once, where its place had chosen it too", async () => {
  const [first, second] = [await made(), await made({ name: "Second" })];
  ok(await patchGroup({ accessType: "VENDOR", card: first.vendorApiId }));
  ok(await patchPlace({ card: second.vendorApiId }));
  ok(await server.call("DELETE", `/v2/vendor-apis/${second.vendorApiId}`));
  assert.deepEqual([await confirmations(), ((await confirmations(SECOND_PLACE_ID)) as unknown[]).length], [[], 1]);
  ok(await server.call("DELETE", `/v2/vendor-apis/${first.vendorApiId}`));
  assert.deepEqual([await confirmations(), await confirmations(SECOND_PLACE_ID)], [[], []]);
  assert.equal(ok<VendorMapping>(await server.call("GET", "/v2/vendor-mapping")).card, null);
});

test("an API of another type or another customer cannot be mapped, and a refusal changes nothing", async () => {
  const [card, face] = [await made(), await made(FACE)];
  const foreign = await made({}, "foreign");
  ok(await patchGroup({ accessType: "VENDOR", card: card.vendorApiId }));
  assert.equal(problemOf(await patchGroup({ card: face.vendorApiId, face: face.vendorApiId })), "400 argument_invalid card");
  const others = await patchGroup({ card: foreign.vendorApiId });
  const nobodys = await patchGroup({ card: 987_654_321 });
  assert.equal(problemOf(others), "400 argument_invalid card");
  assert.equal(messageOf(others), messageOf(nobodys));
  assert.equal(problemOf(await patchPlace({ card: foreign.vendorApiId })), "400 argument_invalid card");
  assert.deepEqual(ok<VendorMapping>(await server.call("GET", "/v2/vendor-mapping")).card, card.vendorApiId);
  assert.equal((await server.call("GET", `/v2/vendor-apis/${foreign.vendorApiId}`)).status, 404);
  assert.equal((await server.call("DELETE", `/v2/vendor-apis/${foreign.vendorApiId}`)).status, 404);
});

test("a key of some places chooses for them and sees no API; one without the scope does neither", async () => {
  const { vendorApiId } = await made();
  for (const [method, path] of [
    ["GET", "/v2/vendor-apis"],
    ["GET", "/v2/vendor-mapping"],
  ] as const)
    assert.equal((await server.call(method, path, { key: "demo" })).status, 403, path);
  assert.equal((await server.call("GET", `/v2/vendor-apis/${vendorApiId}`, { key: "demo" })).status, 404);
  ok(await patchPlace({ card: vendorApiId }, { key: "doors:configure" }));
  for (const key of ["people", "webhooks", "keys", "doors:operate"])
    assert.equal((await patchPlace({ card: null }, { key })).status, 403, key);
  assert.equal((await patchPlace({ card: null }, { key: "second" })).status, 404);
});

test("places and doors that are made while a group changes what it asks, ask it too, and nobody waits in a circle", async () => {
  const card = await made();
  const work: Promise<Answer>[] = [];
  for (let count = 0; count < 6; count += 1) {
    work.push(patchGroup({ accessType: count % 2 === 0 ? "VENDOR" : "NONE", card: card.vendorApiId }));
    work.push(patchPlace({ card: count % 3 === 0 ? null : card.vendorApiId }));
    work.push(server.call("POST", `/v2/places/${PLACE_ID}/doors`, { body: { name: `door ${count}` } }));
    work.push(server.call("POST", "/v2/places", { body: { name: `place ${count}`, timeZone: "UTC" } }));
    const auth = { activeStatus: "ACTIVE", startTime: 1, endTime: 2, doorAccessType: "ALL_DOOR", scheduleType: "ALWAYS", credentials: {} };
    work.push(server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: { user: { key: `person-${count}` }, auth } }));
  }
  for (const answer of await Promise.all(work)) ok(answer);
  assert.deepEqual(server.repeatedFor, [], "no transaction was a deadlock's victim");
  ok(await patchGroup({ accessType: "VENDOR", card: card.vendorApiId }));
  const doors = await server.test.database.query<{ item: DoorItem }>(
    "select item from roster_items where item_key like 'door:%' and place_id in (select place_id from places where place_group_id = 100)",
  );
  assert.ok(doors.length > 8);
  for (const { item } of doors) assert.deepEqual(item.confirmations, [{ credential: "card", identifies: true }], String(item.id));
});

test("what many places' doors are written with at once adds up to what each of them holds", async () => {
  const card = await made();
  ok(await patchGroup({ accessType: "VENDOR", card: card.vendorApiId }));
  ok(await patchGroup({ card: null }));
  const { database } = server.test;
  const rows = await database.query<{ place_id: number; item_key: ItemKey; scopes: number[]; hash: string; revision: number }>(
    "select place_id, item_key, scopes, hash, revision from roster_items where hash is not null",
  );
  const wanted = new Map<string, bigint>();
  for (const { place_id, item_key, scopes, hash } of rows)
    for (const scope of scopes) {
      const key = `${place_id} ${scope} ${bucketOf(item_key)}`;
      wanted.set(key, addSums(wanted.get(key) ?? 0n, hashToSum(hash)));
    }
  const sums = await database.query<{ key: string; sum: string }>(
    "select concat_ws(' ', place_id, scope, bucket) as key, sum::text from roster_sums where sum <> 0",
  );
  assert.deepEqual(new Map(sums.map(({ key, sum }) => [key, BigInt(sum)])), wanted);
  const heads = await database.query<{ place_id: number; revision: number }>(
    "select place_id, revision from roster_heads join places using (place_id) where place_group_id = 100",
  );
  for (const { place_id: placeId, revision } of heads) {
    const ofPlace = rows.filter((row) => row.place_id === placeId);
    assert.ok(ofPlace.every((row) => row.revision <= revision));
    await database.transaction((tx) => deriveRoster(tx, placeId, { touched: { doors: "all" }, nowMs: server.nowMs }));
    assert.equal(await rosterRevision(database, placeId), revision, "each door alone is written as all of them together were");
  }
  const [summed] = await database.query<{ isSame: boolean }>(
    `select bool_and(total = expected) as "isSame" from (
       select place_id, scope, mod(sum(sum), ${2n ** 128n}) as expected,
         (select mod(mod(sum(delta), ${2n ** 128n}) + ${2n ** 128n}, ${2n ** 128n}) from roster_deltas
          where roster_deltas.place_id = roster_sums.place_id and roster_deltas.scope = roster_sums.scope) as total
       from roster_sums where place_id = $1 and scope <> 0 group by place_id, scope) sums`,
    [PLACE_ID],
  );
  assert.equal(summed?.isSame, true, "the history of the digest leads to it");
});
