import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, refusedFor } from "../support/answers.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

interface Door {
  readonly doorId: number;
  readonly doorName: string;
  readonly entryDevice?: {
    readonly connectivity: unknown;
    readonly lastSyncedDeviceLocalTimeAt?: number;
    readonly gmtOffsetSeconds: number;
  };
}

function list(query = "", { placeId = PLACE_ID, key = "all", prefix = "/v1" } = {}): Promise<Answer> {
  return server.call("GET", `${prefix}/places/${placeId}/doors${query}`, { key });
}

async function ids(query: string): Promise<{ readonly total: unknown; readonly ids: readonly number[] }> {
  const answer = await list(query);
  return { total: (answer.body as { total: unknown }).total, ids: dataOf<Door[]>(answer).map((door) => door.doorId) };
}

test("a door is shown with all that CLUe shows of it, under every prefix", async () => {
  for (const prefix of ["/v1", "/v1/be", "/api/v1", "/api/v1/be"]) {
    const [door] = dataOf<Door[]>(await list("", { prefix }));
    assert.deepEqual(door, {
      doorId: 234,
      doorStatus: "NORMAL",
      doorName: "Entrance",
      placeId: PLACE_ID,
      entryDevice: {
        deviceId: 434,
        deviceType: "Virtual",
        deviceModelName: "VIRTUAL_1",
        deviceName: "Entrance reader",
        deviceDescription: "",
        deviceSerial: "540000434",
        deviceOrderType: "ENTRY",
        deviceRS485Type: "MASTER",
        placeId: PLACE_ID,
        doorId: 234,
        timeZone: "Asia/Seoul",
        gmtOffsetSeconds: 32_400,
        connectivity: { connected: false },
        allowCredentials: ["CARD", "PIN"],
        allowOpenDeviceByQrCodeWhenDeviceIncident: false,
      },
      secureIODevices: [],
      autoLockTimeoutMS: 3_000,
      sensorIgnore: false,
      heldOpenAlarm: false,
      forceOpenAlarm: false,
      relay: { deviceId: 434, port: 0, deviceSerial: "540000434" },
      schedule: { scheduleOpen: false, scheduleClose: false },
    });
  }
});

test("settings, both sides and contacts are shown as they are set", async () => {
  const doorId = server.second.doorIds[0];
  const settings = {
    autoLockTimeoutMs: 5_000,
    sensorIgnore: true,
    heldOpenAlarm: true,
    heldOpenAlarmTimeoutMs: 9_000,
    forceOpenAlarm: true,
    relay: { side: "EXIT", port: 2 },
    sensor: { side: "ENTRY", port: 1, switchType: "NORMAL_CLOSE" },
    button: { side: "EXIT", port: 3, switchType: "NORMAL_OPEN" },
    scheduledUnlockId: 7,
  };
  const { database } = server.test;
  await database.execute("update doors set settings = $1 where door_id = $2", [JSON.stringify(settings), doorId]);
  await database.execute(
    "insert into devices(device_id, place_id, door_id, serial, device_type, model_name, name, side, first_connected_at) values (9001, $1, $2, '900000001', 'Virtual', 'V', 'out', 'EXIT', 55)",
    [SECOND_PLACE_ID, doorId],
  );
  const [door] = dataOf<Record<string, unknown>[]>(await list("", { placeId: SECOND_PLACE_ID }));
  const exit = door?.["exitDevice"] as Record<string, unknown>;
  assert.deepEqual([exit["deviceId"], exit["deviceOrderType"], exit["firstConnectedAt"]], [9001, "EXIT", 55]);
  const shown = Object.fromEntries(
    [
      "autoLockTimeoutMS",
      "sensorIgnore",
      "heldOpenAlarm",
      "heldOpenAlarmTimeoutMS",
      "forceOpenAlarm",
      "relay",
      "sensor",
      "button",
      "schedule",
    ].map((name) => [name, door?.[name]]),
  );
  const entry = { deviceId: server.second.deviceIds[0], deviceSerial: String(200_000_000 + (doorId ?? 0)) };
  assert.deepEqual(shown, {
    autoLockTimeoutMS: 5_000,
    sensorIgnore: true,
    heldOpenAlarm: true,
    heldOpenAlarmTimeoutMS: 9_000,
    forceOpenAlarm: true,
    relay: { deviceId: 9001, deviceSerial: "900000001", port: 2 },
    sensor: { ...entry, port: 1, switchType: "NORMAL_CLOSE" },
    button: { deviceId: 9001, deviceSerial: "900000001", port: 3, switchType: "NORMAL_OPEN" },
    schedule: { scheduleOpen: true, scheduleClose: false, scheduleOpenId: 7 },
  });
});

test("a device is connected while its controller is, and synced when that connected", async () => {
  const { database } = server.test;
  await database.execute("update controllers set connected_instance = 1, connected_at = 77 where controller_id = $1", [
    server.demo.controllerId,
  ]);
  for (const door of dataOf<Door[]>(await list())) {
    assert.deepEqual([door.entryDevice?.connectivity, door.entryDevice?.lastSyncedDeviceLocalTimeAt], [{ connected: true }, 77]);
  }
  await database.execute("update controllers set connected_instance = null where controller_id = $1", [server.demo.controllerId]);
  for (const door of dataOf<Door[]>(await list())) assert.deepEqual(door.entryDevice?.connectivity, { connected: false });
});

test("the offset is the place's at the moment of the answer", async () => {
  const offset = async (): Promise<number | undefined> =>
    dataOf<Door[]>(await list("?sort=id", { placeId: SECOND_PLACE_ID }))[0]?.entryDevice?.gmtOffsetSeconds;
  const { nowMs } = server;
  assert.equal(await offset(), 7_200);
  server.nowMs = Date.UTC(2026, 11, 24);
  assert.equal(await offset(), 3_600);
  server.nowMs = nowMs;
});

test("doors are found by a part of their names, in either case, and nothing in it is a pattern", async () => {
  assert.deepEqual(await ids("?q=o"), { total: 2, ids: [235, 236] });
  assert.deepEqual(await ids("?q=ENTR"), { total: 1, ids: [234] });
  for (const pattern of ["%25", "_", "%5C", "."]) assert.deepEqual(await ids(`?q=${pattern}`), { total: 0, ids: [] }, pattern);
  assert.deepEqual(await ids("?q="), { total: 3, ids: [234, 235, 236] });
});

test("doors come in the order asked for, page by page, with the exact total on each", async () => {
  assert.deepEqual(await ids("?sort=id,desc"), { total: 3, ids: [236, 235, 234] });
  assert.deepEqual(await ids("?sort=name,asc"), { total: 3, ids: [234, 235, 236] });
  assert.deepEqual(await ids("?sort=name,desc"), { total: 3, ids: [236, 235, 234] });
  assert.deepEqual(await ids("?page=0&size=2"), { total: 3, ids: [234, 235] });
  assert.deepEqual(await ids("?page=1&size=2"), { total: 3, ids: [236] });
  assert.deepEqual(await ids("?page=2&size=2"), { total: 3, ids: [] });
  assert.deepEqual(await ids("?page=1000000000&size=1000"), { total: 3, ids: [] });
});

test("a place out of reach is refused as one that does not exist; within reach a scope of doors or devices is asked for", async () => {
  const refused = [await list("", { placeId: server.foreign.placeId }), await list("", { placeId: 424_242 })];
  for (const answer of refused) assert.equal(refusedFor(answer), "e1007 placeId");
  for (const key of ["doors:operate", "doors:configure", "devices"]) dataOf(await list("", { key }));
  for (const key of ["people", "events", "keys", "webhooks"]) assert.equal(refusedFor(await list("?size=x", { key })), "e1001", key);
});

test("a bad query is refused by name", async () => {
  const bad = [
    ["?page=-1", "page"],
    ["?page=x", "page"],
    ["?size=0", "size"],
    ["?size=1001", "size"],
    ["?sort=doorName,asc", "sort"],
    ["?sort=id,up", "sort"],
    [`?q=${"a".repeat(101)}`, "q"],
    ["?q=a%00b", "q"],
    ["?page=x&size=y", "page size"],
  ] as const;
  for (const [query, fields] of bad) assert.equal(refusedFor(await list(query)), `e1005 ${fields}`, query);
});
