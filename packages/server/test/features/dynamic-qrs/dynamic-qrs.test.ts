import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { ClueDynamicQr, DynamicQr } from "@postern/contract";
import { addSums, hashToSum, itemHash, itemScopes, type RosterItem } from "@postern/core";
import { DYNAMIC_QRS_PER_PERSON_MAX, RETIRED_AFTER_MS } from "../../../src/features/dynamic-qrs/limits.ts";
import { Phones } from "../../../src/features/dynamic-qrs/phones.ts";
import { retireEndedQrs } from "../../../src/features/dynamic-qrs/retire.ts";
import {
  type Answer,
  type Call,
  DEMO_GROUP_ID,
  type FeatureServer,
  PLACE_ID,
  SECOND_PLACE_ID,
  startFeatureServer,
} from "../support/feature-server.ts";
import { problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
let phones: Phones;
before(async () => {
  server = await startFeatureServer();
  phones = new Phones({
    database: server.test.database,
    clock: { nowMs: () => server.nowMs, monotonicMs: () => 0 },
    random: NO_RANDOM,
    publicUrl: null,
  });
});
after(() => server[Symbol.asyncDispose]());

const NO_RANDOM = { int: () => 0, bytes: (length: number) => new Uint8Array(length) };
const DAY_MS = 86_400_000;

function phoneKey(): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

function create(body: object = {}, call: Omit<Call, "body"> = {}): Promise<Answer> {
  const whole = { placeGroupId: DEMO_GROUP_ID, uniqueKey: "guest.1", validFrom: server.nowMs, validTo: server.nowMs + DAY_MS, ...body };
  return server.call("POST", "/v1/dynamic-qrs", { ...call, body: whole });
}

async function made(body: object = {}): Promise<ClueDynamicQr> {
  const answer = await create(body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return (answer.body as { data: ClueDynamicQr }).data;
}

async function native(dynamicQrId: string): Promise<DynamicQr> {
  return (await server.call("GET", `/v2/dynamic-qrs/${dynamicQrId}`)).body as DynamicQr;
}

async function itemKeyOf(dynamicQrId: string): Promise<string> {
  const [row] = await server.test.database.query<{ qr_id: number }>("select qr_id from dynamic_qrs where qid = $1", [dynamicQrId]);
  return `qr:${row?.qr_id}`;
}

test("a dynamic QR is answered as CLUe documents it, on every prefix, with a link to this server", async () => {
  const first = await made({ uniqueKey: "Guest_1@hotel" });
  assert.deepEqual(first, {
    dynamicQrId: first.dynamicQrId,
    uniqueKey: "Guest_1@hotel",
    placeGroupId: DEMO_GROUP_ID,
    validFrom: server.nowMs,
    validTo: server.nowMs + DAY_MS,
    dynamicQrUrl: `http://localhost:80/dynamic?qid=${first.dynamicQrId}`,
  });
  const one = await server.call("GET", `/api/v1/be/dynamic-qrs/${first.dynamicQrId}`);
  assert.deepEqual(one.body, { code: 200, status: true, message: "OK", data: first });
  const second = await made({ uniqueKey: "Guest_1@hotel", validTo: server.nowMs + 2 * DAY_MS });
  const list = await server.call("GET", "/v1/dynamic-qrs?uniqueKey=Guest_1%40hotel&page=0&size=1&sort=createdAt,asc");
  assert.deepEqual(list.body, { code: 200, status: true, message: "OK", total: 2, data: [first] });
  const next = await server.call("GET", "/v1/dynamic-qrs?uniqueKey=Guest_1%40hotel&page=1&size=1&sort=createdAt,asc");
  assert.deepEqual((next.body as { data: unknown }).data, [second]);
  assert.deepEqual((await server.call("DELETE", `/v1/dynamic-qrs/${first.dynamicQrId}`)).body, { code: 200, status: true, message: "OK" });
  assert.equal((await server.call("GET", `/v1/dynamic-qrs/${first.dynamicQrId}`)).status, 400);
  const gone = await server.call("DELETE", `/v1/dynamic-qrs?placeGroupId=${DEMO_GROUP_ID}&uniqueKey=Guest_1%40hotel`);
  assert.deepEqual(gone.body, { code: 200, status: true, message: "OK" });
  assert.equal((await server.call("GET", `/v1/dynamic-qrs/${second.dynamicQrId}`)).status, 400);
});

test("a period that begins too long ago, is too long, or is none is refused by its field, and nobody else's group is taken", async () => {
  const now = server.nowMs;
  const fields = async (body: object): Promise<unknown> => {
    const { status, body: answer } = await create(body);
    assert.equal(status, 400);
    const [error] = (answer as { errors: { code: string; details: { field: string }[] }[] }).errors;
    return [error?.code, ...(error?.details ?? []).map(({ field }) => field)];
  };
  assert.deepEqual(await fields({ validFrom: now - 90 * DAY_MS - 1 }), ["e1005", "validFrom"]);
  assert.deepEqual(await fields({ validFrom: now, validTo: now + 90 * DAY_MS + 1 }), ["e1005", "validTo"]);
  assert.deepEqual(await fields({ validFrom: now, validTo: now }), ["e1005", "validTo"]);
  assert.deepEqual(await fields({ uniqueKey: "a b", validFrom: undefined }), ["e1005", "uniqueKey", "validFrom"]);
  assert.deepEqual(await fields({ placeGroupId: server.foreign.placeGroupId }), ["e1007", "placeGroupId"]);
  await made({ validFrom: now - 90 * DAY_MS, validTo: now, uniqueKey: "at-the-edges" });
  await made({ validFrom: now, validTo: now + 90 * DAY_MS, uniqueKey: "at-the-edges" });
  assert.equal((await create({}, { key: "demo" })).status, 400, "a key of one place alone");
  const missing = await server.call("DELETE", `/v1/dynamic-qrs?placeGroupId=${DEMO_GROUP_ID}`);
  assert.equal(missing.status, 400, "nobody's are taken away by a name left out");
});

test("the same request again with its Idempotency-Key makes one QR", async () => {
  const body = { userKey: "once", validFrom: server.nowMs, validTo: server.nowMs + 1_000 };
  const ask = () => server.call("POST", "/v2/dynamic-qrs", { body, headers: { "idempotency-key": "visit-1" } });
  const [first, second] = [await ask(), await ask()];
  assert.equal(first.status, 201);
  assert.deepEqual(second.body, first.body);
});

test("a QR reaches every place of its group once a phone is bound to it, and not before", async () => {
  const { dynamicQrId, validFrom, validTo } = await made({ uniqueKey: "binder" });
  const key = await itemKeyOf(dynamicQrId);
  const before = await rosterRevision(server.test.database, PLACE_ID);
  assert.equal(await rosterItem(server.test.database, PLACE_ID, key), undefined);
  const publicKey = phoneKey();
  const bound = await phones.bind("a phone", dynamicQrId, publicKey);
  assert.match(bound.boundTo ?? "", /^[0-9a-f]{64}$/);
  const { userId } = await native(dynamicQrId);
  const expected = { kind: "qr", id: Number(key.slice(3)), qid: dynamicQrId, publicKey, fromMs: validFrom, toMs: validTo, userId };
  for (const placeId of [PLACE_ID, SECOND_PLACE_ID]) assert.deepEqual(await rosterItem(server.test.database, placeId, key), expected);
  assert.equal(await rosterItem(server.test.database, server.foreign.placeId, key), undefined);
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), before + 1);
  // Also a place that is made afterwards.
  const place = await server.call("POST", "/v2/places", { body: { name: "Later", timeZone: "Asia/Seoul" } });
  assert.deepEqual(await rosterItem(server.test.database, (place.body as { placeId: number }).placeId, key), expected);
});

test("the first phone stays: the same again is as before, another one is refused", async () => {
  const { dynamicQrId } = await made({ uniqueKey: "two-phones" });
  const [mine, other] = [phoneKey(), phoneKey()];
  assert.equal((await phones.look("a phone", dynamicQrId)).boundTo, null);
  const both = await Promise.allSettled([phones.bind("one", dynamicQrId, mine), phones.bind("other", dynamicQrId, other)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const { boundTo } = await phones.look("a phone", dynamicQrId);
  const winner = both[0]?.status === "fulfilled" ? mine : other;
  assert.equal((await phones.bind("again", dynamicQrId, winner)).boundTo, boundTo);
  await assert.rejects(phones.bind("other", dynamicQrId, winner === mine ? other : mine), { code: "conflict" });
});

test("only a public key of P-256, written one way, is bound, and nothing is bound to what has ended", async () => {
  const { dynamicQrId } = await made({ uniqueKey: "bad-keys" });
  const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "der", type: "spki" });
  const privateKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "der", type: "pkcs8" });
  for (const bad of ["", "AAAA", otherCurve.toString("base64"), privateKey.toString("base64"), `${phoneKey()} `])
    await assert.rejects(phones.bind("a phone", dynamicQrId, bad), { code: "argument_invalid" });
  const ended = await made({ uniqueKey: "bad-keys", validFrom: server.nowMs - 2, validTo: server.nowMs - 1 });
  await assert.rejects(phones.bind("a phone", ended.dynamicQrId, phoneKey()), { code: "conflict" });
  await assert.rejects(phones.bind("a phone", randomUUID(), phoneKey()), { code: "not_found" });
});

test("one that is taken away goes from every place ahead of whatever is new", async () => {
  const [first, second] = [await made({ uniqueKey: "leaver" }), await made({ uniqueKey: "leaver" })];
  const keys = [await itemKeyOf(first.dynamicQrId), await itemKeyOf(second.dynamicQrId)];
  for (const { dynamicQrId } of [first, second]) await phones.bind("a phone", dynamicQrId, phoneKey());
  await server.call("DELETE", `/v1/dynamic-qrs/${first.dynamicQrId}`);
  assert.equal(await rosterItem(server.test.database, SECOND_PLACE_ID, keys[0] ?? ""), null);
  await server.call("DELETE", "/v2/dynamic-qrs?userKey=leaver");
  for (const placeId of [PLACE_ID, SECOND_PLACE_ID]) {
    assert.equal(await rosterItem(server.test.database, placeId, keys[1] ?? ""), null);
    const lanes = await server.test.database.query("select distinct lane from roster_items where place_id = $1 and item_key = any($2)", [
      placeId,
      keys,
    ]);
    assert.deepEqual(lanes, [{ lane: 2 }]);
  }
  await assert.rejects(phones.look("a phone", first.dynamicQrId), { code: "not_found" });
});

test("what is written to all places at once adds up to the digests that one place alone would have", async () => {
  const some: string[] = [];
  for (let count = 0; count < 6; count += 1) {
    const { dynamicQrId } = await made({ uniqueKey: `sum-${count % 2}` });
    await phones.bind("a phone", dynamicQrId, phoneKey());
    some.push(dynamicQrId);
  }
  await server.call("DELETE", `/v1/dynamic-qrs/${some[0]}`);
  await server.call("DELETE", "/v2/dynamic-qrs?userKey=sum-1");
  for (const placeId of [PLACE_ID, SECOND_PLACE_ID]) {
    const items = await server.test.database.query<{ item: RosterItem; bucket: number }>(
      "select item, bucket from roster_items where place_id = $1 and hash is not null",
      [placeId],
    );
    const expected = new Map<string, bigint>();
    for (const { item, bucket } of items)
      for (const scope of itemScopes(item)) {
        const at = `${scope} ${bucket}`;
        expected.set(at, addSums(expected.get(at) ?? 0n, hashToSum(itemHash(item))));
      }
    const sums = await server.test.database.query<{ at: string; sum: string }>(
      "select scope || ' ' || bucket as at, sum::text as sum from roster_sums where place_id = $1 and sum <> 0",
      [placeId],
    );
    assert.deepEqual(new Map(sums.map(({ at, sum }) => [at, BigInt(sum)])), expected);
    const [total] = await server.test.database.query<{ ofDeltas: string; ofSums: string }>(
      `select (select mod(sum(delta), 2::numeric ^ 128)::text from roster_deltas where place_id = $1 and scope = 0) as "ofDeltas",
        (select mod(sum(sum), 2::numeric ^ 128)::text from roster_sums where place_id = $1 and scope = 0) as "ofSums"`,
      [placeId],
    );
    assert.equal(total?.ofDeltas, total?.ofSums);
  }
});

test("whoever is erased leaves no QR at any place", async () => {
  const { dynamicQrId } = await made({ uniqueKey: "to-be-erased" });
  await phones.bind("a phone", dynamicQrId, phoneKey());
  const key = await itemKeyOf(dynamicQrId);
  const { userId } = await native(dynamicQrId);
  const erased = await server.call("DELETE", `/v2/people/${userId}`);
  assert.equal(erased.status, 200, JSON.stringify(erased.body));
  for (const placeId of [PLACE_ID, SECOND_PLACE_ID]) assert.equal(await rosterItem(server.test.database, placeId, key), null);
  await assert.rejects(phones.look("a phone", dynamicQrId), { code: "not_found" });
});

test("one that has ended leaves the doors an hour later, while its page still says when it ended", async () => {
  const { dynamicQrId, validTo } = await made({ uniqueKey: "ender", validTo: server.nowMs + 1_000 });
  await phones.bind("a phone", dynamicQrId, phoneKey());
  const key = await itemKeyOf(dynamicQrId);
  const clock = { nowMs: () => server.nowMs, monotonicMs: () => 0 };
  const nowMs = server.nowMs;
  try {
    server.nowMs = validTo + RETIRED_AFTER_MS;
    await retireEndedQrs({ database: server.test.database, clock });
    assert.notEqual(await rosterItem(server.test.database, PLACE_ID, key), null);
    server.nowMs += 1;
    await retireEndedQrs({ database: server.test.database, clock });
    for (const placeId of [PLACE_ID, SECOND_PLACE_ID]) assert.equal(await rosterItem(server.test.database, placeId, key), null);
    assert.equal((await phones.look("a phone", dynamicQrId)).validTo, validTo);
  } finally {
    server.nowMs = nowMs;
  }
});

test("nobody has more of them than a person needs", async () => {
  await server.test.database.execute(`insert into users(user_id, place_group_id, key, made_at) values (77, $1, 'greedy', 0)`, [
    DEMO_GROUP_ID,
  ]);
  await server.test.database.execute(
    `insert into dynamic_qrs(qr_id, qid, place_group_id, user_id, valid_from, valid_to, made_at)
      select nextval('dynamic_qr_ids'), gen_random_uuid(), $1, 77, 0, 1, 0 from generate_series(1, $2)`,
    [DEMO_GROUP_ID, DYNAMIC_QRS_PER_PERSON_MAX - 1],
  );
  await made({ uniqueKey: "greedy" });
  const refused = await server.call("POST", "/v2/dynamic-qrs", {
    body: { userKey: "greedy", validFrom: server.nowMs, validTo: server.nowMs + 1 },
  });
  assert.equal(problemOf(refused), "409 conflict");
});

test("who did what with them stands in the audit log, and the secret of a link does not", async () => {
  const { dynamicQrId } = await made({ uniqueKey: "audited" });
  await phones.bind("a phone", dynamicQrId, phoneKey());
  const qrId = Number((await itemKeyOf(dynamicQrId)).slice(3));
  await server.call("DELETE", `/v2/dynamic-qrs/${dynamicQrId}`);
  const rows = await server.test.database.query<{ action: string; key_id: string | null }>(
    "select action, key_id, source from audit where target_kind = 'dynamic_qr' and target_id = $1 order by audit_id",
    [String(qrId)],
  );
  assert.deepEqual(rows, [
    { action: "dynamic_qr.create", key_id: "all", source: "API_TOKEN" },
    { action: "dynamic_qr.bind", key_id: null, source: "SYSTEM" },
    { action: "dynamic_qr.delete", key_id: "all", source: "API_TOKEN" },
  ]);
  const [told] = await server.test.database.query<{ count: number }>("select count(*) as count from audit where audit::text like $1", [
    `%${dynamicQrId}%`,
  ]);
  assert.equal(told?.count, 0);
});
