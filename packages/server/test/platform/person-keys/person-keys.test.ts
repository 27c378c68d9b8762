import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CodedError, systemRandom } from "@postern/core";
import { createPersonKeys, type PersonKey, type PersonKeys } from "../../../src/platform/person-keys/person-keys.ts";
import { openBytes, sealBytes } from "../../../src/platform/person-keys/sealed-bytes.ts";
import { createTestDatabase, type TestDatabase } from "../../support/index.ts";

let prepared: TestDatabase;
before(async () => {
  prepared = await createTestDatabase();
  await prepared.database.query("insert into place_groups values (1, 'group', 0)");
  await prepared.database.query("insert into users select n, 1, 'person-' || n, 0 from generate_series(1, 9) n");
});
after(() => prepared.drop());

const keys = createPersonKeys({ wrappingKey: Buffer.alloc(32, 1), random: systemRandom });
const PLAIN = Buffer.from("4711");

function ensure(userId: number, by: PersonKeys = keys): Promise<PersonKey> {
  return prepared.database.transaction((transaction) => by.ensure(transaction, userId, 0));
}

const isUnreadable = (failure: unknown): boolean => failure instanceof CodedError && failure.code === "sealed_unreadable";

test("what is sealed for a person opens with the same person's key, also when it is read again", async () => {
  const sealed = (await ensure(1)).seal("pin", PLAIN);
  assert.deepEqual(Buffer.from((await ensure(1)).open("pin", sealed)), PLAIN);
  assert.ok(!Buffer.from(sealed).includes(PLAIN));
  assert.notDeepEqual((await ensure(1)).seal("pin", PLAIN), sealed, "the same PIN twice does not show");
});

test("it opens for nobody else and for nothing else", async () => {
  const sealed = (await ensure(2)).seal("pin", PLAIN);
  const [own, other] = [await ensure(2), await ensure(3)];
  assert.throws(() => other.open("pin", sealed), isUnreadable);
  assert.throws(() => own.open("unique pin", sealed), isUnreadable);
  for (let index = 0; index < sealed.length; index += 1) {
    const damaged = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ 1 : byte));
    assert.throws(() => own.open("pin", damaged), isUnreadable, `byte ${index}`);
  }
  assert.throws(() => own.open("pin", sealed.subarray(0, 20)), isUnreadable);
});

test("without the server's key a copy of the database opens nothing, and a wrapped key moved to another person neither", async () => {
  await ensure(4);
  const others = createPersonKeys({ wrappingKey: Buffer.alloc(32, 2), random: systemRandom });
  await assert.rejects(ensure(4, others), isUnreadable);
  await prepared.database.query("insert into person_keys select 5, wrapped_key, 0 from person_keys where user_id = 4");
  await assert.rejects(ensure(5), isUnreadable);
});

test("two who need a person's first key at once get the same one", async () => {
  const [left, right] = await Promise.all([ensure(6), ensure(6)]);
  assert.deepEqual(Buffer.from(right.open("pin", left.seal("pin", PLAIN))), PLAIN);
});

test("what was sealed with a destroyed key opens never again", async () => {
  const sealed = (await ensure(7)).seal("fingerprints", PLAIN);
  assert.equal(await prepared.database.transaction((transaction) => keys.destroy(transaction, 7)), true);
  assert.equal(await prepared.database.transaction((transaction) => keys.destroy(transaction, 7)), false);
  const anew = await ensure(7);
  assert.throws(() => anew.open("fingerprints", sealed), isUnreadable);
});

test("bytes of an unknown format are not opened", () => {
  const key = { key: Buffer.alloc(32, 3), boundTo: "x" };
  const sealed = Uint8Array.from(sealBytes(key, PLAIN, systemRandom));
  assert.deepEqual(openBytes(key, sealed), PLAIN);
  sealed[0] = 2;
  assert.equal(openBytes(key, sealed), null);
  assert.equal(openBytes(key, new Uint8Array(0)), null);
});
