import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const DAY_MS = 86_400_000;

interface Data {
  readonly authId: number;
}

function post(body: unknown, idempotencyKey: string, { placeId = PLACE_ID, key = "all", prefix = "/v1" } = {}): Promise<Answer> {
  return server.call("POST", `${prefix}/places/${placeId}/auths`, { key, body, headers: { "idempotency-key": idempotencyKey } });
}

test("the same key and body answer the same auth, under whatever prefix", async () => {
  const first = dataOf<Data>(await post(bodyOf("same"), "same"));
  const counts = await databaseCounts(server.test.database);
  assert.deepEqual(dataOf<Data>(await post(bodyOf("same"), "same", { prefix: "/api/v1/be" })), first);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("the same key with another body is refused for a day, and as good as new afterwards", async () => {
  dataOf(await post(bodyOf("day-1"), "day"));
  const counts = await databaseCounts(server.test.database);
  server.nowMs += DAY_MS - 1;
  assert.equal(refusedFor(await post(bodyOf("day-2"), "day")), "e1006 Idempotency-Key");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  server.nowMs += 1;
  const second = dataOf<Data>(await post(bodyOf("day-2"), "day"));
  assert.deepEqual(dataOf<Data>(await post(bodyOf("day-2"), "day")), second);
});

test("a key belongs to one API key and one place", async () => {
  const first = dataOf<Data>(await post(bodyOf("own-1"), "own"));
  const others = [await post(bodyOf("own-2"), "own", { key: "other" }), await post(bodyOf("own-3"), "own", { placeId: SECOND_PLACE_ID })];
  for (const answer of others) assert.notEqual(dataOf<Data>(answer).authId, first.authId);
});

test("a refused request is not remembered", async () => {
  const cards = { credentials: { cards: [csn("123777")] } };
  const { authId } = dataOf<Data>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf("holder", cards) }));
  assert.equal(refusedFor(await post(bodyOf("refused", cards), "refused")), "e1006 auth.credentials.cards[0]");
  dataOf(await server.call("DELETE", `/v1/places/auths/${authId}`));
  dataOf(await post(bodyOf("another", cards), "refused"));
});

test("a key that finds an auth made without it remembers that auth", async () => {
  const { authId } = dataOf<Data>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf("late") }));
  assert.equal(dataOf<Data>(await post(bodyOf("late"), "late")).authId, authId);
  assert.equal(refusedFor(await post(bodyOf("later"), "late")), "e1006 Idempotency-Key");
});

test("repeating a request does not undo the deletion of what it made", async () => {
  const { authId } = dataOf<Data>(await post(bodyOf("undone"), "undone"));
  dataOf(await server.call("DELETE", `/v1/places/auths/${authId}`));
  const counts = await databaseCounts(server.test.database);
  assert.equal(refusedFor(await post(bodyOf("undone"), "undone")), "e1006 Idempotency-Key");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  assert.notEqual(dataOf<Data>(await post(bodyOf("undone"), "undone again")).authId, authId);
});

test("a key too long or with doubtful characters is refused, an empty one is none", async () => {
  for (const text of ["k".repeat(256), "caf\u00e9", "tab\there"]) {
    assert.equal(refusedFor(await post(bodyOf("lengths"), text)), "e1005 Idempotency-Key", JSON.stringify(text));
  }
  dataOf(await post(bodyOf("lengths"), "k".repeat(255)));
  dataOf(await post(bodyOf("empty-1"), ""));
  dataOf(await post(bodyOf("empty-2"), ""));
});

test("keys whose day is over go away while new ones come", async () => {
  for (let index = 0; index < 6; index += 1) dataOf(await post(bodyOf(`old-${index}`), `old-${index}`));
  server.nowMs += DAY_MS;
  for (let index = 0; index < 12; index += 1) dataOf(await post(bodyOf(`new-${index}`), `new-${index}`));
  const rows = await server.test.database.query("select 1 from idempotency_keys where made_at <= $1", [server.nowMs - DAY_MS]);
  assert.equal(rows.length, 0);
});
