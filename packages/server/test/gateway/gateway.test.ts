import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventName, type RosterFrame, readCommand } from "@postern/contract";
import { type AuthItem, itemKey, type RosterItem } from "@postern/core";
import { insertCommand, type NewCommand } from "../../src/gateway/command-store.ts";
import { COMMAND_ANSWER_GRACE_MS } from "../../src/gateway/limits.ts";
import { readChangesSince } from "../../src/roster/page-store.ts";
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

let nextPlaceId = 800;
interface Scene {
  readonly place: TestPlace;
  readonly identity: LinkIdentity;
  readonly put: (...items: RosterItem[]) => Promise<number>;
  readonly remove: (...items: RosterItem[]) => Promise<number>;
}

async function newScene(): Promise<Scene> {
  nextPlaceId += 1;
  const place = await createTestPlace(prepared.database, { placeId: nextPlaceId });
  const identity = await giveKey(prepared.database, place.controllerId);
  const change = async (items: RosterItem[], isRemoval: boolean): Promise<number> => {
    const changes = items.map((item) => ({ key: itemKey(item), item: isRemoval ? null : item }));
    const revision = await prepared.database.transaction((tx) => changeRoster(tx, place.placeId, { changes, nowMs: Date.now() }));
    world.feeds.hint(place.placeId);
    return revision;
  };
  return { place, identity, put: (...items) => change(items, false), remove: (...items) => change(items, true) };
}

async function takeUntilComplete(link: LinkClient, replica: Replica, session: number, revision: number): Promise<RosterFrame[]> {
  const frames: RosterFrame[] = [];
  while (replica.completeTo < revision) {
    const frame = await link.roster();
    frames.push(frame);
    replica.take(frame);
    await link.send("synced", replica.synced(session, frame));
  }
  return frames;
}

async function confirmedRevision(controllerId: number): Promise<number> {
  await world.confirmations.flush();
  const [row] = await prepared.database.query<{ confirmed_revision: number }>(
    "select confirmed_revision from controllers where controller_id = $1",
    [controllerId],
  );
  return row?.confirmed_revision ?? -1;
}

async function storedTypes(placeId: number): Promise<(string | null)[]> {
  const rows = await prepared.database.query<{ event_type: number }>(
    "select event_type from events where place_id = $1 order by sequence",
    [placeId],
  );
  return rows.map((row) => eventName(row.event_type));
}

const relayOn = (place: TestPlace): object => ({
  eventAt: Date.now(),
  eventType: "DEV_DOOR_RELAY_ON",
  doorId: place.doorIds[0],
  deviceId: place.deviceIds[0],
});
const eventsFrame = (session: number, first: number, events: object[], changes: object = {}): object => ({
  session,
  generation: 7,
  first,
  events,
  sentAt: Date.now(),
  ...(first === 1 ? { predecessor: null } : {}),
  ...changes,
});

test("a controller that greets is told who it is and is brought to the place's roster", async () => {
  const { place, identity, put } = await newScene();
  const [door = 0] = place.doorIds;
  const revision = await put(doorItem(door), authItem(1), authItem(2, { doors: [door] }));
  const link = await LinkClient.connect(world.url, identity);
  const welcome = await link.hello();
  assert.equal(welcome.placeId, place.placeId);
  assert.deepEqual(
    welcome.doors.map((served) => served.doorId),
    place.doorIds,
  );
  const replica = new Replica(place.doorIds);
  await takeUntilComplete(link, replica, welcome.session, revision);
  assert.deepEqual([...replica.items.keys()].sort(), ["auth:1", "auth:2", `door:${door}`]);
  await eventually("the confirmation", async () => (await confirmedRevision(place.controllerId)) === revision);
  await link.end();
});

test("a change reaches a connected controller without being asked for", async () => {
  const { place, identity, put } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const replica = new Replica(place.doorIds);
  await takeUntilComplete(link, replica, session, 0);
  const revision = await put(authItem(5));
  await takeUntilComplete(link, replica, session, revision);
  assert.ok(replica.items.has("auth:5"));
  await link.end();
});

test("gateway: a replica with a missing item is mended by its bucket alone", async () => {
  const { place, identity, put } = await newScene();
  const items = Array.from({ length: 600 }, (_, index) => authItem(index + 1));
  const revision = await put(...items);
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const replica = new Replica(place.doorIds);
  await takeUntilComplete(link, replica, session, revision);
  await eventually("the confirmation", async () => (await confirmedRevision(place.controllerId)) === revision);

  // A disk that lost one item, kept one it should not have, and changed a third.
  replica.items.delete("auth:10");
  replica.items.set("auth:9000", authItem(9_000));
  replica.items.set("auth:20", authItem(20, { name: "somebody else" }));
  const next = await put(authItem(601));
  await takeUntilComplete(link, replica, session, next);
  const compare = await link.roster();
  assert.ok(compare.compare !== undefined, "the server asks for the differing buckets");
  await link.send("synced", {
    session,
    batch: compare.batch,
    urgentTo: next,
    completeTo: next,
    failures: [],
    hashes: differing(replica, compare),
  });
  const repair = await link.roster();
  assert.equal(repair.replace, true);
  assert.deepEqual(repair.items.map((item) => `${item.key}${item.gone === true ? " gone" : ""}`).sort(), [
    "auth:10",
    "auth:20",
    "auth:9000 gone",
  ]);
  replica.take(repair);
  await link.send("synced", replica.synced(session, repair));
  const proof = await link.roster();
  assert.equal(proof.completeTo, next);
  await link.send("synced", replica.synced(session, proof));
  await eventually("the confirmation", async () => (await confirmedRevision(place.controllerId)) === next);
  await link.end();
});

/** The buckets whose sums differ from the server's, with what the replica holds in them. */
test("a controller filled from another epoch is compared before anything is believed", async () => {
  const { place, identity, put } = await newScene();
  await put(authItem(1));
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello({ epoch: "another", roster: { urgentTo: 90, completeTo: 90, itemCount: 1 } });
  const compare = await link.roster();
  assert.ok(compare.compare !== undefined);
  const replica = new Replica(place.doorIds);
  replica.items.set("auth:77", authItem(77));
  await link.send("synced", {
    session,
    batch: compare.batch,
    urgentTo: 90,
    completeTo: 90,
    failures: [],
    hashes: differing(replica, compare),
  });
  const repair = await link.roster();
  replica.take(repair);
  assert.deepEqual([...replica.items.keys()], ["auth:1"]);
  await link.end();
});

test("gateway: what is answered as stored is committed", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  await link.send("events", eventsFrame(session, 1, [relayOn(place), relayOn(place)]));
  const { serverMs, ...stored } = await link.stored();
  assert.deepEqual(stored, { generation: 7, through: 2, refused: [] });
  assert.ok(Math.abs((serverMs ?? 0) - Date.now()) < 5_000, "with the server's time");
  assert.equal((await storedTypes(place.placeId)).length, 2);
  await link.end();
});

test("what happened at a door or device is taken after it was given away, and what never was the controller's is not", async () => {
  const [{ place, identity }, other] = [await newScene(), await newScene()];
  await prepared.database.query("update controllers set served_door_ids = '{}', served_device_ids = '{}'");
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  await prepared.database.query("update doors set controller_id = null where place_id = $1", [place.placeId]);
  await prepared.database.query("update devices set door_id = null where place_id = $1", [place.placeId]);
  await link.send("events", eventsFrame(session, 1, [relayOn(place), relayOn(other.place)]));
  const { serverMs: _, ...stored } = await link.stored();
  assert.deepEqual(stored, { generation: 7, through: 2, refused: [{ localLogId: 2, code: "door_unknown" }] });
  assert.deepEqual(await storedTypes(place.placeId), ["DEV_DOOR_RELAY_ON", "EVENT_REFUSED"]);
  await link.end();
});

test("a controller that comes back is told how far its log is stored", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  await link.send("events", eventsFrame(session, 1, [relayOn(place), relayOn(place), relayOn(place)]));
  await link.stored();
  await link.end();
  const again = await LinkClient.connect(world.url, identity);
  const welcome = await again.hello({
    generations: [
      { generation: 8, predecessor: { generation: 7, last: 5 }, first: 6, last: 6 },
      { generation: 7, predecessor: null, first: 1, last: 5 },
    ],
  });
  assert.deepEqual(welcome.marks, [{ generation: 7, through: 3 }]);
  await again.end();
});

test("gateway: a stale session appends nothing", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  // As another process does when the controller greets it.
  await prepared.database.query("update controllers set session_number = session_number + 1 where controller_id = $1", [
    place.controllerId,
  ]);
  await link.send("events", eventsFrame(session, 1, [relayOn(place)])).catch(() => undefined);
  await link.closed();
  assert.deepEqual(await storedTypes(place.placeId), []);
});

test("a frame that names another session ends the connection and changes nothing", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  await link.send("events", eventsFrame(session + 1, 1, [relayOn(place)])).catch(() => undefined);
  await link.closed();
  assert.deepEqual(await storedTypes(place.placeId), []);
});

test("gateway: a second live connection of one serial is refused", async () => {
  const { place, identity } = await newScene();
  const first = await LinkClient.connect(world.url, identity);
  await first.hello();
  await assert.rejects(LinkClient.connect(world.url, identity));
  assert.equal(first.isClosed, false);
  assert.deepEqual(await storedTypes(place.placeId), ["CONTROLLER_SESSION_REFUSED"]);
  await first.end();
});

test("a connection that another living process holds is refused here, and one of a dead process is not", async () => {
  const { place, identity } = await newScene();
  const others = new Set([77]);
  const second = await startGatewayWorld(prepared.database, 2, (instanceId) => others.has(instanceId));
  await prepared.database.query("update controllers set connected_instance = 77 where controller_id = $1", [place.controllerId]);
  await assert.rejects(LinkClient.connect(second.url, identity));
  others.delete(77);
  const link = await LinkClient.connect(second.url, identity);
  await link.hello();
  await link.end();
  await second.stop();
});

const OUT_OF_TURN: [string, (link: LinkClient, session: number) => Promise<void>][] = [
  ["broken JSON", (link) => link.send("events", "{")],
  ["a frame without its fields", (link) => link.send("events", { session: 1 })],
  ["a second hello", (link) => link.hello().then(() => undefined)],
  [
    "too many events",
    (link, session) =>
      link.send(
        "events",
        eventsFrame(
          session,
          1,
          Array.from({ length: 300 }, () => ({})),
        ),
      ),
  ],
  ["a kind that is not used yet", (link) => link.send("ask", {})],
];
for (const [title, act] of OUT_OF_TURN) {
  test(`a connection that sends ${title} is ended, and another controller's goes on`, async () => {
    const [bad, good] = [await newScene(), await newScene()];
    const badLink = await LinkClient.connect(world.url, bad.identity);
    const goodLink = await LinkClient.connect(world.url, good.identity);
    const { session } = await badLink.hello();
    const { session: goodSession } = await goodLink.hello();
    await act(badLink, session).catch(() => undefined);
    await badLink.closed();
    await goodLink.send("events", eventsFrame(goodSession, 1, [relayOn(good.place)]));
    assert.equal((await goodLink.stored()).through, 1);
    await goodLink.end();
  });
}

test("events before the hello end the connection", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  await link.send("events", eventsFrame(1, 1, [relayOn(place)])).catch(() => undefined);
  await link.closed();
  assert.deepEqual(await storedTypes(place.placeId), []);
});

test("a controller without a claimed key, with another's key or of an unknown serial cannot connect", async () => {
  const { place, identity } = await newScene();
  const other = await newScene();
  await assert.rejects(LinkClient.connect(world.url, { ...identity, privateKey: other.identity.privateKey }));
  await assert.rejects(LinkClient.connect(world.url, { ...identity, serial: "999999999" }));
  await prepared.database.query("update controllers set public_key = null where controller_id = $1", [place.controllerId]);
  await assert.rejects(LinkClient.connect(world.url, identity));
});

async function commandState(commandId: number): Promise<string | undefined> {
  const [row] = await prepared.database.query<{ state: string }>("select state from door_commands where command_id = $1", [commandId]);
  return row?.state;
}

function commandFor(place: TestPlace, notAfterMs: number): NewCommand & { command: "ONCE_OPEN" } {
  const nowMs = Date.now();
  const [doorId = 0] = place.doorIds;
  return {
    command: "ONCE_OPEN",
    placeId: place.placeId,
    doorId,
    controllerId: place.controllerId,
    actAtMs: nowMs,
    notAfterMs,
    askedBy: "test",
    madeAtMs: nowMs,
  };
}

test("a command goes to its door's controller once, and what came of it is written down", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const commandId = await insertCommand(prepared.database, commandFor(place, Date.now() + 60_000));
  await world.gateway.sendDueCommands();
  await world.gateway.sendDueCommands();
  const read = readCommand(await link.next("command"));
  assert.ok(read.ok && read.frame.command === "ONCE_OPEN");
  assert.deepEqual([read.frame.commandId, read.frame.doorId], [commandId, place.doorIds[0]]);
  assert.ok(!link.frames.some((frame) => frame.kind === "command"));
  await link.send("result", { session, commandId, outcome: "done" });
  await eventually("the result", async () => (await commandState(commandId)) === "done");
  await link.end();
});

test("a card that a device was told to learn comes back with the result, and with no other command's", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const base = commandFor(place, Date.now() + 60_000);
  const [device] = await prepared.database.query<{ device_id: number }>("select device_id from devices where door_id = $1", [base.doorId]);
  const deviceId = device?.device_id ?? 0;
  const card = { cardNumber: "12-123", formatType: "WIEGAND", formatData: "26" };
  const learnId = await insertCommand(prepared.database, { ...base, command: "LEARN_CARD", deviceId });
  const openId = await insertCommand(prepared.database, base);
  await world.gateway.sendDueCommands();
  const read = readCommand(await link.next("command"));
  assert.deepEqual(read.ok && [read.frame.commandId, read.frame.command, "deviceId" in read.frame && read.frame.deviceId], [
    learnId,
    "LEARN_CARD",
    deviceId,
  ]);
  for (const commandId of [openId, learnId]) await link.send("result", { session, commandId, outcome: "done", card });
  await eventually("both results", async () => (await commandState(learnId)) === "done" && (await commandState(openId)) === "done");
  const rows = await prepared.database.query<{ result: unknown }>(
    "select result from door_commands where command_id = any($1) order by command_id",
    [[learnId, openId]],
  );
  assert.deepEqual(
    rows.map((row) => row.result),
    [{ card }, null],
  );
  await assert.rejects(prepared.database.query("update door_commands set device_id = null where command_id = $1", [learnId]));
  await link.end();
});

test("a command beyond its time is never sent", async () => {
  const { place, identity } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  await link.hello();
  const commandId = await insertCommand(prepared.database, commandFor(place, Date.now() - 1));
  await world.gateway.sendDueCommands();
  assert.equal(await commandState(commandId), "too_late");
  assert.ok(!link.frames.some((frame) => frame.kind === "command"));
  await link.end();
});

async function commandEnd(commandId: number): Promise<string> {
  const text = "select concat_ws(' ', state, reason) as text from door_commands where command_id = $1";
  const [row] = await prepared.database.query<{ text: string }>(text, [commandId]);
  return row?.text ?? "";
}

test("a command whose controller is away, or never says what came of it, ends a moment after its time and not before", async () => {
  const { place } = await newScene();
  const sent = async (notAfterMs: number): Promise<number> => {
    const commandId = await insertCommand(prepared.database, commandFor(place, notAfterMs));
    await prepared.database.query("update door_commands set state = 'sent' where command_id = $1", [commandId]);
    return commandId;
  };
  const nowMs = Date.now();
  const unanswered = await sent(nowMs - COMMAND_ANSWER_GRACE_MS - 1);
  const maybeAnswered = await sent(nowMs - COMMAND_ANSWER_GRACE_MS + 60_000);
  const unsent = await insertCommand(prepared.database, commandFor(place, nowMs - 1));
  const waiting = await insertCommand(prepared.database, commandFor(place, nowMs + 60_000));
  await world.gateway.sendDueCommands();
  assert.deepEqual(await Promise.all([unanswered, maybeAnswered, unsent, waiting].map(commandEnd)), [
    "failed command_unanswered",
    "sent",
    "too_late command_too_late",
    "waiting",
  ]);
});

test("a command that its controller has forgotten ends with the next hello, and one that is under way goes on", async () => {
  const { place, identity } = await newScene();
  const first = await LinkClient.connect(world.url, identity);
  await first.hello();
  const ids: number[] = [];
  for (let count = 0; count < 2; count += 1) ids.push(await insertCommand(prepared.database, commandFor(place, Date.now() + 60_000)));
  await world.gateway.sendDueCommands();
  const [forgotten = 0, underWay = 0] = ids;
  await first.end();
  const unsent = await insertCommand(prepared.database, commandFor(place, Date.now() + 60_000));
  const second = await LinkClient.connect(world.url, identity);
  const { session } = await second.hello({ commands: [underWay] });
  assert.deepEqual(await Promise.all([forgotten, underWay, unsent].map(commandEnd)), ["failed command_forgotten", "sent", "waiting"]);
  await second.send("result", { session, commandId: underWay, outcome: "done" });
  await eventually("the result", async () => (await commandState(underWay)) === "done");
  await second.end();
});

test("another controller cannot say what came of a command", async () => {
  const [mine, other] = [await newScene(), await newScene()];
  const otherLink = await LinkClient.connect(world.url, other.identity);
  const { session } = await otherLink.hello();
  const commandId = await insertCommand(prepared.database, commandFor(mine.place, Date.now() + 60_000));
  await otherLink.send("result", { session, commandId, outcome: "done" });
  await otherLink.send("events", eventsFrame(session, 1, [relayOn(other.place)]));
  await otherLink.stored();
  assert.equal(await commandState(commandId), "waiting");
  await otherLink.end();
});

test("an item the controller refuses is named with its reason, and the others stand", async () => {
  const { place, identity, put } = await newScene();
  const revision = await put(authItem(1), authItem(2));
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const frame = await link.roster();
  assert.equal(frame.completeTo, revision);
  await link.send("synced", {
    session,
    batch: frame.batch,
    urgentTo: revision,
    completeTo: revision,
    digest: "f".repeat(64),
    failures: [{ key: "auth:1", revision, code: "item_malformed" }],
  });
  await eventually("the failure to be readable", async () => {
    await world.confirmations.flush();
    const [row] = await prepared.database.query<{ failures: { key: string }[]; urgent_revision: number }>(
      "select failures, urgent_revision from controllers where controller_id = $1",
      [place.controllerId],
    );
    return row?.failures[0]?.key === "auth:1" && row.urgent_revision === revision;
  });
  assert.equal(await confirmedRevision(place.controllerId), 0);
  await link.end();
});

test("what the roster holds is what the replica of a wholly filled controller holds", async () => {
  const { place, identity, put, remove } = await newScene();
  const link = await LinkClient.connect(world.url, identity);
  const { session } = await link.hello();
  const replica = new Replica(place.doorIds);
  let revision = 0;
  for (let round = 0; round < 20; round += 1) {
    revision = await put(authItem(round + 1), authItem(round + 100, { doors: [place.doorIds[0] ?? 0] }));
    if (round % 3 === 0) revision = await remove(authItem(round + 1));
  }
  await takeUntilComplete(link, replica, session, revision);
  const { rows } = await readChangesSince(prepared.database, place.placeId, 0, 1_000);
  const wanted = rows.filter((row) => row.item !== null).map((row) => [row.key, (row.item as AuthItem).name]);
  assert.deepEqual([...replica.items].map(([key, item]) => [key, (item as AuthItem).name]).sort(), wanted.sort());
  await link.end();
});
