import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthData } from "@postern/contract";
import { type PinVerifier, provesPin, uniquePinKey } from "@postern/core";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const post = (key: string, credentials: Record<string, unknown>, actor = "all") =>
  server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: bodyOf(key, { credentials }), key: actor });

interface Held {
  readonly pin: PinVerifier | null;
  readonly uniquePin: string | null;
}

async function item(authId: number): Promise<Held> {
  const [row] = await server.test.database.query<{ item: Held }>("select item from roster_items where item_key = $1", [`auth:${authId}`]);
  assert.ok(row !== undefined);
  return row.item;
}

test("doors are given what proves a PIN and finds a unique PIN, never the PIN itself", async () => {
  const { authId } = dataOf<AuthData>(await post("pinned", { pin: "0815", uniquePin: "08150815" }));
  const held = await item(authId);
  assert.ok(held.pin !== null);
  assert.equal(await provesPin("0815", held.pin), true);
  const [place] = await server.test.database.query<{ salt: string }>("select unique_pin_salt as salt from places where place_id = $1", [
    PLACE_ID,
  ]);
  assert.equal(held.uniquePin, await uniquePinKey("08150815", place?.salt ?? ""));
});

test("no answer and no table holds a PIN in the clear, in digits or in base64", async () => {
  const answer = await post("secretive", { pin: "97531864", uniquePin: "86429753" });
  assert.equal(answer.status, 200);
  for (const digits of ["97531864", "86429753"]) {
    const forms = [digits, Buffer.from(digits).toString("base64"), Buffer.from(digits).toString("hex")];
    for (const form of forms) {
      assert.ok(!JSON.stringify(answer.body).includes(form), form);
      for (const table of ["auths", "roster_items", "audit", "person_keys", "idempotency_keys"]) {
        const rows = await server.test.database.query(`select 1 from ${table} as one where strpos(one::text, $1) > 0`, [form]);
        assert.equal(rows.length, 0, `${table} ${form}`);
      }
    }
  }
});

test("a unique PIN belongs to one person of a place, and of two who want it at once one is told to choose another", async () => {
  const answers = await Promise.all([post("rival-1", { uniquePin: "31415926" }), post("rival-2", { uniquePin: "31415926" })]);
  const refused = answers.filter((answer) => answer.status !== 200);
  assert.equal(refused.length, 1);
  for (const answer of refused) assert.equal(refusedFor(answer), "e1006 auth.credentials.uniquePin");
});

test("whoever meets other people's unique PINs too often is heard no more for a while, and each such guess is in the audit log", async () => {
  dataOf(await post("victim", { uniquePin: "27182818" }));
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(refusedFor(await post("guesser", { uniquePin: "27182818" }, "other")), "e1006 auth.credentials.uniquePin");
  assert.equal(refusedFor(await post("guesser", { uniquePin: "27182819" }, "other")), "e1010");
  assert.equal((await post("careful", { uniquePin: "27182820" })).status, 200, "another key is not held back");
  const rows = await server.test.database.query(
    "select 1 from audit where action = 'auth.unique_pin' and outcome = 'refused' and key_id = 'other'",
  );
  assert.equal(rows.length, 10);
});

test("the question whether a unique PIN is free is answered, and limited", async () => {
  const ask = (uniquePin: unknown, key = "all") =>
    server.call("POST", `/v1/places/${PLACE_ID}/unique-pins/available`, { body: { uniquePin }, key });
  dataOf(await post("asked-for", { uniquePin: "55500011" }));
  assert.deepEqual(dataOf(await ask("55500011")), { available: false });
  assert.deepEqual(dataOf(await ask(55500012)), { available: true });
  assert.equal(refusedFor(await ask("12")), "e1005 uniquePin");
  assert.equal(refusedFor(await ask("55500011", "events")), "e1001");
  let limited = "";
  for (let question = 0; question < 31 && limited === ""; question += 1) {
    const answer = await ask("55500013");
    if (answer.status !== 200) limited = refusedFor(answer);
  }
  assert.equal(limited, "e1010");
});

test("every create, change and end of an auth is in the audit log with who did it", async () => {
  const { authId } = dataOf<AuthData>(await post("audited", { pin: "4711" }));
  dataOf(await server.call("PATCH", `/v1/auths/${authId}`, { body: { credentials: { pin: "4712", phone: "5" } } }));
  dataOf(await server.call("DELETE", `/v1/auths/${authId}`));
  const rows = await server.test.database.query<{ action: string; key_id: string; detail: unknown }>(
    "select action, key_id, detail from audit where target_kind = 'auth' and target_id = $1 order by audit_id",
    [String(authId)],
  );
  assert.deepEqual(
    rows.map(({ action, key_id }) => `${action} ${key_id}`),
    ["auth.create all", "auth.change all", "auth.delete all"],
  );
  assert.deepEqual(rows[1]?.detail, { changed: ["phone", "pin"] });
});

test("what was sealed goes with the auth, and cannot be opened with another person's key", async () => {
  const { authId } = dataOf<AuthData>(await post("sealed", { pin: "4711", uniquePin: "47114711" }));
  dataOf(await server.call("DELETE", `/v1/auths/${authId}`));
  const [row] = await server.test.database.query<{ kept: number }>(
    "select num_nonnulls(pin_verifier, pin_sealed, unique_pin_hash, unique_pin_sealed, fingerprints_sealed) as kept from auths where auth_id = $1",
    [authId],
  );
  assert.equal(row?.kept, 0);
  dataOf(await post("heir", { uniquePin: "47114711" }));
});
