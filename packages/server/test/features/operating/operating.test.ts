import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { DoorCommand, DoorModeAnswer, Lockdown } from "@postern/contract";
import { dataOf, refusedFor } from "../support/answers.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());
beforeEach(() => connect(true));

/** Whether the demo's controller has a live connection, as far as the database knows. */
async function connect(isConnected: boolean): Promise<void> {
  await server.test.database.execute("update controllers set connected_instance = $1 where place_id = $2", [
    isConnected ? 1 : null,
    PLACE_ID,
  ]);
}

const publish = (command: string, { doorId = 234, eventTime = server.nowMs, key = "all", prefix = "/v1" } = {}): Promise<Answer> =>
  server.call("POST", `${prefix}/doors/${doorId}/shadow/publish`, { body: { eventTime, command }, key });

async function mode(doorId: number): Promise<unknown> {
  const [row] = await server.test.database.query<{ item: Record<string, unknown> }>("select item from roster_items where item_key = $1", [
    `mode:${doorId}`,
  ]);
  return row?.item;
}

async function lastEvents(count: number): Promise<string[]> {
  const { body } = await server.call("GET", `/v1/events/places/${PLACE_ID}/elastic?sort=id,desc&size=${count}`);
  return (body as { data: { eventType: string; doorId?: number }[] }).data.map((event) =>
    `${event.eventType} ${event.doorId ?? ""}`.trim(),
  );
}

test("CLUe's four commands are carried out: modes into the roster, one opening as a command, each with its event", async () => {
  const answer = await publish("ALWAYS_OPEN");
  const said = { eventTime: server.nowMs, command: "ALWAYS_OPEN" };
  assert.deepEqual(answer.body, { code: 200, status: true, message: "OK", ...said, data: said });
  assert.deepEqual(await mode(234), { kind: "mode", id: 234, operator: "unlocked", lockdown: false });
  dataOf(await publish("ALWAYS_CLOSE", { prefix: "/v1/be" }));
  assert.deepEqual(await mode(234), { kind: "mode", id: 234, operator: "locked", lockdown: false });
  dataOf(await publish("RELEASE_MANUAL_MODE", { prefix: "/api/v1" }));
  assert.deepEqual(await mode(234), { kind: "mode", id: 234, operator: "none", lockdown: false });
  dataOf(await publish("ONCE_OPEN"));
  assert.deepEqual(await lastEvents(4), [
    "DOOR_TEMP_OPEN_REQ 234",
    "DOOR_MANUAL_RELEASE_REQ 234",
    "DOOR_MANUAL_CLOSE_REQ 234",
    "DOOR_MANUAL_OPEN_REQ 234",
  ]);
  const commands = await server.test.database.query<{ text: string }>(
    "select concat_ws(' ', command, state, not_after - act_at) as text from door_commands order by command_id",
  );
  assert.deepEqual(
    commands.map(({ text }) => text),
    ["ALWAYS_OPEN done 60000", "ALWAYS_CLOSE done 86400000", "RELEASE_MANUAL_MODE done 86400000", "ONCE_OPEN waiting 10000"],
  );
});

test("while the controller is offline CLUe's commands are refused and change nothing", async () => {
  await connect(false);
  const counts = await databaseCounts(server.test.database);
  for (const command of ["ONCE_OPEN", "ALWAYS_OPEN", "ALWAYS_CLOSE", "RELEASE_MANUAL_MODE"])
    assert.equal(refusedFor(await publish(command)), "e1006");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a bad command and a time more than a day ahead are named, and change nothing", async () => {
  const counts = await databaseCounts(server.test.database);
  const day = 86_400_000;
  assert.equal(refusedFor(await publish("OPEN_SESAME")), "e1005 command");
  for (const command of ["ONCE_OPEN", "ALWAYS_OPEN", "ALWAYS_CLOSE", "RELEASE_MANUAL_MODE"])
    assert.equal(refusedFor(await publish(command, { eventTime: server.nowMs + day + 1 })), "e1005 eventTime");
  assert.equal(refusedFor(await server.call("POST", "/v1/doors/234/shadow/publish", { body: {} })), "e1005 eventTime command");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a door out of reach answers like one that does not exist, and without the scope nothing is done", async () => {
  for (const key of ["foreign", "second", "nowhere"]) {
    assert.deepEqual((await publish("ONCE_OPEN", { key })).body, (await publish("ONCE_OPEN", { key, doorId: 9_999 })).body, key);
  }
  assert.equal(refusedFor(await publish("ONCE_OPEN", { key: "people" })), "e1001");
});

const commandsOf = async (doorId: number): Promise<readonly DoorCommand[]> =>
  ((await server.call("GET", `/v2/doors/${doorId}/commands`)).body as { items: DoorCommand[] }).items;
const lastOf = async (doorId: number): Promise<DoorCommand> => {
  const last = (await commandsOf(doorId)).at(-1);
  assert.ok(last !== undefined);
  return last;
};

test("CLUe's commands for the last five minutes are carried out now; older ones lock, and open nothing", async () => {
  for (const eventTime of [0, server.nowMs - 86_400_000]) {
    const answer = await publish("ALWAYS_CLOSE", { doorId: 236, eventTime });
    assert.equal((dataOf(answer) as { eventTime: number }).eventTime, eventTime, "the answer says what was asked");
    assert.equal(((await mode(236)) as { operator: string }).operator, "locked");
    for (const command of ["ONCE_OPEN", "ALWAYS_OPEN", "RELEASE_MANUAL_MODE"] as const) {
      const refused = await publish(command, { doorId: 236, eventTime });
      assert.equal(refused.status, 400, command);
      assert.match(JSON.stringify(refused.body), /"e1005".*"eventTime".*more than five minutes ago/);
    }
    assert.equal(((await mode(236)) as { operator: string }).operator, "locked", "it stays locked");
    dataOf(await publish("RELEASE_MANUAL_MODE", { doorId: 236, eventTime: server.nowMs - 290_000 }));
  }
  dataOf(await publish("ONCE_OPEN", { doorId: 236, eventTime: server.nowMs - 290_000 }));
  const { state, actAt, notAfter } = await lastOf(236);
  assert.deepEqual([state, actAt, notAfter], ["waiting", server.nowMs, server.nowMs + 10_000]);
});

test("a mode for later is written down with its event, changes nothing before its time, and holds the door then, whichever server lives", async () => {
  const eventTime = server.nowMs + 3_600_000;
  dataOf(await publish("ALWAYS_OPEN", { doorId: 236, eventTime }));
  const ordered = await lastOf(236);
  assert.deepEqual([ordered.state, ordered.actAt, ordered.askedBy], ["scheduled", eventTime, "all"]);
  assert.equal((await lastEvents(1))[0], "DOOR_MANUAL_OPEN_REQ 236");
  server.nowMs = eventTime - 1;
  await server.services.operating.carryOutOrders();
  assert.equal(((await mode(236)) as { operator: string }).operator, "none");
  server.nowMs = eventTime;
  await Promise.all([server.services.operating.carryOutOrders(), server.services.operating.carryOutOrders()]);
  assert.equal(((await mode(236)) as { operator: string }).operator, "unlocked");
  assert.equal((await lastOf(236)).state, "done");
  const requests = (await lastEvents(10)).filter((event) => event === "DOOR_MANUAL_OPEN_REQ 236");
  assert.equal(requests.length, 1, "one wish, one event");
  server.nowMs += 61_001;
  await server.services.operating.takeBackModes();
  assert.equal(((await mode(236)) as { operator: string }).operator, "none", "nobody confirmed it");
});

test("a server that comes back late locks a door that was to be locked, and unlocks none", async () => {
  const eventTime = server.nowMs + 60_000;
  dataOf(await publish("ALWAYS_OPEN", { doorId: 235, eventTime }));
  dataOf(await publish("ALWAYS_CLOSE", { doorId: 236, eventTime }));
  server.nowMs = eventTime + 60_001;
  await server.services.operating.carryOutOrders();
  assert.equal(((await mode(235)) as { operator: string } | undefined)?.operator ?? "none", "none");
  assert.equal(((await mode(236)) as { operator: string }).operator, "locked");
  dataOf(await publish("RELEASE_MANUAL_MODE", { doorId: 236 }));
});

const cancel = (commandId: number, key = "all"): Promise<Answer> => server.call("DELETE", `/v2/commands/${commandId}`, { key });

test("what is scheduled can be taken back until it is on its way, by whoever may operate the door", async () => {
  const order = { command: "ALWAYS_CLOSE", actAt: server.nowMs + 60_000 };
  const { status, body } = await server.call("POST", "/v2/doors/236/commands", { body: order });
  const { commandId, state } = body as DoorCommand;
  assert.deepEqual([status, state], [202, "scheduled"]);
  assert.equal((await cancel(commandId, "people")).status, 403);
  assert.equal((await cancel(commandId, "foreign")).status, 404);
  const cancelled = (await cancel(commandId)).body as DoorCommand;
  assert.deepEqual([cancelled.state, cancelled.reason, cancelled.endedAt], ["cancelled", "command_cancelled", server.nowMs]);
  assert.equal((await cancel(commandId)).status, 409);
  server.nowMs += 60_000;
  await server.services.operating.carryOutOrders();
  assert.equal(((await mode(236)) as { operator: string }).operator, "none");
  const opening = (await server.call("POST", "/v2/doors/236/open")).body as DoorCommand;
  await server.test.database.execute("update door_commands set state = 'sent' where command_id = $1", [opening.commandId]);
  assert.equal((await cancel(opening.commandId)).status, 409);
});

test("a door's commands are listed in the order of asking, and those that have not ended alone where that is asked", async () => {
  const all = await commandsOf(236);
  assert.deepEqual(
    all.map(({ commandId }) => commandId),
    all.map(({ commandId }) => commandId).toSorted((one, other) => one - other),
  );
  const open = (await server.call("GET", "/v2/doors/236/commands?open=true&limit=1")).body as { items: DoorCommand[]; next?: string };
  assert.deepEqual(
    open.items[0],
    all.find(({ endedAt }) => endedAt === null),
  );
  assert.equal((await server.call("GET", "/v2/doors/236/commands", { key: "people" })).status, 403);
});

const openAt = (actAt: number): Promise<Answer> => server.call("POST", "/v2/doors/235/open", { body: { actAt } });
const setMode = (body: unknown): Promise<Answer> => server.call("PUT", "/v2/doors/235/mode", { body });

test("a mode is set also while the door is offline, and an unlocking one that nobody confirms in time is taken back", async () => {
  await connect(false);
  const { status, body } = await setMode({ operator: "unlocked" });
  assert.equal(status, 200);
  assert.equal((body as DoorModeAnswer).mode.notAfter, server.nowMs + 60_000);
  server.nowMs += 61_000;
  await server.services.operating.takeBackModes();
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "unlocked", lockdown: false }, "not yet");
  server.nowMs += 1;
  await server.services.operating.takeBackModes();
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "none", lockdown: false });
  assert.equal((await lastEvents(1))[0], "DOOR_MANUAL_RELEASE_REQ 235");
});

test("a wish for another moment moves no bolt: its field is named and nothing changes", async () => {
  await connect(true);
  const counts = await databaseCounts(server.test.database);
  const dayMs = 86_400_000;
  const refusals: (readonly [Promise<Answer>, string])[] = [
    [setMode({ operator: "unlocked", notAfter: server.nowMs }), "notAfter has passed"],
    [setMode({ operator: "unlocked", notAfter: server.nowMs + dayMs + 1 }), "notAfter lies more than a day ahead"],
    [openAt(server.nowMs - 300_001), "actAt has passed more than five minutes ago"],
    [openAt(server.nowMs + dayMs + 1), "actAt lies more than a day ahead"],
  ];
  for (const [asked, expected] of refusals) {
    const { status, body } = await asked;
    const [problem] = (body as { errors: { field: string; message: string }[] }).errors;
    assert.deepEqual([status, `${problem?.field} ${problem?.message}`], [400, expected]);
  }
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("an unlocking mode that the door confirmed stays, and a locking one needs no confirmation", async () => {
  await setMode({ operator: "unlocked" });
  await server.test.database.execute(
    "update controllers set urgent_revision = (select revision from roster_heads where place_id = $1) where place_id = $1",
    [PLACE_ID],
  );
  server.nowMs += 120_000;
  await server.services.operating.takeBackModes();
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "unlocked", lockdown: false });
  await setMode({ operator: "locked" });
  server.nowMs += 120_000;
  await server.services.operating.takeBackModes();
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "locked", lockdown: false });
  await setMode({ operator: "none" });
});

test("a lockdown holds every door of the place or those named, beside the operator's own mode, until it ends", async () => {
  await setMode({ operator: "locked" });
  const begin = async (doors: unknown): Promise<Lockdown> =>
    (await server.call("PUT", `/v2/places/${PLACE_ID}/lockdown`, { body: { doors } })).body as Lockdown;
  assert.deepEqual(await begin([234]), { placeId: PLACE_ID, doorIds: [234], isWhole: false });
  assert.deepEqual(await begin("all"), { placeId: PLACE_ID, doorIds: [234, 235, 236], isWhole: true });
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "locked", lockdown: true });
  const { body } = await server.call("DELETE", `/v2/places/${PLACE_ID}/lockdown`);
  assert.deepEqual(body, { placeId: PLACE_ID, doorIds: [], isWhole: false });
  assert.deepEqual(await mode(235), { kind: "mode", id: 235, operator: "locked", lockdown: false });
  assert.deepEqual(await lastEvents(3), ["LOCKDOWN_END_REQ", "LOCKDOWN_BEGIN_REQ", "LOCKDOWN_BEGIN_REQ"]);
  const wrong = await server.call("PUT", `/v2/places/${PLACE_ID}/lockdown`, { body: { doors: [9_999] } });
  assert.equal(wrong.status, 400);
  await setMode({ operator: "none" });
});

test("an opening can be watched to its end, and a repeat with the same Idempotency-Key asks the door once", async () => {
  const open = (wait: number): Promise<Answer> =>
    server.call("POST", `/v2/doors/236/open?wait=${wait}`, { headers: { "idempotency-key": "open-1" } });
  const first = await open(0);
  assert.equal(first.status, 202);
  const { commandId, state } = first.body as DoorCommand;
  assert.equal(state, "waiting");
  assert.equal(((await open(0)).body as DoorCommand).commandId, commandId);
  const waiting = server.call("GET", `/v2/commands/${commandId}?wait=10`);
  const further = server.call("GET", `/v2/commands/${commandId}?wait=10&past=waiting`);
  const set = (text: string): Promise<number> =>
    server.test.database.execute(`update door_commands set ${text} where command_id = $2`, [server.nowMs, commandId]);
  await set("state = 'sent', sent_at = $1");
  assert.equal(((await further).body as DoorCommand).state, "sent");
  await set("state = 'done', ended_at = $1");
  assert.equal(((await waiting).body as DoorCommand).state, "done");
  const bolt = server.call("GET", `/v2/commands/${commandId}?wait=10&past=ended`);
  await set("relay_on_at = $1");
  assert.equal(((await bolt).body as DoorCommand).relayOnAt, server.nowMs);
  const fallen = server.call("GET", `/v2/commands/${commandId}?wait=10&past=relay_on`);
  await set("relay_off_at = $1");
  assert.equal(((await fallen).body as DoorCommand).relayOffAt, server.nowMs);
  assert.equal((await server.call("GET", `/v2/commands/${commandId}`, { key: "foreign" })).status, 404);
  await connect(false);
  assert.equal((await server.call("POST", "/v2/doors/236/open")).status, 503);
});

async function deviceOf(doorId: number): Promise<number> {
  const [row] = await server.test.database.query<{ deviceId: number }>(`select device_id as "deviceId" from devices where door_id = $1`, [
    doorId,
  ]);
  return row?.deviceId ?? 0;
}

const learn = (deviceId: number, { body, key = "all" }: { body?: unknown; key?: string } = {}): Promise<Answer> =>
  server.call("POST", `/v2/devices/${deviceId}/learn`, { body, key });

/** As its controller would tell it. */
async function learnt(commandId: number): Promise<void> {
  const result = { card: { cardNumber: "12-123", formatType: "WIEGAND", formatData: "34" } };
  await server.test.database.execute("update door_commands set state = 'done', result = $2, ended_at = $3 where command_id = $1", [
    commandId,
    JSON.stringify(result),
    server.nowMs,
  ]);
}

const cardOf = async (commandId: number, key = "all"): Promise<unknown> =>
  ((await server.call("GET", `/v2/commands/${commandId}`, { key })).body as DoorCommand).card;

test("a device is asked for the next card for as long as was said, with an audit row and no event of the ledger", async () => {
  const deviceId = await deviceOf(234);
  const before = await lastEvents(20);
  const { status, body } = await learn(deviceId, { body: { withinMs: 120_000 } });
  assert.equal(status, 202);
  const { commandId, madeAt, ...command } = body as DoorCommand;
  const nothingYet = { askedBy: "all", sentAt: null, relayOnAt: null, relayOffAt: null };
  const asked = {
    ...nothingYet,
    placeId: PLACE_ID,
    doorId: 234,
    deviceId,
    command: "LEARN_CARD",
    state: "waiting",
    reason: null,
    endedAt: null,
  };
  assert.deepEqual(command, { ...asked, actAt: server.nowMs, notAfter: server.nowMs + 120_000 });
  assert.deepEqual(await lastEvents(20), before);
  const [row] = await server.test.database.query<{ text: string }>(
    "select concat_ws(' ', action, target_kind, target_id, detail->>'commandId', at) as text from audit order by audit_id desc limit 1",
  );
  assert.equal(row?.text, `device.learn device ${deviceId} ${commandId} ${madeAt}`);
  const { body: usual } = await learn(deviceId);
  assert.equal((usual as DoorCommand).notAfter, server.nowMs + 30_000);
});

test("nothing is learnt at a device out of reach or without a connection, without the scope, or for longer than two minutes", async () => {
  const deviceId = await deviceOf(234);
  const counts = await databaseCounts(server.test.database);
  for (const key of ["foreign", "second", "nowhere"]) {
    const [hidden, missing] = [await learn(deviceId, { key }), await learn(999_999, { key })];
    assert.deepEqual([hidden.status, hidden.body], [404, missing.body], key);
  }
  assert.equal((await learn(deviceId, { key: "doors:operate" })).status, 403);
  for (const withinMs of [999, 120_001, "1000"]) assert.equal((await learn(deviceId, { body: { withinMs } })).status, 400);
  await connect(false);
  assert.deepEqual([(await learn(deviceId)).status], [503]);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a learnt card is told to who may see people alone, and to nobody once its ten minutes are over", async () => {
  const { commandId } = (await learn(await deviceOf(234))).body as DoorCommand;
  await learnt(commandId);
  const card = { cardNumber: "12-123", formatType: "WIEGAND", formatData: "34" };
  assert.deepEqual([await cardOf(commandId), await cardOf(commandId, "people")], [card, card]);
  assert.equal(await cardOf(commandId, "doors:operate"), undefined);
  server.nowMs += 10 * 60_000;
  await server.services.operating.dropLearntCards();
  assert.deepEqual(await cardOf(commandId), card, "not yet");
  server.nowMs += 1;
  await server.services.operating.dropLearntCards();
  assert.equal(await cardOf(commandId), undefined);
  const [row] = await server.test.database.query<{ result: unknown; state: string }>(
    "select result, state from door_commands where command_id = $1",
    [commandId],
  );
  assert.deepEqual(row, { result: null, state: "done" }, "what came of it stays, the card does not");
});

test("erasing somebody forgets the cards that were learnt at their places meanwhile", async () => {
  const body = { userKey: "erased", startAt: 1_000, endAt: 2_000_000_000_000, doors: "all" };
  const { userId } = (await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body })).body as { userId: number };
  const { commandId } = (await learn(await deviceOf(234))).body as DoorCommand;
  await learnt(commandId);
  assert.equal((await server.call("DELETE", `/v2/people/${userId}`)).status, 200);
  assert.equal(await cardOf(commandId), undefined);
});

test("every act at a door is in the audit log with who did it", async () => {
  const rows = await server.test.database.query<{ action: string; source: string }>(
    "select distinct action, source from audit where action ~ '^(door|device|lockdown)' order by action, source",
  );
  assert.deepEqual(
    rows.map(({ action, source }) => `${action} ${source}`),
    [
      "device.learn API_TOKEN",
      "door.cancel API_TOKEN",
      "door.mode API_TOKEN",
      "door.mode SYSTEM",
      "door.open API_TOKEN",
      "door.order API_TOKEN",
      "lockdown.begin API_TOKEN",
      "lockdown.end API_TOKEN",
    ],
  );
});
