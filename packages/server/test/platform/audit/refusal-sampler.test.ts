import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog } from "@postern/core";
import { REFUSED_CALLS_PER_KEY_MAX, REFUSED_KEYS_MAX } from "../../../src/platform/audit/limits.ts";
import { RefusalSampler } from "../../../src/platform/audit/refusal-sampler.ts";
import { createKeysWorld, type KeysWorld } from "../../features/keys/keys-world.ts";
import type { HttpWorld } from "../../http/http-world.ts";

let world: KeysWorld;
let http: HttpWorld;
let sampler: RefusalSampler;
before(async () => {
  world = await createKeysWorld();
  sampler = samplerOf();
  http = await world.serve({ onRefused: (refused) => sampler.note(refused) });
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function samplerOf(): RefusalSampler {
  return new RefusalSampler({
    database: world.test.database,
    clock: { nowMs: () => world.time.nowMs, monotonicMs: () => 0 },
    log: silentLog,
  });
}

interface Row {
  readonly key_id: string;
  readonly call: string;
  readonly detail: { readonly because: string; readonly count: number };
}

/** What was written since the last time. */
async function written(): Promise<readonly Row[]> {
  const text = "select key_id, target_id as call, detail from audit where action = 'call.refused' and audit_id > $1 order by audit_id";
  const rows = await world.test.database.query<Row>(text, [seen]);
  const [last] = await world.test.database.query<{ id: number }>("select coalesce(max(audit_id), 0) as id from audit");
  seen = last?.id ?? 0;
  return rows;
}
let seen = 0;

test("what a key may not do is written once for all its repeats, with how many there were, and on neither surface before it is time", async () => {
  const { key, keyId } = await world.rootKey({ scopes: ["events"] });
  for (let count = 0; count < 3; count += 1) assert.equal((await http.call("GET", "/v2/places/501/auths", { key })).status, 403);
  assert.equal((await http.call("GET", "/v1/be/places/501/auths", { key })).status, 400);
  assert.equal((await http.call("GET", "/v1/places/501/auths", { key })).status, 400);
  assert.deepEqual(await written(), []);
  await sampler.flush();
  const [native, clue, ...others] = await written();
  assert.deepEqual(native, { key_id: keyId, call: "GET /places/:placeId/auths", detail: { because: "not_permitted", count: 5 } });
  assert.deepEqual([clue, others], [undefined, []]);
});

test("an ended key is named with what was asked of it; a text that is no key of ours is nobody's", async () => {
  const revoked = await world.rootKey({ scopes: ["keys"] });
  await world.revoke(revoked.keyId);
  const expired = await world.rootKey({ expiresAtMs: world.time.nowMs + 1_000 });
  world.time.nowMs += 1_000;
  for (const key of [revoked.key, expired.key, "Bearer a.b.c", "nothing"])
    assert.equal((await http.call("GET", "/v2/keys", { key })).status, 401);
  assert.equal((await http.call("GET", "/v2/keys", { key: null })).status, 401);
  await sampler.flush();
  assert.deepEqual(await written(), [
    { key_id: revoked.keyId, call: "GET /keys", detail: { because: "revoked", count: 1 } },
    { key_id: expired.keyId, call: "GET /keys", detail: { because: "expired", count: 1 } },
  ]);
});

test("what is let in, wrong or hidden is no refusal", async () => {
  const { key } = await world.rootKey();
  for (const path of ["/v2/keys", "/v2/keys?size=0", "/v2/places/777/auths", "/v1/places/777/auths", "/v2/nothing"])
    await http.call("GET", path, { key });
  await sampler.flush();
  assert.deepEqual(await written(), []);
});

test("somebody who tries every path, or has a thousand keys, fills no log", async () => {
  const crowded: RefusalSampler = samplerOf();
  const refuse = (keyId: string, call: string): void => crowded.note({ keyId, placeGroupId: 1, because: "not_permitted", call });
  for (let count = 0; count < 1_000; count += 1) refuse("one", `GET /path-${count}`);
  for (let count = 0; count < REFUSED_KEYS_MAX + 5; count += 1) refuse(`key-${count}`, "GET /keys");
  await crowded.flush();
  const rows = await written();
  const ofOne = rows.filter((row) => row.key_id === "one");
  assert.equal(ofOne.length, REFUSED_CALLS_PER_KEY_MAX + 1);
  assert.deepEqual([ofOne.at(-1)?.call, ofOne.at(-1)?.detail.count], ["others", 1_000 - REFUSED_CALLS_PER_KEY_MAX]);
  assert.equal(rows.length - ofOne.length, REFUSED_KEYS_MAX - 1);
  await crowded.flush();
  assert.deepEqual(await written(), []);
});
