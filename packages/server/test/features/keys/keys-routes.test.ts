import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LIVE_KEYS_COUNT_MAX } from "../../../src/features/keys/limits.ts";
import { insertCommand } from "../../../src/gateway/command-store.ts";
import { SCOPES } from "../../../src/platform/access/actor.ts";
import type { Answer, HttpWorld } from "../../http/http-world.ts";
import { createKeysWorld, type KeysWorld } from "./keys-world.ts";

const DAY_MS = 86_400_000;

let world: KeysWorld;
let http: HttpWorld;
let root: { keyId: string; key: string };
before(async () => {
  world = await createKeysWorld();
  http = await world.serve();
  root = await world.rootKey({ expiresAtMs: world.time.nowMs + 10 * DAY_MS });
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function mint(body: object, key = root.key): Promise<Answer> {
  return http.call("POST", "/v2/keys", { key, body: JSON.stringify({ name: "minted", scopes: ["people", "keys"], ...body }) });
}

async function minted(body: object = {}, key = root.key): Promise<{ keyId: string; key: string }> {
  const answer = await mint(body, key);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

function statusWith(key: string): Promise<number> {
  return http.call("GET", "/v2/keys", { key }).then((answer) => answer.status);
}

test("a minted key works at once, and its text is told once and never again", async () => {
  const answer = await mint({ name: "Front desk", placeIds: [502, 501], expiresAt: world.time.nowMs + DAY_MS });
  assert.equal(answer.status, 201);
  const { keyId, key, ...rest } = answer.body;
  const placeIds = [501, 502];
  const wanted = {
    placeGroupId: world.place.placeGroupId,
    parentId: root.keyId,
    name: "Front desk",
    scopes: ["people", "keys"],
    placeIds,
    madeAt: world.time.nowMs,
    expiresAt: world.time.nowMs + DAY_MS,
    revokedAt: null,
  };
  assert.deepEqual(rest, wanted);
  assert.deepEqual((await http.call("GET", `/v2/keys/${keyId}`, { key: root.key })).body, { keyId, ...wanted });
  assert.equal(await statusWith(key), 200);
  const list = await http.call("GET", "/v2/keys", { key: root.key });
  assert.deepEqual(
    list.body.items.find((each: { keyId: string }) => each.keyId === keyId),
    { keyId, ...wanted },
  );
  assert.doesNotMatch(list.text, new RegExp(key.split(".")[2]));
  const dump = JSON.stringify(await world.test.database.query("select * from api_keys"));
  assert.ok(!dump.includes(key.split(".")[2]));
});

test("what is not said of a new key follows its parent: places, and an end within a year", async () => {
  const parent = await minted({ placeIds: [501], expiresAt: world.time.nowMs + DAY_MS });
  const child = (await mint({}, parent.key)).body;
  assert.deepEqual([child.placeIds, child.expiresAt], [[501], world.time.nowMs + DAY_MS]);
  const old = await world.rootKey({ expiresAtMs: world.time.nowMs + 1_000 * DAY_MS });
  assert.equal((await mint({}, old.key)).body.expiresAt, world.time.nowMs + 365 * DAY_MS);
});

test("a minted key is within its parent's scopes, places and end; what goes beyond is refused by name, and nothing is made", async () => {
  const parent = await minted({ scopes: ["people", "keys"], placeIds: [501], expiresAt: world.time.nowMs + DAY_MS });
  const beyond: [object, string][] = [
    [{ scopes: ["events"] }, "scopes"],
    [{ placeIds: [501, 502] }, "placeIds"],
    [{ placeIds: [503] }, "placeIds"],
    [{ placeIds: [999_999] }, "placeIds"],
    [{ expiresAt: world.time.nowMs + DAY_MS + 1 }, "expiresAt"],
  ];
  const countKeys = async () => (await world.test.database.query("select key_id from api_keys")).length;
  const before = await countKeys();
  for (const [body, field] of beyond) {
    const answer = await mint(body, parent.key);
    assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].field], [403, "not_permitted", field], JSON.stringify(body));
  }
  const groupWide = await minted({});
  assert.equal((await mint({ placeIds: [503] }, groupWide.key)).status, 403);
  assert.equal(await countKeys(), before + 1);
});

test("a place of somebody else and one that does not exist are refused in the same words", async () => {
  const [foreign, missing] = [await mint({ placeIds: [503] }), await mint({ placeIds: [504] })];
  assert.equal(foreign.text.replace("503", "504"), missing.text);
});

test("a body that is not a key's is refused with every field that is wrong", async () => {
  const fieldsOf = async (body: object) => (await mint(body)).body.errors.map((error: { field: string }) => error.field);
  assert.deepEqual(await fieldsOf({ name: "", scopes: ["people", "fly"], placeIds: [0], expiresAt: "soon" }), [
    "name",
    "scopes[1]",
    "placeIds[0]",
    "expiresAt",
  ]);
  assert.deepEqual(await fieldsOf({ name: null, scopes: [] }), ["name", "scopes"]);
  assert.deepEqual(await fieldsOf({ placeIds: [] }), ["placeIds"]);
  assert.deepEqual(await fieldsOf({ name: "a\0b" }), ["name"]);
  assert.deepEqual(await fieldsOf({ expiresAt: world.time.nowMs }), ["expiresAt"]);
});

test("a key without the scope keys may neither mint, list nor revoke", async () => {
  const plain = await minted({ scopes: SCOPES.filter((scope) => scope !== "keys") });
  assert.equal((await mint({ scopes: ["people"] }, plain.key)).status, 403);
  assert.equal(await statusWith(plain.key), 403);
  assert.equal((await http.call("DELETE", `/v2/keys/${plain.keyId}`, { key: plain.key })).status, 403);
});

test("revoking a key ends it and everything below it at once, and nothing above or beside it", async () => {
  const parent = await minted();
  const child = await minted({}, parent.key);
  const grandchild = await minted({}, child.key);
  const sibling = await minted();
  for (const each of [parent, child, grandchild, sibling]) assert.equal(await statusWith(each.key), 200);
  world.revoked.length = 0;
  const answer = await http.call("DELETE", `/v2/keys/${parent.keyId}`, { key: root.key });
  assert.deepEqual([answer.status, answer.text], [204, ""]);
  for (const each of [parent, child, grandchild]) assert.equal(await statusWith(each.key), 401);
  for (const each of [sibling, root]) assert.equal(await statusWith(each.key), 200);
  assert.deepEqual(new Set(world.revoked), new Set([parent.keyId, child.keyId, grandchild.keyId]));
});

test("what a key asked of doors for later is taken back when it is revoked, and nobody else's is", async () => {
  const [parent, sibling] = [await minted(), await minted()];
  const child = await minted({}, parent.key);
  const { placeId, doorIds, controllerId } = world.place;
  const times = { actAtMs: world.time.nowMs + 60_000, notAfterMs: world.time.nowMs + 70_000, madeAtMs: world.time.nowMs };
  const orderOf = (askedBy: string): Promise<number> =>
    insertCommand(world.test.database, { placeId, doorId: doorIds[0] ?? 0, controllerId, command: "ONCE_OPEN", askedBy, ...times });
  const [doomed, kept] = [await orderOf(child.keyId), await orderOf(sibling.keyId)];
  await http.call("DELETE", `/v2/keys/${parent.keyId}`, { key: root.key });
  const rows = await world.test.database.query<{ text: string }>(
    "select concat_ws(' ', state, reason) as text from door_commands where command_id = any($1) order by command_id",
    [[doomed, kept]],
  );
  assert.deepEqual(
    rows.map(({ text }) => text),
    ["cancelled key_revoked", "waiting"],
  );
});

test("revoking again is harmless and keeps the time of the first", async () => {
  const { keyId } = await minted();
  const revoke = () => http.call("DELETE", `/v2/keys/${keyId}`, { key: root.key });
  await revoke();
  const revokedAt = world.time.nowMs;
  world.time.nowMs += 5_000;
  assert.equal((await revoke()).status, 204);
  const [row] = await world.test.database.query<{ revoked_at: number }>("select revoked_at from api_keys where key_id = $1", [keyId]);
  assert.equal(row?.revoked_at, revokedAt);
});

test("a key sees and revokes itself and what is below it, and finds nothing else: not above, not beside, not elsewhere", async () => {
  const mine = await minted();
  const child = await minted({}, mine.key);
  const beside = await minted();
  const elsewhere = await world.rootKey({ placeGroupId: world.foreign.placeGroupId });
  const list = (await http.call("GET", "/v2/keys", { key: mine.key })).body.items.map((each: { keyId: string }) => each.keyId);
  assert.deepEqual(new Set(list), new Set([mine.keyId, child.keyId]));
  const hidden = [root.keyId, beside.keyId, elsewhere.keyId, "AAAAAAAAAAAAAAAA", "%00", "x".repeat(900), "a%20b"];
  for (const keyId of hidden) {
    for (const method of ["GET", "DELETE"]) {
      const answer = await http.call(method, `/v2/keys/${keyId}`, { key: mine.key });
      const isId = /^[\w-]{1,64}$/.test(keyId);
      assert.deepEqual([answer.status, answer.body.code], isId ? [404, "not_found"] : [400, "argument_invalid"], `${method} ${keyId}`);
    }
  }
  for (const each of [root, beside]) assert.equal(await statusWith(each.key), 200);
  assert.equal((await http.call("DELETE", `/v2/keys/${mine.keyId}`, { key: mine.key })).status, 204);
  assert.equal(await statusWith(mine.key), 401);
  assert.equal(await statusWith(child.key), 401);
});

test("a key minted while its parent is being revoked never outlives it", async () => {
  for (let round = 0; round < 10; round += 1) {
    const grandparent = await minted();
    const parent = await minted({}, grandparent.key);
    const mints = Array.from({ length: 4 }, () => mint({}, parent.key));
    const [revoked, ...answers] = await Promise.all([http.call("DELETE", `/v2/keys/${grandparent.keyId}`, { key: root.key }), ...mints]);
    assert.equal(revoked?.status, 204);
    for (const answer of answers) {
      if (answer.status === 201) assert.equal(await statusWith(answer.body.key), 401, `round ${round}`);
      else assert.equal(answer.status, 401);
    }
  }
});

test("the list is walked page by page without loss or repeat", async () => {
  const mine = await minted();
  const made = [mine.keyId];
  for (let count = 0; count < 6; count += 1) made.push((await minted({}, mine.key)).keyId);
  const seen: string[] = [];
  for (let after: string | undefined, page = 0; page === 0 || after !== undefined; page += 1) {
    const answer = await http.call("GET", `/v2/keys?limit=3${after === undefined ? "" : `&after=${after}`}`, { key: mine.key });
    seen.push(...answer.body.items.map((each: { keyId: string }) => each.keyId));
    after = answer.body.next;
    assert.ok(page < 5);
  }
  assert.deepEqual(seen.length, made.length);
  assert.deepEqual(new Set(seen), new Set(made));
  for (const [query, field] of [
    ["limit=0", "limit"],
    ["limit=201", "limit"],
    ["limit=x", "limit"],
    ["after=MDE", "after"],
  ])
    assert.equal((await http.call("GET", `/v2/keys?${query}`, { key: mine.key })).body.errors[0].field, field);
});

test("a group has a bounded number of live keys; revoked and ended ones do not count", async () => {
  const { placeGroupId } = world.foreign;
  const full = await world.rootKey({ placeGroupId });
  await world.test.database.execute(
    `insert into api_keys(key_id, place_group_id, parent_id, name, scopes, made_at, expires_at, revoked_at)
     select 'filler' || n, $1, $2, 'filler', '{}', 0, case when n % 3 = 0 then 1 else $3::bigint end, case when n % 3 = 1 then 1 end from generate_series(1, $4::int) n`,
    [placeGroupId, full.keyId, world.time.nowMs + 2 * DAY_MS, 3 * LIVE_KEYS_COUNT_MAX],
  );
  const answer = await mint({ scopes: ["people"] }, full.key);
  assert.deepEqual([answer.status, answer.body.code], [409, "conflict"]);
  for (const keyId of ["filler2", "filler5", "filler8"]) await http.call("DELETE", `/v2/keys/${keyId}`, { key: full.key });
  assert.equal((await mint({ scopes: ["people"] }, full.key)).status, 201);
});
