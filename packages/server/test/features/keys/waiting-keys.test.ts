import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HttpWorld } from "../../http/http-world.ts";
import { eventually } from "../../support/index.ts";
import { writeEvents } from "../support/ledger-writer.ts";
import { createKeysWorld, type KeysWorld } from "./keys-world.ts";

let world: KeysWorld;
let http: HttpWorld;
before(async () => {
  world = await createKeysWorld();
  http = await world.serve();
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** The answer of a follow that has begun to wait. The world's clock stands still: nothing but the end of its key, or an event, ends it. */
async function waitingUnder({
  keyId,
  key,
}: {
  readonly keyId: string;
  readonly key: string;
}): Promise<{ readonly answer: Promise<string> }> {
  const call = http.call("GET", "/v2/places/501/events?after=now&wait=30", { key });
  const answer = call.then(({ status, body }) => (status === 200 ? `200 with ${body.events.length}` : `${status} ${body.code}`));
  await eventually("the waiting", () => world.waitingKeys.keyIds().includes(keyId));
  return { answer };
}

test("what waits under a revoked key ends with it, under its descent too, and nobody else's does", async () => {
  const root = await world.rootKey();
  const minted = await http.call("POST", "/v2/keys", { key: root.key, body: JSON.stringify({ name: "child", scopes: ["events"] }) });
  const beside = await world.rootKey();
  const [own, child, other] = [await waitingUnder(root), await waitingUnder(minted.body), await waitingUnder(beside)];
  const answer = await http.call("DELETE", `/v2/keys/${root.keyId}`, { key: root.key });
  assert.equal(answer.status, 204, "a key that revokes itself is told that it did");
  assert.deepEqual(await Promise.all([own.answer, child.answer]), ["401 key_refused", "401 key_refused"]);
  assert.deepEqual(world.waitingKeys.keyIds(), [beside.keyId]);
  await writeEvents(world.test.database, 501, [{ eventAt: 5_000, eventType: "DEV_DEVICE_START" }]);
  assert.equal(await other.answer, "200 with 1");
  assert.deepEqual(world.waitingKeys.keyIds(), []);
});

test("a key that another process revoked, deleted or let run out ends what waits under it, without any word of it", async () => {
  const [revoked, deleted, expiring, living] = [
    await world.rootKey(),
    await world.rootKey(),
    await world.rootKey({ expiresAtMs: world.time.nowMs + 10_000 }),
    await world.rootKey(),
  ];
  const waiting = [];
  for (const each of [revoked, deleted, expiring, living]) waiting.push(await waitingUnder(each));
  const [one, two, three, four] = waiting;
  await world.keys.endWaiting();
  assert.equal(world.waitingKeys.keyIds().length, 4);
  await world.test.database.execute("update api_keys set revoked_at = 1 where key_id = $1", [revoked.keyId]);
  await world.test.database.execute("delete from api_keys where key_id = $1", [deleted.keyId]);
  await world.keys.endWaiting();
  assert.deepEqual(await Promise.all([one?.answer, two?.answer]), ["401 key_refused", "401 key_refused"]);
  world.time.nowMs += 10_000;
  await world.keys.endWaiting();
  assert.equal(await three?.answer, "401 key_refused");
  assert.deepEqual(world.waitingKeys.keyIds(), [living.keyId]);
  world.time.nowMs += 30_000;
  assert.equal(await four?.answer, "200 with 0");
});

test("every minting and revocation has a row in the audit log, with who did it and never the key", async () => {
  const root = await world.rootKey();
  const { body } = await http.call("POST", "/v2/keys", { key: root.key, body: JSON.stringify({ name: "child", scopes: ["events"] }) });
  for (let count = 0; count < 2; count += 1) await http.call("DELETE", `/v2/keys/${body.keyId}`, { key: root.key });
  const rows = await world.test.database.query<{ action: string }>(
    "select action, key_id, source, detail from audit where target_kind = 'key' and target_id = $1 order by audit_id",
    [body.keyId],
  );
  const by = { key_id: root.keyId, source: "API_TOKEN" };
  assert.deepEqual(rows, [
    { action: "key.mint", ...by, detail: { scopes: ["events"] } },
    { action: "key.revoke", ...by, detail: { countRevoked: 1 } },
  ]);
  const log = JSON.stringify(await world.test.database.query("select * from audit"));
  assert.ok(!log.includes(body.key.split(".")[2]));
});
