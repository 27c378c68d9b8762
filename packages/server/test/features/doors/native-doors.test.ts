import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ControllerProof, type ControllerResource, type Device, type Door, eventName } from "@postern/contract";
import type { AuthItem, DoorItem } from "@postern/core";
import { DOORS_PER_PLACE_MAX } from "../../../src/features/doors/limits.ts";
import { bodyOf } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { problemOf } from "../support/problems.ts";
import { rosterItem, rosterRevision } from "../support/roster-reader.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const DOORS = `/v2/places/${PLACE_ID}/doors`;

function ok<Body>({ status, body }: Answer): Body {
  assert.ok(status < 300, JSON.stringify(body));
  return body as Body;
}

async function made(body: object = {}, call: Call = {}): Promise<Door> {
  return ok(await server.call("POST", DOORS, { body: { name: "North gate", ...body }, ...call }));
}

async function read(doorId: number): Promise<Door> {
  return ok(await server.call("GET", `/v2/doors/${doorId}`));
}

function change(doorId: number, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return server.call("PATCH", `/v2/doors/${doorId}`, { body, headers });
}

async function device(deviceId: number | null): Promise<Device> {
  return ok(await server.call("GET", `/v2/devices/${deviceId}`));
}

async function newController(doorIds: readonly number[]): Promise<ControllerResource> {
  return ok(await server.call("POST", `/v2/places/${PLACE_ID}/controllers`, { body: { name: "lobby", doorIds } }));
}

async function itemOf(doorId: number): Promise<DoorItem | null | undefined> {
  return (await rosterItem(server.test.database, PLACE_ID, `door:${doorId}`)) as DoorItem | null | undefined;
}

async function authItemOf(authId: number): Promise<AuthItem> {
  return (await rosterItem(server.test.database, PLACE_ID, `auth:${authId}`)) as AuthItem;
}

async function eventsOf(doorId: number): Promise<readonly (string | null)[]> {
  const text = "select event_type from events where place_id = $1 and door_id = $2 order by sequence";
  const rows = await server.test.database.query<{ event_type: number }>(text, [PLACE_ID, doorId]);
  return rows.map((row) => eventName(row.event_type));
}

async function auditOf(doorId: number): Promise<readonly string[]> {
  const text = "select action, key_id, detail from audit where target_kind = 'door' and target_id = $1 order by audit_id";
  const rows = await server.test.database.query<{ action: string; key_id: string; detail: unknown }>(text, [String(doorId)]);
  return rows.map(({ action, key_id, detail }) => `${action} ${key_id} ${JSON.stringify(detail)}`);
}

async function sessionOf(controllerId: number): Promise<number> {
  const text = "select session_number as session from controllers where controller_id = $1";
  const [row] = await server.test.database.query<{ session: number }>(text, [controllerId]);
  return row?.session ?? -1;
}

async function everything(): Promise<unknown> {
  const [audit] = await server.test.database.query("select count(*) as count from audit");
  return { audit, ...(await databaseCounts(server.test.database)) };
}

test("a door is made with a name alone: settings as they come, a device with a drawn serial, nothing that holds it, in the roster at once", async () => {
  const door = await made();
  const { doorId, entryDeviceId, settings, ...rest } = door;
  assert.ok(doorId >= 1_000);
  const mode = { operator: "none", lockdown: false, notAfter: null, changedAt: null };
  const unserved = { controllerId: null, exitDeviceId: null, connected: false, lastHeardAt: null, beliefTooOld: false };
  assert.deepEqual(rest, { placeId: PLACE_ID, name: "North gate", ...unserved, mode });
  assert.deepEqual(settings, {
    unlockMs: 3_000,
    lockType: "fail_secure",
    sensorIgnore: false,
    heldOpenMs: null,
    forcedOpenAlarm: false,
    relay: { side: "ENTRY", port: 0 },
    sensor: null,
    button: null,
    scheduledUnlockId: null,
    scheduledLockId: null,
    firstPersonIn: false,
    factorMs: 10_000,
    minimum: [],
    beliefAgeMsMax: null,
    staleUserIds: [],
    whenVendorSilent: "deny",
    vendorKnownMs: 86_400_000,
    vendorBudgetMs: 3_000,
    qrStepsOff: 1,
  });
  assert.deepEqual(await read(doorId), door);
  const { serial, ...shown } = await device(entryDeviceId);
  assert.match(serial, /^[1-9]\d{8}$/);
  const named = { name: "North gate entry", deviceType: "Reader", modelName: "READER_1", description: "", side: "ENTRY" };
  assert.deepEqual(shown, { deviceId: entryDeviceId, placeId: PLACE_ID, doorId, ...named, connected: false, firstConnectedAt: null });
  assert.deepEqual([(await itemOf(doorId))?.entryDeviceId, (await itemOf(doorId))?.unlockMs], [entryDeviceId, 3_000]);
  assert.ok(await rosterItem(server.test.database, PLACE_ID, `mode:${doorId}`));
  assert.deepEqual(await eventsOf(doorId), ["PLACE_DOOR_ADDED", "DOOR_INFO_UPDATED_REQ"]);
  assert.deepEqual(await auditOf(doorId), ["door.create all null"]);
});

test("settings are written in the words of v2 and reach the doors in theirs, and what is not named stays", async () => {
  const { doorId } = await made({ exitDevice: {}, settings: { unlockMs: 5_000, heldOpenMs: 20_000, minimum: ["CARD_THEN_PIN", "FACE"] } });
  const sensor = { side: "EXIT", port: 2, switchType: "NORMAL_CLOSE" };
  const settings = {
    forcedOpenAlarm: true,
    sensor,
    scheduledUnlockId: 333,
    relay: { side: "EXIT", port: 1 },
    beliefAgeMsMax: 60_000,
    staleUserIds: [9, 7],
  };
  const door = ok<Door>(await change(doorId, { settings }));
  const { unlockMs, heldOpenMs, minimum } = door.settings;
  assert.deepEqual({ unlockMs, heldOpenMs, minimum }, { unlockMs: 5_000, heldOpenMs: 20_000, minimum: ["CARD_THEN_PIN", "FACE"] });
  const item = await itemOf(doorId);
  assert.deepEqual(
    [
      item?.unlockMs,
      item?.heldOpenMs,
      item?.forcedOpenAlarm,
      item?.scheduledUnlockId,
      item?.chains,
      item?.beliefAgeMsMax,
      item?.staleUserIds,
    ],
    [5_000, 20_000, true, 333, [["CARD", "PIN"], ["FACE"]], 60_000, [7, 9]],
  );
  const forever = ok<Door>(await change(doorId, { settings: { heldOpenMs: null, minimum: [] } }));
  assert.deepEqual([forever.settings.heldOpenMs, forever.settings.minimum, (await itemOf(doorId))?.heldOpenMs], [null, [], null]);
  assert.deepEqual((await auditOf(doorId)).at(-1), 'door.change all {"changed":["settings.heldOpenMs","settings.minimum"]}');
  // v1 shows the same door in its own words.
  const [shown] = ok<{ data: { autoLockTimeoutMS: number; forceOpenAlarm: boolean }[] }>(
    await server.call("GET", `/v1/places/${PLACE_ID}/doors?sort=id,desc&size=1`),
  ).data;
  assert.deepEqual([shown?.autoLockTimeoutMS, shown?.forceOpenAlarm], [5_000, true]);
});

test("nothing new is no change: no event, no audit, no revision; a new name is one, and the doors are told", async () => {
  const { doorId, settings } = await made({ exitDevice: {} });
  const before = await everything();
  ok(await change(doorId, { name: "North gate", controllerId: null, settings, exitDevice: {} }));
  assert.deepEqual(await everything(), before);
  ok(await change(doorId, { name: "South gate" }));
  assert.equal((await itemOf(doorId))?.name, "South gate");
  assert.deepEqual((await eventsOf(doorId)).slice(-2), ["PLACE_DOOR_MODIFY", "DOOR_INFO_UPDATED_REQ"]);
});

test("a wrong part is named where the client wrote it, and nothing is made or changed", async () => {
  const { doorId } = await made();
  const before = await everything();
  const wrong: readonly (readonly [object, string])[] = [
    [{ settings: { minimum: ["CARD", "PIN"] } }, "settings.minimum[1]"],
    [{ settings: { minimum: ["CARD", "CARD_THEN_CARD"] } }, "settings.minimum[1]"],
    [{ settings: { scheduledLockId: 999_999 } }, "settings.scheduledLockId"],
    [{ settings: { relay: { side: "EXIT", port: 0 } } }, "settings.relay.side"],
    [{ settings: { unlockMs: 99 } }, "settings.unlockMs"],
    [{ settings: { autoLockTimeoutMs: 3_000 } }, "settings.autoLockTimeoutMs"],
    [{ controllerId: 999_999 }, "controllerId"],
    [{ name: " x" }, "name"],
    [{ exitDevice: { serial: "12345678" } }, "exitDevice.serial"],
  ];
  for (const [body, field] of wrong) {
    assert.equal(problemOf(await server.call("POST", DOORS, { body: { name: "Wrong", ...body } })), `400 argument_invalid ${field}`);
    assert.equal(problemOf(await change(doorId, body)), `400 argument_invalid ${field}`, JSON.stringify(body));
  }
  assert.deepEqual(await everything(), before);
});

test("an exit device that settings stand on is not taken away, and one that they do not is", async () => {
  const door = await made({ exitDevice: { name: "Inside" }, settings: { button: { side: "EXIT", port: 0, switchType: "NORMAL_OPEN" } } });
  assert.equal((await device(door.exitDeviceId)).name, "Inside");
  assert.equal(problemOf(await change(door.doorId, { exitDevice: null })), "400 argument_invalid settings.button.side");
  const without = ok<Door>(await change(door.doorId, { exitDevice: null, settings: { button: null } }));
  assert.deepEqual([without.exitDeviceId, (await itemOf(door.doorId))?.exitDeviceId], [null, null]);
  const kept = await device(door.exitDeviceId);
  assert.deepEqual([kept.doorId, kept.name], [null, "Inside"]);
});

test("no two devices, and no device and controller, share a serial; one that stands at no door any more comes to another as itself", async () => {
  const first = await made({ entryDevice: { serial: "300000001" }, exitDevice: { serial: "300000002", name: "Old", description: "hall" } });
  const taken = async (serial: string, field: "entryDevice" | "exitDevice"): Promise<void> => {
    const answer = await server.call("POST", DOORS, { body: { name: "Twin", [field]: { serial } } });
    assert.equal(problemOf(answer), `409 conflict ${field}.serial`);
  };
  await taken("300000001", "entryDevice");
  await taken("540000178", "exitDevice"); // the demo's controller
  const foreign = await server.test.database.query<{ serial: string }>("select serial from devices where place_id = $1 limit 1", [
    SECOND_PLACE_ID,
  ]);
  await taken(foreign[0]?.serial ?? "", "entryDevice");
  // Not even while it stands at no door of theirs.
  await server.test.database.execute("update devices set door_id = null where serial = $1", [foreign[0]?.serial]);
  await taken(foreign[0]?.serial ?? "", "entryDevice");
  ok(await change(first.doorId, { exitDevice: null }));
  const second = await made({ entryDevice: { serial: "300000002", name: "New" } });
  assert.equal(second.entryDeviceId, first.exitDeviceId);
  const { name, description, side, doorId } = await device(second.entryDeviceId);
  assert.deepEqual({ name, description, side, doorId }, { name: "New", description: "hall", side: "ENTRY", doorId: second.doorId });
});

test("a door's tag is of what it was made to be: its controller's coming and going and its mode change nothing about it, a new name does", async () => {
  const { doorId } = await made();
  const { controllerId } = await newController([doorId]);
  const path = `/v2/doors/${doorId}`;
  const read = await server.call("GET", path);
  const tag = String(read.headers["etag"]);
  await server.test.database.execute("update controllers set connected_instance = 1 where controller_id = $1", [controllerId]);
  ok(await server.call("PUT", `${path}/mode`, { body: { operator: "locked" } }));
  const again = await server.call("GET", path, { headers: { "if-none-match": tag } });
  assert.deepEqual([again.status, again.headers["etag"]], [200, tag], "answered whole, since the tag does not tell all of it");
  const { connected, mode } = again.body as Door;
  assert.deepEqual([connected, mode.operator], [true, "locked"]);
  const { entryDeviceId } = read.body as Door;
  ok(await server.call("PATCH", path, { body: { settings: { unlockMs: 4_500 } }, headers: { "if-match": tag } }));
  const late = await server.call("PATCH", path, { body: { name: "Late" }, headers: { "if-match": tag } });
  assert.equal(problemOf(late), "412 changed_meanwhile");
  const device = String((await server.call("GET", `/v2/devices/${entryDeviceId}`)).headers["etag"]);
  await server.test.database.execute("update controllers set connected_instance = null where controller_id = $1", [controllerId]);
  ok(await server.call("PATCH", `/v2/devices/${entryDeviceId}`, { body: { name: "Left" }, headers: { "if-match": device } }));
});

test("a door that lets in whom the vendor knows tells its doors for how long that counts, and other doors carry nothing of it", async () => {
  const { doorId } = await made();
  const before = await itemOf(doorId);
  ok(await change(doorId, { settings: { vendorKnownMs: 3_600_000 } }));
  assert.deepEqual(await itemOf(doorId), before, "it counts with allow_known alone");
  const door = ok<Door>(await change(doorId, { settings: { whenVendorSilent: "allow_known" } }));
  assert.deepEqual([door.settings.whenVendorSilent, door.settings.vendorKnownMs], ["allow_known", 3_600_000]);
  assert.deepEqual(await itemOf(doorId), { ...before, whenVendorSilent: "allow_known", vendorKnownMs: 3_600_000 });
  ok(await change(doorId, { settings: { vendorBudgetMs: 5_000 } }));
  assert.deepEqual(await itemOf(doorId), { ...before, whenVendorSilent: "allow_known", vendorKnownMs: 3_600_000, vendorBudgetMs: 5_000 });
  ok(await change(doorId, { settings: { vendorBudgetMs: 3_000, qrStepsOff: 3 } }));
  assert.deepEqual(await itemOf(doorId), { ...before, whenVendorSilent: "allow_known", vendorKnownMs: 3_600_000, qrStepsOff: 3 });
  assert.equal(problemOf(await change(doorId, { settings: { qrStepsOff: 7 } })), "400 argument_invalid settings.qrStepsOff");
  const slow = await change(doorId, { settings: { vendorBudgetMs: 10_001 } });
  assert.equal(problemOf(slow), "400 argument_invalid settings.vendorBudgetMs");
  const wrong = await change(doorId, { settings: { vendorKnownMs: 1 } });
  assert.equal(problemOf(wrong), "400 argument_invalid settings.vendorKnownMs");
});

test("a door says since when its controller was not heard, and that it refuses people once that is longer than it allows", async () => {
  const { doorId } = await made();
  const { controllerId } = await newController([doorId]);
  ok(await change(doorId, { settings: { beliefAgeMsMax: 60_000 } }));
  const look = async (heardAt: number | null, connected: number | null) => {
    const text = "update controllers set last_heard_at = $2, connected_instance = $3 where controller_id = $1";
    await server.test.database.execute(text, [controllerId, heardAt, connected]);
    const door = ok<Door>(await server.call("GET", `/v2/doors/${doorId}`));
    const proof = ok<ControllerProof>(await server.call("GET", `/v2/controllers/${controllerId}/sync`));
    const listed = ok<{ items: Door[] }>(await server.call("GET", `/v2/places/${PLACE_ID}/doors?limit=200`)).items;
    assert.deepEqual(
      listed.find((one) => one.doorId === doorId),
      door,
    );
    return [door.lastHeardAt, door.beliefTooOld, proof.beliefTooOldDoorIds, proof.beliefAgeMs];
  };
  const nowMs = server.nowMs;
  assert.deepEqual(await look(null, null), [null, true, [doorId], null], "never heard is of no age that can be told");
  assert.deepEqual(await look(nowMs - 60_000, null), [nowMs - 60_000, false, [], 60_000]);
  assert.deepEqual(await look(nowMs - 60_001, null), [nowMs - 60_001, true, [doorId], 60_001]);
  assert.deepEqual(await look(nowMs - 60_001, 1), [nowMs - 60_001, false, [], 60_001], "a live connection is heard all the time");
  ok(await change(doorId, { settings: { beliefAgeMsMax: null } }));
  assert.deepEqual((await look(nowMs - 60_001, null)).slice(1, 3), [false, []]);
});

test("a controller is told anew when it is given a door, loses one or its door has another device, and not for a name", async () => {
  const door = await made();
  const [old, next] = [await newController([(await made()).doorId]), await newController([(await made()).doorId])];
  const given = ok<Door>(await change(door.doorId, { controllerId: old.controllerId }));
  assert.equal(given.controllerId, old.controllerId);
  assert.deepEqual([await sessionOf(old.controllerId), await sessionOf(next.controllerId)], [1, 0]);
  ok(await change(door.doorId, { name: "Renamed", settings: { unlockMs: 4_000 } }));
  assert.equal(await sessionOf(old.controllerId), 1);
  ok(await change(door.doorId, { exitDevice: { serial: "310000001" } }));
  assert.equal(await sessionOf(old.controllerId), 2);
  ok(await change(door.doorId, { exitDevice: { name: "Inside" } }));
  assert.equal(await sessionOf(old.controllerId), 2);
  ok(await change(door.doorId, { exitDevice: { serial: "310000002" } }));
  assert.equal(await sessionOf(old.controllerId), 3);
  ok(await change(door.doorId, { controllerId: next.controllerId }));
  assert.deepEqual([await sessionOf(old.controllerId), await sessionOf(next.controllerId)], [4, 1]);
  const foreign = await server.call("PATCH", `/v2/doors/${door.doorId}`, { body: { controllerId: server.second.controllerId } });
  assert.equal(problemOf(foreign), "400 argument_invalid controllerId");
  await server.test.database.execute(
    "insert into doors(door_id, place_id, controller_id, name, settings, made_at) select 800000 + n, $1, $2, 'filler', '{}', 0 from generate_series(1, 30) n",
    [PLACE_ID, next.controllerId],
  );
  assert.equal(problemOf(await change((await made()).doorId, { controllerId: next.controllerId })), "409 conflict controllerId");
  await server.test.database.execute("delete from doors where door_id between 800000 and 800100");
});

test("a door that is taken away is gone for everybody, its auths and groups lose it, its devices are free, and its events keep its name", async () => {
  const [door, other] = [await made({ name: "Cellar", entryDevice: { serial: "320000001" } }), await made()];
  const controller = await newController([door.doorId]);
  const { groupId } = ok<{ groupId: number }>(
    await server.call("POST", `/v2/places/${PLACE_ID}/groups`, {
      body: {
        name: "Staff",
        grants: [
          { doors: [door.doorId, other.doorId], scheduleId: 333 },
          { doors: [door.doorId], scheduleId: null },
          { doors: "all", scheduleId: 333 },
        ],
      },
    }),
  );
  const enrol = async (key: string, doorIds: readonly number[]): Promise<number> => {
    const body = bodyOf(key, { auth: { doorAccessType: "SPECIFIC", doorIds } });
    return ok<{ data: { authId: number } }>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body })).data.authId;
  };
  const [named, member] = [await enrol("door-named", [other.doorId, door.doorId]), await enrol("door-member", [other.doorId])];
  ok(await server.call("PUT", `/v2/groups/${groupId}/members/${member}`));
  ok(await server.call("PUT", `/v2/doors/${door.doorId}/mode`, { body: { operator: "locked" } }));
  await server.test.database.execute(
    `insert into door_commands(command_id, place_id, door_id, controller_id, command, act_at, not_after, state, asked_by, made_at)
     values ($1, $2, $1, $3, 'ONCE_OPEN', 0, 9000000000000, 'waiting', 'all', 0)`,
    [door.doorId, PLACE_ID, controller.controllerId],
  );
  const weekly = { monday: [{ from: "08:00", to: "18:00" }] };
  const { scheduleId } = ok<{ scheduleId: number }>(
    await server.call("POST", `/v2/places/${PLACE_ID}/schedules`, { body: { name: "Cellar", weekly, holidays: [], calendarId: null } }),
  );
  ok(await change(door.doorId, { settings: { scheduledUnlockId: scheduleId } }));
  const tag = String((await server.call("GET", `/v2/doors/${door.doorId}`)).headers["etag"]);
  ok(await change(door.doorId, { name: "Basement" }));
  const stale = await server.call("DELETE", `/v2/doors/${door.doorId}`, { headers: { "if-match": tag } });
  assert.equal(problemOf(stale), "412 changed_meanwhile");

  assert.equal((await server.call("DELETE", `/v2/doors/${door.doorId}`)).status, 204);
  assert.equal(await itemOf(door.doorId), null);
  assert.equal(await rosterItem(server.test.database, PLACE_ID, `mode:${door.doorId}`), null);
  assert.deepEqual((await authItemOf(named)).doors, [other.doorId]);
  assert.deepEqual(
    (await authItemOf(member)).grants.map((grant) => grant.doors),
    [[other.doorId], [], "all"],
  );
  assert.deepEqual(await sessionOf(controller.controllerId), 1);
  const command = ok<{ state: string; reason: string }>(await server.call("GET", `/v2/commands/${door.doorId}`));
  assert.deepEqual([command.state, command.reason], ["failed", "door_deleted"]);
  assert.equal((await server.call("DELETE", `/v2/schedules/${scheduleId}`)).status, 204, "no door uses it any more");
  for (const [method, path] of [
    ["GET", `/v2/doors/${door.doorId}`],
    ["PATCH", `/v2/doors/${door.doorId}`],
    ["DELETE", `/v2/doors/${door.doorId}`],
    ["PUT", `/v2/doors/${door.doorId}/mode`],
    ["GET", `/v2/doors/${door.doorId}/who-may-open`],
  ] as const) {
    const answer = await server.call(
      method,
      path,
      method === "PATCH" ? { body: {} } : method === "PUT" ? { body: { operator: "none" } } : {},
    );
    assert.equal(problemOf(answer), "404 not_found doorId", path);
  }
  const v1 = ok<{ data: { doorId: number }[] }>(await server.call("GET", `/v1/places/${PLACE_ID}/doors?size=100`));
  assert.ok(v1.data.every(({ doorId }) => doorId !== door.doorId));
  const enrolled = await server.call("POST", `/v1/places/${PLACE_ID}/auths`, {
    body: bodyOf("door-late", { auth: { doorAccessType: "SPECIFIC", doorIds: [door.doorId] } }),
  });
  assert.equal(enrolled.status, 400, "a door that is gone is given to nobody");
  const grants = [{ doors: [door.doorId], scheduleId: null }];
  const group = await server.call("POST", `/v2/places/${PLACE_ID}/groups`, { body: { name: "Late", grants } });
  assert.equal(group.status, 400);
  const taken = await server.call("PATCH", `/v2/controllers/${controller.controllerId}`, { body: { doorIds: [door.doorId] } });
  assert.equal(problemOf(taken), "400 argument_invalid doorIds");
  const lockdown = ok<{ doorIds: readonly number[]; isWhole: boolean }>(
    await server.call("PUT", `/v2/places/${PLACE_ID}/lockdown`, { body: { doors: "all" } }),
  );
  assert.deepEqual([lockdown.doorIds.includes(door.doorId), lockdown.isWhole], [false, true]);
  assert.deepEqual(await server.test.database.query("select 1 from door_modes where door_id = $1", [door.doorId]), []);
  ok(await server.call("DELETE", `/v2/places/${PLACE_ID}/lockdown`));

  assert.equal((await device(door.entryDeviceId)).doorId, null);
  assert.equal((await made({ entryDevice: { serial: "320000001" } })).entryDeviceId, door.entryDeviceId);
  assert.deepEqual((await eventsOf(door.doorId)).slice(-2), ["PLACE_DOOR_DELETED", "DOOR_INFO_UPDATED_REQ"]);
  const range = `startTime=${server.nowMs - 1_000}&endTime=${server.nowMs + 1}&placeId=${PLACE_ID}&filterDoorIds=${door.doorId}`;
  const events = ok<{ data: { doorName?: string }[] }>(await server.call("GET", `/v1/events?${range}`)).data;
  assert.ok(events.length > 0 && events.every((event) => event.doorName === "Basement"), JSON.stringify(events[0]));
  assert.deepEqual((await auditOf(door.doorId)).at(-1), 'door.delete all {"name":"Basement","countAuths":2}');
});

test("a place whose doors were all taken away can be deleted", async () => {
  const { placeId } = ok<{ placeId: number }>(await server.call("POST", "/v2/places", { body: { name: "Kiosk", timeZone: "Asia/Seoul" } }));
  const { doorId } = ok<Door>(await server.call("POST", `/v2/places/${placeId}/doors`, { body: { name: "Shutter" } }));
  assert.equal((await server.call("DELETE", `/v2/places/${placeId}`)).status, 409);
  assert.equal((await server.call("DELETE", `/v2/doors/${doorId}`)).status, 204);
  assert.equal((await server.call("DELETE", `/v2/places/${placeId}`)).status, 204);
});

test("doors and devices come in pages, each once, and are found by a part of their name or serial", async () => {
  await made({ name: "Page Alpha", entryDevice: { serial: "330000077" } });
  await made({ name: "page beta" });
  const walk = async (path: string, idOf: (item: { doorId: number; deviceId: number }) => number): Promise<number[]> => {
    const found: number[] = [];
    for (let after = ""; ; ) {
      const page = ok<{ items: { doorId: number; deviceId: number }[]; next?: string }>(
        await server.call("GET", `${path}?limit=3${after}`),
      );
      found.push(...page.items.map(idOf));
      if (page.next === undefined) return found;
      after = `&after=${page.next}`;
    }
  };
  const ids = async (column: string, from: string): Promise<number[]> =>
    (
      await server.test.database.query<{ id: number }>(`select ${column} as id from ${from} where place_id = $1 order by 1`, [PLACE_ID])
    ).map((row) => row.id);
  assert.deepEqual(await walk(DOORS, (item) => item.doorId), await ids("door_id", "(select * from doors where deleted_at is null) live"));
  assert.deepEqual(await walk(`/v2/places/${PLACE_ID}/devices`, (item) => item.deviceId), await ids("device_id", "devices"));
  const named = ok<{ items: Door[] }>(await server.call("GET", `${DOORS}?q=PAGE`));
  assert.deepEqual(
    named.items.map((door) => door.name),
    ["Page Alpha", "page beta"],
  );
  const bySerial = ok<{ items: Device[] }>(await server.call("GET", `/v2/places/${PLACE_ID}/devices?q=0000077`));
  assert.deepEqual(
    bySerial.items.map((each) => each.name),
    ["Page Alpha entry"],
  );
});

test("a device is called something else on the version that was read, and the doors are told nothing", async () => {
  const { entryDeviceId } = await made();
  const path = `/v2/devices/${entryDeviceId}`;
  const etag = String((await server.call("GET", path)).headers["etag"]);
  const revision = await rosterRevision(server.test.database, PLACE_ID);
  const body = { name: "Keypad", modelName: "KP 2" };
  const changed = ok<Device>(await server.call("PATCH", path, { body, headers: { "if-match": etag } }));
  assert.deepEqual([changed.name, changed.modelName], ["Keypad", "KP 2"]);
  assert.deepEqual(await device(entryDeviceId), changed);
  assert.equal(
    problemOf(await server.call("PATCH", path, { body: { name: "x" }, headers: { "if-match": etag } })),
    "412 changed_meanwhile",
  );
  assert.equal(await rosterRevision(server.test.database, PLACE_ID), revision);
  assert.equal(problemOf(await server.call("PATCH", path, { body, key: "doors:configure" })), "403 not_permitted");
});

test("doors and devices of others are hidden, and a key without the scope may not touch them", async () => {
  const { doorId, entryDeviceId } = await made();
  for (const path of [`/v2/doors/${doorId}`, `/v2/devices/${entryDeviceId}`]) {
    for (const key of ["foreign", "second"]) {
      const answer = await server.call("GET", path, { key });
      assert.deepEqual([answer.status, answer.body], [404, (await server.call("GET", path.replace(/\d+$/, "999999"), { key })).body]);
    }
    assert.equal(problemOf(await server.call("GET", path, { key: "people" })), "403 not_permitted");
  }
  for (const [method, path] of [
    ["PATCH", `/v2/doors/${doorId}`],
    ["DELETE", `/v2/doors/${doorId}`],
    ["POST", DOORS],
  ] as const) {
    const answer = await server.call(method, path, { key: "doors:operate", ...(method === "DELETE" ? {} : { body: { name: "x" } }) });
    assert.equal(problemOf(answer), "403 not_permitted");
  }
  assert.equal((await read(doorId)).name, "North gate");
});

test("a door that is changed, or taken away, while a controller is given it keeps that controller, or is given to none", async () => {
  for (let round = 0; round < 8; round += 1) {
    const [kept, gone] = [await made(), await made()];
    const { controllerId, doorIds } = await newController([(await made()).doorId]);
    const given = (doorId: number): Promise<Answer> =>
      server.call("PATCH", `/v2/controllers/${controllerId}`, { body: { doorIds: [...doorIds, doorId] } });
    const [renamed, first] = await Promise.all([change(kept.doorId, { name: `Round ${round}` }), given(kept.doorId)]);
    assert.deepEqual([renamed.status, first.status], [200, 200]);
    assert.equal((await read(kept.doorId)).controllerId, controllerId);
    const [deleted] = await Promise.all([server.call("DELETE", `/v2/doors/${gone.doorId}`), given(gone.doorId)]);
    assert.equal(deleted.status, 204);
    const { doorIds: served } = ok<ControllerResource>(await server.call("GET", `/v2/controllers/${controllerId}`));
    assert.ok(!served.includes(gone.doorId), `round ${round}`);
  }
});

test("a door and the controller it is given to, taken away at once, end with neither and no fault of ours", async () => {
  for (let round = 0; round < 8; round += 1) {
    const door = await made();
    const { controllerId } = await newController([(await made()).doorId]);
    const [changed, removed] = await Promise.all([
      change(door.doorId, { controllerId }),
      server.call("DELETE", `/v2/controllers/${controllerId}`),
    ]);
    assert.ok([200, 400].includes(changed.status), JSON.stringify(changed.body));
    assert.equal(removed.status, 204);
    assert.equal((await read(door.doorId)).controllerId, null);
  }
});

test("a repeat with the same Idempotency-Key makes one door, and a place has a bounded number of them", async () => {
  const headers = { "idempotency-key": "door" };
  const [one, again] = [await made({}, { headers, body: { name: "Once" } }), await made({}, { headers, body: { name: "Once" } })];
  assert.equal(again.doorId, one.doorId);
  await server.test.database.execute(
    "insert into doors(door_id, place_id, name, settings, made_at) select 900000 + n, $1, 'filler', '{}', 0 from generate_series(1, $2::int) n",
    [PLACE_ID, DOORS_PER_PLACE_MAX],
  );
  assert.equal(problemOf(await server.call("POST", DOORS, { body: { name: "Too many" } })), "409 conflict");
});
