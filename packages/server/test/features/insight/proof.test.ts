import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { itemKey, type RosterItem } from "@postern/core";
import { continuityOfPlace } from "../../../src/features/insight/continuity.ts";
import { controllerProof } from "../../../src/features/insight/controller-proof.ts";
import { authSync, placeSync } from "../../../src/features/insight/sync.ts";
import { changeRoster } from "../../../src/roster/roster-store.ts";
import { authItem } from "../../roster/builders.ts";
import { type GatewayWorld, startGatewayWorld } from "../../support/gateway-world.ts";
import { Replica } from "../../support/held-roster.ts";
import { createTestDatabase, createTestPlace, eventually, type TestDatabase, type TestPlace } from "../../support/index.ts";
import { giveKey, LinkClient, type LinkIdentity } from "../../support/link-client.ts";

let prepared: TestDatabase;
let world: GatewayWorld;
const alive = new Set<number>();
before(async () => {
  prepared = await createTestDatabase();
  world = await startGatewayWorld(prepared.database, 1, (instanceId) => alive.has(instanceId));
});
after(async () => {
  await world.stop();
  await prepared.drop();
});

let nextPlaceId = 700;
interface Scene {
  readonly place: TestPlace;
  readonly identity: LinkIdentity;
}

async function newScene(): Promise<Scene> {
  nextPlaceId += 1;
  const place = await createTestPlace(prepared.database, { placeId: nextPlaceId });
  return { place, identity: await giveKey(prepared.database, place.controllerId) };
}

async function put({ place }: Scene, ...items: RosterItem[]): Promise<number> {
  const changes = items.map((item) => ({ key: itemKey(item), item }));
  const revision = await prepared.database.transaction((tx) => changeRoster(tx, place.placeId, { changes, nowMs: Date.now() }));
  world.feeds.hint(place.placeId);
  return revision;
}

async function proofOf({ place }: Scene) {
  await world.confirmations.flush();
  const proof = await controllerProof(prepared.database, place.controllerId, Date.now());
  assert.ok(proof !== null);
  return proof;
}

const frame = (session: number, first: number, count: number, changes: object = {}): object => ({
  session,
  generation: 7,
  first,
  events: Array.from({ length: count }, () => ({ eventAt: Date.now(), eventType: "DEV_DEVICE_START" })),
  sentAt: Date.now(),
  ...(first === 1 ? { predecessor: null } : {}),
  ...changes,
});

test("a digest that differs is told beside the one that was expected, and counts as no confirmation", async () => {
  const scene = await newScene();
  const revision = await put(scene, authItem(1));
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  const replica = new Replica(scene.place.doorIds);
  const page = await link.roster();
  replica.take(page);
  const right = replica.digest();
  const wrong = right.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  await link.send("synced", { ...replica.synced(session, page), digest: wrong });
  const differing = await eventually("the comparison", async () => {
    const { compared, state } = await proofOf(scene);
    return compared === null ? undefined : { ...compared, state };
  });
  assert.deepEqual(
    [differing.revision, differing.digest, differing.expectedDigest, differing.agrees, differing.state],
    [revision, wrong, right, false, "waiting"],
  );
  await link.end();
});

test("an item that failed is named for itself, and as what keeps everything newer unproven", async () => {
  const scene = await newScene();
  const [bad, good] = [authItem(1), authItem(2)];
  await put(scene, bad, good);
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  const replica = new Replica(scene.place.doorIds);
  const page = await link.roster();
  replica.take(page);
  const failures = [{ key: "auth:1", revision: 1, code: "item_malformed" }];
  await link.send("synced", { ...replica.synced(session, page), failures });
  await eventually("the failure", async () => (await proofOf(scene)).failures.length === 1);
  const { database } = prepared;
  const errorOf = async (authId: number) => (await authSync(database, scene.place.placeId, authId)).controllers[0];
  assert.deepEqual([(await errorOf(1))?.state, (await errorOf(1))?.error], ["failed", "auth:1 item_malformed"]);
  assert.deepEqual([(await errorOf(2))?.state, (await errorOf(2))?.error], ["waiting", "unproven because of auth:1 item_malformed"]);
  const { failed, waiting, away, confirmedBy } = await placeSync(database, scene.place.placeId);
  assert.deepEqual({ failed, waiting, away, confirmedBy }, { failed: 1, waiting: 0, away: 0, confirmedBy: 0 });
  await link.end();
});

test("what the ledger received, awaits and was told is lost adds up to what the controller's log had", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello({ generations: [{ generation: 7, predecessor: null, first: 1, last: 12 }] });
  assert.deepEqual((await proofOf(scene)).log.awaited, [{ generation: 7, from: 1, to: 12 }]);
  await link.send("events", frame(session, 1, 3));
  await link.stored();
  await link.send("events", frame(session, 6, 2, { lost: [{ generation: 7, from: 4, to: 5 }] }));
  await link.stored();
  const { log } = await proofOf(scene);
  assert.deepEqual(log.received, [{ generation: 7, from: 1, to: 7 }]);
  assert.deepEqual([log.receivedCount, log.lostCount], [5, 2]);
  assert.deepEqual(
    log.lost.map(({ generation, from, to }) => ({ generation, from, to })),
    [{ generation: 7, from: 4, to: 5 }],
  );
  assert.deepEqual([log.awaited, log.holes], [[{ generation: 7, from: 8, to: 12 }], []]);
  await link.end();
});

test("what the controller no longer holds and the ledger never got is a hole until it is declared lost", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  await link.send("events", frame(session, 1, 3));
  await link.stored();
  await link.end();
  const again = await eventually("the place of the first connection", () =>
    LinkClient.connect(world.url, scene.identity).catch(() => undefined),
  );
  const { session: later } = await again.hello({ generations: [{ generation: 7, predecessor: null, first: 6, last: 9 }] });
  const { log } = await proofOf(scene);
  assert.deepEqual([log.holes, log.awaited], [[{ generation: 7, from: 4, to: 5 }], [{ generation: 7, from: 6, to: 9 }]]);
  await again.send("events", frame(later, 6, 4, { lost: [{ generation: 7, from: 4, to: 5 }] }));
  await again.stored();
  const after = (await proofOf(scene)).log;
  assert.deepEqual([after.holes, after.awaited, after.lostCount, after.receivedCount], [[], [], 2, 7]);
  await again.end();
});

test("a log that continues from behind what was stored is told as a fork, and both of its generations as received", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  await link.send("events", frame(session, 1, 5));
  await link.stored();
  await link.send("events", frame(session, 4, 2, { generation: 8, predecessor: { generation: 7, last: 3 } }));
  await link.stored();
  const { items } = await continuityOfPlace(prepared.database, scene.place.placeId, { afterId: 0, limit: 10 });
  const [log] = items;
  assert.ok(log !== undefined && items.length === 1);
  assert.deepEqual(
    log.forks.map(({ generation, because }) => [generation, because]),
    [[8, "continues from behind what was stored"]],
  );
  assert.deepEqual([log.forkCount, log.receivedCount], [1, 7]);
  assert.deepEqual(
    [...log.received].sort((one, other) => one.generation - other.generation),
    [
      { generation: 7, from: 1, to: 5 },
      { generation: 8, from: 4, to: 5 },
    ],
  );
  await link.end();
});

test("a controller's clock is measured with every frame of events, and its belief ages from when it was last heard", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  assert.ok(Math.abs((await proofOf(scene)).clockOffsetMs ?? Number.NaN) < 5_000);
  await link.send("events", frame(session, 1, 1, { sentAt: Date.now() - 3_600_000 }));
  await link.stored();
  const measured = await proofOf(scene);
  assert.ok(Math.abs((measured.clockOffsetMs ?? 0) + 3_600_000) < 5_000, `${measured.clockOffsetMs}`);
  // Somebody who says nothing for long, and is there.
  await prepared.database.execute("update controllers set last_heard_at = $2 where controller_id = $1", [
    scene.place.controllerId,
    Date.now() - 600_000,
  ]);
  assert.ok(((await proofOf(scene)).beliefAgeMs ?? 0) >= 600_000);
  world.gateway.noteHeard();
  assert.ok(((await proofOf(scene)).beliefAgeMs ?? 600_000) < 60_000);
  await link.end();
});

test("a frame without events is answered with the server's time, appends nothing, and tells how wrong the controller's clock is", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  const { session } = await link.hello();
  await link.send("events", frame(session, 1, 2));
  await link.stored();
  await link.send("events", frame(session, 3, 0, { sentAt: Date.now() + 60_000 }));
  const { through, expect, serverMs } = await link.stored();
  assert.deepEqual([through, expect], [2, undefined]);
  assert.ok(Math.abs((serverMs ?? 0) - Date.now()) < 5_000, `${serverMs}`);
  const { clockOffsetMs, clockMeasuredAt, log } = await proofOf(scene);
  assert.ok(Math.abs((clockOffsetMs ?? 0) - 60_000) < 5_000, `${clockOffsetMs}`);
  assert.ok(Math.abs((clockMeasuredAt ?? 0) - Date.now()) < 5_000);
  assert.equal(log.receivedCount, 2);
  await link.send("events", frame(session, 4, 0));
  assert.deepEqual((await link.stored()).expect, { generation: 7, from: 3 }, "what it thinks stored and is not, it is asked for");
  await link.end();
});

test("a controller that was taken for away while its connection stands is connected again, and one whose connection has ended is not", async () => {
  const scene = await newScene();
  const link = await LinkClient.connect(world.url, scene.identity);
  await link.hello();
  const forget = () =>
    prepared.database.execute("update controllers set connected_instance = null where controller_id = $1", [scene.place.controllerId]);
  await forget();
  assert.equal((await proofOf(scene)).connected, false);
  await world.gateway.noteConnected();
  assert.equal((await proofOf(scene)).connected, true);
  await link.end();
  await eventually("away", async () => !(await proofOf(scene)).connected);
  await world.gateway.noteConnected();
  assert.equal((await proofOf(scene)).connected, false);
});

test("controllers of a process that was killed are away, and those of a process that lives are not", async () => {
  const [dead, living] = [await newScene(), await newScene()];
  const connect = ({ place }: Scene, instanceId: number) =>
    prepared.database.execute("update controllers set connected_instance = $2 where controller_id = $1", [place.controllerId, instanceId]);
  await connect(dead, 31);
  await connect(living, 32);
  alive.add(32);
  await world.gateway.forgetDeadProcesses();
  assert.deepEqual([(await proofOf(dead)).connected, (await proofOf(living)).connected], [false, true]);
});
