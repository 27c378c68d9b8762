import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HelloFrame } from "@postern/contract";
import { openSessions, type SessionOpening } from "../../src/gateway/session-store.ts";
import { startGatewayWorld } from "../support/gateway-world.ts";
import { createTestDatabase, createTestPlace, type TestDatabase } from "../support/index.ts";
import { giveKey, LinkClient } from "../support/link-client.ts";

let prepared: TestDatabase;
before(async () => {
  prepared = await createTestDatabase();
});
after(() => prepared.drop());

const HELLO: HelloFrame = {
  protocol: 1,
  software: "test",
  epoch: null,
  roster: { urgentTo: 0, completeTo: 0, digest: "0".repeat(64), itemCount: 0 },
  log: { generations: [{ generation: 7, predecessor: null, first: 1, last: 1 }] },
  clock: { nowMs: 1_000 },
};

async function openingOf(controllerId: number, serial: string): Promise<SessionOpening> {
  const [row] = await prepared.database.query<{ key: string }>("select public_key::text as key from controllers where controller_id = $1", [
    controllerId,
  ]);
  return { serial, openedWith: row?.key ?? "", nowMs: 1_000, hello: HELLO };
}

test("controllers greeted in one statement each get a session of their own, their own doors, and one whose key was replaced gets none", async () => {
  const places = [await createTestPlace(prepared.database, { placeId: 901 }), await createTestPlace(prepared.database, { placeId: 902 })];
  const identities = await Promise.all(places.map((place) => giveKey(prepared.database, place.controllerId)));
  const openings = await Promise.all(places.map((place, index) => openingOf(place.controllerId, identities[index]?.serial ?? "")));
  const former = await createTestPlace(prepared.database, { placeId: 903 });
  const { serial } = await giveKey(prepared.database, former.controllerId);
  const stale = await openingOf(former.controllerId, serial);
  await giveKey(prepared.database, former.controllerId);
  const [first, refused, second] = await openSessions(prepared.database, 1, [openings[0] ?? stale, stale, openings[1] ?? stale]);
  assert.equal(refused, null);
  for (const [index, opened] of [first, second].entries()) {
    assert.equal(opened?.controllerId, places[index]?.controllerId);
    assert.deepEqual(
      opened?.doors.map((door) => door.doorId),
      places[index]?.doorIds,
    );
  }
});

test("a controller that greets twice before the first greeting is written down gets two numbers, the later one higher", async () => {
  const place = await createTestPlace(prepared.database, { placeId: 904 });
  const { serial } = await giveKey(prepared.database, place.controllerId);
  const opening = await openingOf(place.controllerId, serial);
  const [first, second] = await openSessions(prepared.database, 1, [opening, { ...opening }]);
  assert.equal(second?.session, (first?.session ?? Number.NaN) + 1);
});

test("a server that stops leaves no controller marked as connected, however many were", async () => {
  const world = await startGatewayWorld(prepared.database);
  const links: LinkClient[] = [];
  for (let placeId = 910; placeId < 940; placeId += 1) {
    const place = await createTestPlace(prepared.database, { placeId });
    const link = await LinkClient.connect(world.url, await giveKey(prepared.database, place.controllerId));
    await link.hello();
    links.push(link);
  }
  await world.stop();
  const connected = await prepared.database.query(
    "select controller_id from controllers where place_id >= 910 and connected_instance is not null",
  );
  assert.deepEqual(connected, []);
  await Promise.all(links.map((link) => link.end()));
});
