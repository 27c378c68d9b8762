import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventCode } from "@postern/contract";
import { CodedError, itemKey } from "@postern/core";
import { endSessions } from "../../src/gateway/controller-store.ts";
import type { LinkConnection } from "../../src/gateway/mqtt/link-handler.ts";
import type { Database } from "../../src/platform/database.ts";
import { changeRoster } from "../../src/roster/roster-store.ts";
import { authItem, doorItem } from "../roster/builders.ts";
import { type GatewayWorld, startGatewayWorld } from "../support/gateway-world.ts";
import { differing, Replica } from "../support/held-roster.ts";
import { createTestDatabase, createTestPlace, eventually, type TestDatabase, type TestPlace } from "../support/index.ts";
import { giveKey, LinkClient, type LinkIdentity } from "../support/link-client.ts";

let prepared: TestDatabase;
let world: GatewayWorld;
before(async () => {
  prepared = await createTestDatabase();
  world = await startGatewayWorld(prepared.database);
});
after(async () => {
  await world.stop();
  await prepared.drop();
});

let nextPlaceId = 900;
async function newScene(): Promise<{ readonly place: TestPlace; readonly identity: LinkIdentity }> {
  nextPlaceId += 1;
  const place = await createTestPlace(prepared.database, { placeId: nextPlaceId });
  return { place, identity: await giveKey(prepared.database, place.controllerId) };
}

async function sessionNumber(controllerId: number): Promise<number> {
  const text = "select session_number from controllers where controller_id = $1";
  const [row] = await prepared.database.query<{ session_number: number }>(text, [controllerId]);
  return row?.session_number ?? -1;
}

test("a connection opened with a former key may not greet once another key is registered", async () => {
  const { place, identity } = await newScene();
  const thief = await LinkClient.connect(world.url, identity);
  const before = await sessionNumber(place.controllerId);
  await giveKey(prepared.database, place.controllerId);
  await assert.rejects(thief.hello(), /ended before a welcome/);
  assert.equal(await sessionNumber(place.controllerId), before);
  await thief.end();
});

test("a connection whose key is taken away ends before it has greeted and after, and nobody else's does", async () => {
  const [silent, greeted, other] = [await newScene(), await newScene(), await newScene()];
  const links = await Promise.all([silent, greeted, other].map(({ identity }) => LinkClient.connect(world.url, identity)));
  const [silentLink, greetedLink, otherLink] = links as [LinkClient, LinkClient, LinkClient];
  await Promise.all([greetedLink.hello(), otherLink.hello()]);
  await prepared.database.execute("update controllers set public_key = null where controller_id = any($1)", [
    [silent.place.controllerId, greeted.place.controllerId],
  ]);
  await world.gateway.endStale(silent.identity.serial);
  await silentLink.closed();
  assert.equal(greetedLink.isClosed, false);
  await world.gateway.endStale();
  await greetedLink.closed();
  assert.equal(otherLink.isClosed, false);
  assert.equal(await otherLink.hello().then(String, () => "out of turn"), "out of turn", "its first hello still counts");
  await Promise.all(links.map((link) => link.end()));
});

test("a session that was ended in the database ends here, and one that has just begun does not", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  await world.gateway.endStale();
  await link.send("events", { session, generation: 7, first: 1, events: [], sentAt: Date.now(), predecessor: null });
  await link.stored();
  await prepared.database.execute("update controllers set session_number = session_number + 1 where controller_id = $1", [
    place.controllerId,
  ]);
  await world.gateway.endStale(identity.serial);
  await link.closed();
});

test("a door that is taken away is gone from its controller before the session ends, so that it stops at once", async () => {
  const { place, identity } = await newScene();
  const [kept = 0, taken = 0] = place.doorIds;
  const { database } = prepared;
  const items = [doorItem(kept), doorItem(taken)];
  const put = items.map((item) => ({ key: itemKey(item), item }));
  await database.transaction((tx) => changeRoster(tx, place.placeId, { changes: put, nowMs: Date.now() }));
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const replica = new Replica(place.doorIds);
  const frame = await link.roster();
  replica.take(frame);
  await link.send("synced", replica.synced(session, frame));
  await database.transaction(async (tx) => {
    await changeRoster(tx, place.placeId, { changes: [{ key: `door:${taken}`, item: null }], nowMs: Date.now() });
    await tx.execute("update doors set controller_id = null where door_id = $1", [taken]);
    await endSessions(tx, [place.controllerId]);
  });
  await world.gateway.endStale(identity.serial);
  const last = await link.roster();
  assert.deepEqual(
    last.items.map(({ key, gone }) => [key, gone]),
    [[`door:${taken}`, true]],
  );
  await link.closed();
});

test("a controller that comes back to other doors is told them, and ends up with their roster whatever it held", async () => {
  const { place, identity } = await newScene();
  const [kept = 0, given = 0] = place.doorIds;
  const serve = (doorId: number) =>
    prepared.database.execute("update doors set controller_id = case when door_id = $2 then $1::bigint end where place_id = $3", [
      place.controllerId,
      doorId,
      place.placeId,
    ]);
  const items = [authItem(1, { doors: [kept] }), authItem(2, { doors: [given] }), authItem(3)];
  const changes = items.map((item) => ({ key: itemKey(item), item }));
  const revision = await prepared.database.transaction((tx) => changeRoster(tx, place.placeId, { changes, nowMs: Date.now() }));
  await serve(given);
  const link = await LinkClient.connect(world.url, identity);
  // It comes with what concerns the door it had and is complete by its own account; a replica drops what is for no door of its own.
  const replica = new Replica([given]);
  replica.items.set("auth:3", authItem(3));
  const { session, doors } = await link.hello({ roster: { urgentTo: revision, completeTo: revision, itemCount: 1 } });
  assert.deepEqual(
    doors.map((door) => door.doorId),
    [given],
  );
  while (!replica.items.has("auth:2")) {
    const frame = await link.roster();
    replica.take(frame);
    const hashes = frame.compare === undefined ? {} : { hashes: differing(replica, frame) };
    await link.send("synced", { ...replica.synced(session, frame), urgentTo: revision, completeTo: revision, ...hashes });
  }
  assert.deepEqual([...replica.items.keys()].sort(), ["auth:2", "auth:3"]);
  await link.end();
});

test("a session that ended while the database was away is noted as ended once it is back, and a newer one is left alone", async () => {
  const { database } = prepared;
  let isAway = false;
  const sometimesAway: Database = {
    ...database,
    transaction: (work, options) => database.transaction(work, options),
    execute: (statement, values) => database.execute(statement, values),
    close: () => Promise.resolve(),
    query: (statement, values) =>
      isAway && typeof statement !== "string" && statement.name === "gateway-close-sessions"
        ? Promise.reject(new CodedError("database_away", { class: "transient", summary: "It is away." }))
        : database.query(statement, values),
  };
  const elsewhere = await startGatewayWorld(sometimesAway, 77);
  const [gone, back] = [await newScene(), await newScene()];
  const connected = async ({ place }: typeof gone): Promise<number | null> => {
    const text = "select connected_instance as instance from controllers where controller_id = $1";
    return (await database.query<{ instance: number | null }>(text, [place.controllerId]))[0]?.instance ?? null;
  };
  const links = await Promise.all([gone, back].map(({ identity }) => LinkClient.connect(elsewhere.url, identity)));
  for (const link of links) await link.hello();
  isAway = true;
  for (const link of links) await link.end();
  const returned = await eventually("the second controller's return", () =>
    LinkClient.connect(elsewhere.url, back.identity).catch(() => undefined),
  );
  await returned.hello();
  await elsewhere.gateway.forgetDeadProcesses();
  assert.deepEqual([await connected(gone), await connected(back)], [77, 77]);
  isAway = false;
  await elsewhere.gateway.forgetDeadProcesses();
  assert.deepEqual([await connected(gone), await connected(back)], [null, 77]);
  await returned.end();
  await elsewhere.stop();
});

test("of two connections of one serial let in at once the first keeps its place, and the second is refused and recorded", async () => {
  const { place, identity } = await newScene();
  const closed: string[] = [];
  const connection = (name: string): LinkConnection => ({
    serial: identity.serial,
    remoteAddress: name,
    openedWith: "",
    send: () => Promise.resolve(true),
    isAlive: () => Promise.resolve(true),
    close: (reason) => void closed.push(`${name} ${reason}`),
  });
  const [first, second] = [connection("first"), connection("second")];
  world.gateway.opened(first);
  world.gateway.opened(second);
  world.gateway.closed(second, "session_taken");
  assert.deepEqual(closed, ["second session_taken"]);
  const recorded = (): Promise<object[]> =>
    prepared.database.query("select 1 from events where place_id = $1 and event_type = $2", [
      place.placeId,
      eventCode("CONTROLLER_SESSION_REFUSED"),
    ]);
  await eventually("the refusal stands in the ledger", async () => (await recorded()).length === 1);
  world.gateway.closed(first, "over");
});
