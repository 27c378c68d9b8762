import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { readAnswer } from "@postern/contract";
import { qrStepAt } from "@postern/core";
import { QR_STEPS_FAR } from "../../src/gateway/limits.ts";
import { useQr } from "../../src/gateway/qr-use-store.ts";
import { type GatewayWorld, startGatewayWorld } from "../support/gateway-world.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase, type TestPlace } from "../support/index.ts";
import { giveKey, LinkClient } from "../support/link-client.ts";

let prepared: TestDatabase;
let world: GatewayWorld;
let vendorCalls = 0;
before(async () => {
  prepared = await createTestDatabase();
  world = await startGatewayWorld(
    prepared.database,
    1,
    () => false,
    async () => {
      vendorCalls += 1;
      return { verdict: "confirmed", detail: {} };
    },
  );
});
after(async () => {
  await world.stop();
  await prepared.drop();
});

let count = 0;
/** A place with a dynamic QR that is bound, or not. */
async function aQr(isBound = true): Promise<{ place: TestPlace; qrId: number }> {
  count += 1;
  const place = await createTestPlace(prepared.database, { placeId: 8_700 + count });
  const qrId = 9_000 + count;
  const { placeGroupId } = place;
  await prepared.database.execute("insert into users(user_id, place_group_id, key, made_at) values ($1, $2, 'guest', 0)", [
    qrId,
    placeGroupId,
  ]);
  await prepared.database.execute(
    `insert into dynamic_qrs(qr_id, qid, place_group_id, user_id, valid_from, valid_to, made_at, public_key, bound_at)
      values ($1, $2, $3, $1, 0, $4, 0, $5, $6)`,
    [qrId, randomUUID(), placeGroupId, TEST_NOW_MS * 2, isBound ? "key" : null, isBound ? 1 : null],
  );
  return { place, qrId };
}

test("a step is used once, everywhere in the group, and none before it is good any more", async () => {
  const { place, qrId } = await aQr();
  const { placeId } = place;
  const use = (step: number) => useQr(prepared.database, { placeId, qrId, step });
  assert.deepEqual([await use(10), await use(10), await use(9), await use(11)], [true, false, false, true]);
});

test("of controllers that ask for the same step at once exactly one hears that it was unused", async () => {
  const { place, qrId } = await aQr();
  const asked = Array.from({ length: 8 }, () => useQr(prepared.database, { placeId: place.placeId, qrId, step: 10 }));
  assert.equal((await Promise.all(asked)).filter((isFresh) => isFresh).length, 1);
});

test("a QR of another customer, one that no phone is bound to, and one that was taken away count as used", async () => {
  const [mine, theirs] = [await aQr(), await aQr()];
  const { placeId } = mine.place;
  assert.equal(await useQr(prepared.database, { placeId, qrId: theirs.qrId, step: 10 }), false);
  assert.equal(
    await useQr(prepared.database, { placeId: theirs.place.placeId, qrId: theirs.qrId, step: 10 }),
    true,
    "and nothing was written down",
  );
  const unbound = await aQr(false);
  assert.equal(await useQr(prepared.database, { placeId: unbound.place.placeId, qrId: unbound.qrId, step: 10 }), false);
  await prepared.database.execute("delete from dynamic_qrs where qr_id = $1", [mine.qrId]);
  assert.equal(await useQr(prepared.database, { placeId, qrId: mine.qrId, step: 10 }), false);
});

test("a door is told over its link, without a word to the customer's server, and a step that is far from now is not written down", async () => {
  const { place, qrId } = await aQr();
  const link = await LinkClient.connect(world.url, await giveKey(prepared.database, place.controllerId));
  const { session, serverMs } = await link.hello();
  const [doorId = 0] = place.doorIds;
  const [deviceId = 0] = place.deviceIds;
  const now = qrStepAt(serverMs);
  let askId = 0;
  const ask = async (step: number): Promise<string> => {
    askId += 1;
    await link.send("ask", {
      session,
      askId,
      doorId,
      deviceId,
      credential: "qr",
      identify: false,
      qr: { id: qrId, step },
      budgetMs: 5_000,
    });
    const read = readAnswer(await link.next("answer"));
    assert.ok(read.ok);
    return read.frame.verdict;
  };
  assert.equal(await ask(now + QR_STEPS_FAR + 2), "silent");
  assert.deepEqual(
    [await ask(now), await ask(now), await ask(now - 1), await ask(now + 1)],
    ["confirmed", "refused", "refused", "confirmed"],
  );
  assert.equal(vendorCalls, 0);
  await link.end();
});
