import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ROSTER_FRAMES_IN_FLIGHT_MAX } from "@postern/contract";
import { itemKey } from "@postern/core";
import { changeRoster } from "../../src/roster/roster-store.ts";
import { authItem } from "../roster/builders.ts";
import { type GatewayWorld, startGatewayWorld } from "../support/gateway-world.ts";
import { Replica } from "../support/held-roster.ts";
import { createTestDatabase, createTestPlace, type TestDatabase } from "../support/index.ts";
import { giveKey, LinkClient } from "../support/link-client.ts";

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

/** A place with two controllers, each with a door: one that the test leaves behind, and one that keeps up. */
async function newScene(placeId: number): Promise<{ behind: LinkClient; other: LinkClient; otherDoorId: number }> {
  const place = await createTestPlace(prepared.database, { placeId });
  const [, otherDoorId = 0] = place.doorIds;
  const otherId = place.controllerId + 1;
  await prepared.database.execute(
    "insert into controllers(controller_id, place_id, serial, name, session_number, made_at) values ($1, $2, $3, 'other', 1, 0)",
    [otherId, placeId, String(100_000_000 + otherId)],
  );
  await prepared.database.execute("update doors set controller_id = $1 where door_id = $2", [otherId, otherDoorId]);
  const behind = await LinkClient.connect(world.url, await giveKey(prepared.database, place.controllerId));
  const other = await LinkClient.connect(world.url, await giveKey(prepared.database, otherId));
  return { behind, other, otherDoorId };
}

async function change(placeId: number, ids: readonly number[], status: "ACTIVE" | "INACTIVE" = "ACTIVE"): Promise<number> {
  const items = ids.map((id) => authItem(id, { status }));
  const changes = items.map((item) => ({ key: itemKey(item), item }));
  const revision = await prepared.database.transaction((tx) => changeRoster(tx, placeId, { changes, nowMs: 0 }));
  world.feeds.hint(placeId);
  return revision;
}

/** Takes frames over, and answers them, until the replica is at a revision. */
async function follow(
  link: LinkClient,
  replica: Replica,
  session: number,
  until: { urgentTo?: number; completeTo?: number },
): Promise<void> {
  while (replica.urgentTo < (until.urgentTo ?? 0) || replica.completeTo < (until.completeTo ?? 0)) {
    const frame = await link.roster();
    replica.take(frame);
    await link.send("synced", replica.synced(session, frame));
  }
}

test("a controller that never answers its roster frames is sent as many as may be on their way and no more, whatever changes, and another has every change", async () => {
  const placeId = 950;
  const { behind, other, otherDoorId } = await newScene(placeId);
  const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
  await change(placeId, ids);
  await behind.hello();
  const { session } = await other.hello();
  const replica = new Replica([otherDoorId]);
  for (let round = 0; round < 10; round += 1) {
    const revision = await change(placeId, [round + 1], "INACTIVE");
    await follow(other, replica, session, { urgentTo: revision });
  }
  assert.equal(replica.items.get("auth:10")?.kind, "auth");
  const unanswered = behind.frames.filter((frame) => frame.kind === "roster").length;
  assert.equal(unanswered, ROSTER_FRAMES_IN_FLIGHT_MAX);
  assert.equal(behind.isClosed, false);
  await Promise.all([behind.end(), other.end()]);
});

test("a controller that comes back after ten thousand changes holds nobody up: another takes over a revocation before it is through", async () => {
  const placeId = 951;
  const { behind, other, otherDoorId } = await newScene(placeId);
  const first = await change(placeId, [1]);
  const { session } = await other.hello();
  const replica = new Replica([otherDoorId]);
  await follow(other, replica, session, { completeTo: first });
  for (let from = 2; from < 10_000; from += 2_500)
    await change(
      placeId,
      Array.from({ length: 2_500 }, (_, index) => from + index),
    );
  const lagging = new Replica([]);
  const { session: laggingSession } = await behind.hello();
  let isThrough = false;
  const catchingUp = follow(behind, lagging, laggingSession, { completeTo: first + 4 }).then(() => {
    isThrough = true;
  });
  const revoked = await change(placeId, [1], "INACTIVE");
  await follow(other, replica, session, { urgentTo: revoked });
  assert.equal(isThrough, false);
  await catchingUp;
  assert.equal(lagging.items.size, 10_001);
  await Promise.all([behind.end(), other.end()]);
});
