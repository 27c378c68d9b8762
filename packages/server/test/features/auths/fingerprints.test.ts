import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Auth, AuthData } from "@postern/contract";
import { fingerMark } from "@postern/core";
import { withTemplates } from "../../../src/gateway/template-store.ts";
import type { PageItem } from "../../../src/roster/page.ts";
import { dataOf } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const finger = (fingerData: string): object => ({ fingerFormat: "TEMPLATE_FORMAT_SUPREMA", fingerFlag: "NONE", fingerData });
const THUMB = Buffer.from("a thumb of three hundred bytes").toString("base64");
const INDEX = Buffer.from("an index finger").toString("base64");

async function enrol(key: string, ...templates: string[]): Promise<number> {
  const body = bodyOf(key, { credentials: { fingerprints: templates.map(finger) } });
  return dataOf<AuthData>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body })).authId;
}

const change = (authId: number, fingerprints: unknown): Promise<Answer> =>
  server.call("PATCH", `/v1/auths/${authId}`, { body: { credentials: { fingerprints } } });

async function item(
  authId: number,
): Promise<PageItem & { readonly item: { readonly fingerprints: string[]; readonly chains: string[][] } }> {
  const [row] = await server.test.database.query<{ item: { fingerprints: string[]; chains: string[][] } }>(
    "select item from roster_items where item_key = $1",
    [`auth:${authId}`],
  );
  assert.ok(row !== undefined);
  return { key: `auth:${authId}`, revision: 1, item: row.item };
}

async function sent(authId: number): Promise<readonly string[] | undefined> {
  const [found] = await withTemplates(server.test.database, server.personKeys, [await item(authId)]);
  return found?.templates;
}

test("doors are sent the templates of an auth, while its roster and every table hold their marks alone", async () => {
  const authId = await enrol("two-fingers", THUMB, INDEX);
  const { item: held } = await item(authId);
  assert.deepEqual(held.fingerprints, [fingerMark(THUMB), fingerMark(INDEX)]);
  assert.deepEqual(held.chains, [["FINGERPRINT"]]);
  assert.deepEqual(await sent(authId), [THUMB, INDEX]);
  for (const form of [THUMB, Buffer.from(THUMB, "base64").toString("hex")]) {
    for (const table of ["auths", "roster_items", "roster_deltas", "audit", "person_keys", "idempotency_keys"]) {
      const rows = await server.test.database.query(`select 1 from ${table} as one where strpos(one::text, $1) > 0`, [form]);
      assert.equal(rows.length, 0, `${table} ${form}`);
    }
  }
});

test("no answer tells a template, only that there is one", async () => {
  const authId = await enrol("told", THUMB);
  for (const path of [`/v1/auths/${authId}`, `/v2/auths/${authId}`]) {
    assert.ok(!JSON.stringify((await server.call("GET", path)).body).includes(THUMB), path);
  }
  const { body } = await server.call("GET", `/v2/auths/${authId}`);
  assert.equal((body as Auth).credentials.fingerprintCount, 1);
});

test("a finger that is replaced or taken away is gone from what doors are sent; the same one again is no change for them", async () => {
  const authId = await enrol("changing", THUMB);
  const revisionOf = async (): Promise<number> => {
    const [row] = await server.test.database.query<{ revision: number }>("select revision from roster_items where item_key = $1", [
      `auth:${authId}`,
    ]);
    return row?.revision ?? 0;
  };
  const before = await revisionOf();
  assert.equal((await change(authId, [finger(THUMB)])).status, 200);
  assert.equal(await revisionOf(), before);
  assert.equal((await change(authId, [finger(INDEX)])).status, 200);
  assert.deepEqual(await sent(authId), [INDEX]);
  assert.equal((await change(authId, [])).status, 200);
  assert.deepEqual((await item(authId)).item.fingerprints, []);
});

test("once a person's key is destroyed nobody can be sent their templates any more", async () => {
  const authId = await enrol("erased", THUMB);
  await server.test.database.execute("delete from person_keys where user_id = (select user_id from auths where auth_id = $1)", [authId]);
  assert.equal(await sent(authId), undefined);
});
