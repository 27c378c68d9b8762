import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readAuth } from "../../../src/features/auths/store.ts";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

interface Data {
  readonly authId: number;
  readonly user: { readonly userId: number };
}

async function create(body: unknown, { placeId = PLACE_ID, key = "all" } = {}): Promise<Data> {
  return dataOf<Data>(await server.call("POST", `/v1/places/${placeId}/auths`, { key, body }));
}

test("a deleted auth answers the bare envelope, leaves a tombstone and frees its cards", async () => {
  const card = { credentials: { cards: [csn("10001")] } };
  const { authId } = await create(bodyOf("leaver", card));
  const answer = await server.call("DELETE", `/v1/places/auths/${authId}`);
  assert.deepEqual([answer.status, answer.body], [200, { code: 200, status: true, message: "OK" }]);
  const rows = await server.test.database.query("select item, hash, scopes from roster_items where item_key = $1", [`auth:${authId}`]);
  assert.deepEqual(rows, [{ item: null, hash: null, scopes: [] }]);
  assert.equal(await readAuth(server.test.database, authId), null, "deleted between finding and reading it");
  await create(bodyOf("successor", card));
});

test("after a deletion the same body makes a new auth for the same person", async () => {
  const first = await create(bodyOf("returner"));
  dataOf(await server.call("DELETE", `/v1/auths/${first.authId}`));
  const second = await create(bodyOf("returner"));
  assert.equal(second.user.userId, first.user.userId);
  assert.notEqual(second.authId, first.authId);
});

test("a person's auth at another place outlives the deletion", async () => {
  const here = await create(bodyOf("two-places"));
  const there = await create(bodyOf("two-places"), { placeId: SECOND_PLACE_ID });
  dataOf(await server.call("DELETE", `/v1/places/auths/${here.authId}`));
  assert.deepEqual(dataOf(await server.call("GET", `/v1/auths/${there.authId}`)), there);
});

test("reading an auth answers the data that its creation did", async () => {
  const auth = { doorAccessType: "SPECIFIC", doorIds: [236, 234], scheduleType: "SPECIFIC", scheduleId: 333, activeStatus: "INACTIVE" };
  const data = await create(
    bodyOf("read", {
      auth,
      user: { name: "Kim" },
      credentials: { cards: ["42", { cardNumber: "1-2", formatType: "WIEGAND" }], phone: 8210 },
    }),
  );
  for (const prefix of ["/v1", "/v1/be", "/api/v1"])
    assert.deepEqual(dataOf(await server.call("GET", `${prefix}/auths/${data.authId}`)), data);
});

test("an auth that never was, was deleted or is somebody else's is refused alike, and nothing changes", async () => {
  const foreign = await create(bodyOf("foreign"), { placeId: server.foreign.placeId, key: "foreign" });
  const deleted = await create(bodyOf("deleted"));
  dataOf(await server.call("DELETE", `/v1/auths/${deleted.authId}`));
  const second = await create(bodyOf("second"), { placeId: SECOND_PLACE_ID });
  const counts = await databaseCounts(server.test.database);
  const answers: unknown[] = [];
  for (const [authId, key] of [
    [foreign.authId, "all"],
    [deleted.authId, "all"],
    [987_654, "all"],
    [second.authId, "demo"],
  ] as const) {
    for (const [method, path] of [
      ["GET", "/v1/auths"],
      ["DELETE", "/v1/auths"],
      ["DELETE", "/v1/places/auths"],
    ] as const) {
      const answer = await server.call(method, `${path}/${authId}`, { key });
      assert.equal(refusedFor(answer), "e1007 authId");
      answers.push(answer.body);
    }
  }
  for (const body of answers) assert.deepEqual(body, answers[0]);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("within reach the scope is asked for", async () => {
  const { authId } = await create(bodyOf("scoped"));
  for (const method of ["GET", "DELETE"] as const) {
    assert.equal(refusedFor(await server.call(method, `/v1/auths/${authId}`, { key: "events" })), "e1001");
  }
  dataOf(await server.call("DELETE", `/v1/auths/${authId}`, { key: "people" }));
});

test("an id that is none is refused by name", async () => {
  for (const id of ["abc", "0", "-1", "1.5", "9007199254740993", "1e3", "%00", "null"]) {
    const answer = await server.call("DELETE", `/v1/places/auths/${id}`);
    assert.equal(refusal(answer).code, "e1005", id);
    assert.deepEqual(
      refusal(answer).details.map((detail) => detail.field),
      ["authId"],
      id,
    );
  }
});
