import assert from "node:assert/strict";
import { test } from "node:test";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import {
  AuthData,
  type AuthView,
  ClueDoorItem,
  CreateAuthBody,
  type DeviceView,
  type DoorView,
  EventItem,
  type EventView,
  FailureEnvelope,
  SuccessEnvelope,
  successOf,
  successOfList,
  writeAuthData,
  writeBare,
  writeDoor,
  writeEvent,
  writeFailure,
  writeList,
  writeOne,
} from "../../src/clue/index.ts";
import { ClueError } from "../../src/errors/index.ts";
import { bodyWith, GUIDE_BODY } from "./create-auth-fixture.ts";

const AUTH: AuthView = {
  authId: 118926,
  lastModifiedMs: 1718841401642,
  userId: 106569,
  userKey: "34dab180-a14b-103b-8a4e-1166f21964da",
  name: "test",
  status: "ACTIVE",
  startMs: 1718809200000,
  endMs: 1718895540000,
  doors: [{ doorId: 234, doorName: "SmartLight" }],
  scheduleId: 333,
  modes: ["FACE"],
  faceImages: ["..."],
  cards: [],
  phone: null,
};

const GUIDE_ANSWER = {
  code: 200,
  status: true,
  message: "OK",
  data: {
    authId: 118926,
    lastModifiedAt: 1718841401642,
    user: { userId: 106569, key: "34dab180-a14b-103b-8a4e-1166f21964da", name: "test", realNameAuthStatusType: "REAL_NAME_AUTH_BEFORE" },
    auth: {
      startTime: 1718809200000,
      endTime: 1718895540000,
      doorAccessType: "SPECIFIC",
      scheduleType: "SPECIFIC",
      scheduleId: 333,
      doors: [{ doorId: 234, doorName: "SmartLight" }],
      credentials: { modes: ["FACE"], faceImages: ["..."], name: "test" },
      activeStatus: "ACTIVE",
    },
  },
};

const RELAY_OFF: EventView = {
  logId: "XjIAM5ABcB2c2xupDI6m",
  eventAtMs: 1718842554980,
  placeId: 448,
  authId: null,
  deviceId: 1343,
  doorId: 645,
  doorName: null,
  userKey: null,
  userName: null,
  localLogId: 25280,
  eventType: "DEV_DOOR_RELAY_OFF",
};

const DEVICE: DeviceView = {
  deviceId: 1454,
  deviceType: "BioStation3",
  modelName: "BS3_APWB",
  name: "Front",
  description: null,
  serial: "538159106",
  side: "ENTRY",
  master: null,
  placeId: 178,
  doorId: 234,
  timeZone: "Asia/Seoul",
  gmtOffsetSeconds: 32400,
  firstConnectedMs: null,
  network: null,
  isConnected: true,
  allowCredentials: ["CARD"],
  lastSyncedMs: null,
};

const DOOR: DoorView = {
  doorId: 234,
  name: "Front",
  placeId: 178,
  entryDevice: DEVICE,
  exitDevice: null,
  secureIODevices: [],
  unlockMs: 3000,
  isSensorIgnored: false,
  heldOpenAlarmMs: null,
  hasForcedOpenAlarm: false,
  relay: { deviceId: 1454, port: 0, deviceSerial: "538159106" },
  sensor: null,
  button: null,
  scheduledUnlockId: null,
  scheduledLockId: null,
};

function assertMatches(schema: TSchema, value: unknown): void {
  assert.deepEqual(Compile(schema).Errors(value), []);
}

test("an auth is answered as in the guide's sample, to the letter", () => {
  assert.equal(JSON.stringify(writeOne(writeAuthData(AUTH))), JSON.stringify(GUIDE_ANSWER));
  assertMatches(successOf(AuthData), GUIDE_ANSWER);
});

test("an auth for all doors at all times has neither doors nor a schedule, and its lists are there when empty", () => {
  const { auth } = writeAuthData({ ...AUTH, doors: "all", scheduleId: null, modes: [], faceImages: [] });
  assert.deepEqual(Object.keys(auth), ["startTime", "endTime", "doorAccessType", "scheduleType", "credentials", "activeStatus"]);
  assert.deepEqual([auth.doorAccessType, auth.scheduleType], ["ALL_DOOR", "ALWAYS"]);
  assert.deepEqual(auth.credentials, { modes: [], faceImages: [], name: "test" });
});

test("cards are answered as they were written, without a field for what they lack", () => {
  const cards = [
    { cardNumber: "0012", formatType: "CSN", formatData: null, key: "CSN:12" },
    { cardNumber: "12-123", formatType: "WIEGAND", formatData: "26", key: "WIEGAND:26:12:123" },
  ] as const;
  const data = writeAuthData({ ...AUTH, cards, phone: "+8210" });
  assert.deepEqual(data.auth.credentials.cards, [
    { cardNumber: "0012", formatType: "CSN" },
    { cardNumber: "12-123", formatType: "WIEGAND", formatData: "26" },
  ]);
  assertMatches(AuthData, data);
});

test("an event is answered as in the guide's sample: what it lacks is omitted, and userId holds the user's key", () => {
  const relay = { logId: "XjIAM5ABcB2c2xupDI6m", eventAt: 1718842554980, placeId: 448, deviceId: 1343, doorId: 645, localLogId: 25280 };
  assert.deepEqual(writeEvent(RELAY_OFF), { ...relay, eventType: "DEV_DOOR_RELAY_OFF" });
  const person = { authId: 107909, doorName: "SupremaJP_In", userKey: "c2119100-fbb0-1fdf-82c6-7dba89b5fe29", userName: "jinlee" };
  const success = writeEvent({ ...RELAY_OFF, ...person, eventType: "DEV_FACE_AUTH_SUCCESS" });
  assert.equal(success.userId, "c2119100-fbb0-1fdf-82c6-7dba89b5fe29");
  assertMatches(successOfList(EventItem), writeList([writeEvent(RELAY_OFF), success], 75));
});

test("a door is answered with CLUe's fields, those without a value omitted", () => {
  const door = writeDoor(DOOR);
  assertMatches(ClueDoorItem, door);
  assert.deepEqual(Object.keys(door), [
    "doorId",
    "doorStatus",
    "doorName",
    "placeId",
    "entryDevice",
    "secureIODevices",
    "autoLockTimeoutMS",
    "sensorIgnore",
    "heldOpenAlarm",
    "forceOpenAlarm",
    "relay",
    "schedule",
  ]);
  assert.deepEqual(door.schedule, { scheduleOpen: false, scheduleClose: false });
});

test("a door with everything has everything that CLUe's sample shows", () => {
  const contact = { deviceId: 1454, deviceSerial: "538159106", port: 1 };
  const exit: DeviceView = {
    ...DEVICE,
    side: "EXIT",
    master: { deviceId: 1454, name: "Front" },
    description: "inside",
    firstConnectedMs: 5,
    lastSyncedMs: 6,
    network: { useDHCP: true, cloudServer: "localhost" },
  };
  const door = writeDoor({
    ...DOOR,
    exitDevice: exit,
    secureIODevices: [{ ...DEVICE, side: null, doorId: null }],
    heldOpenAlarmMs: 2000,
    sensor: { ...contact, switchType: "NORMAL_CLOSE" },
    button: { ...contact, switchType: "NORMAL_OPEN" },
    scheduledUnlockId: 333,
    scheduledLockId: 334,
  });
  assertMatches(ClueDoorItem, door);
  assert.equal(door.exitDevice?.deviceRS485Type, "SLAVE");
  assert.equal(door.exitDevice.masterDeviceId, 1454);
  assert.equal(door.heldOpenAlarmTimeoutMS, 2000);
  assert.deepEqual(door.schedule, { scheduleOpen: true, scheduleClose: true, scheduleOpenId: 333, scheduleCloseId: 334 });
});

test("a success without data is the bare envelope", () => {
  assert.deepEqual(writeBare(), { code: 200, status: true, message: "OK" });
  assertMatches(SuccessEnvelope, writeBare());
});

test("a failure has its code, its text for the caller, and details only where there are some", () => {
  const details = [{ field: "auth.endTime", message: "must be after startTime", rejectedValue: 4 }];
  const failure = writeFailure(new ClueError("e1005", { details }));
  assert.deepEqual(failure, { errors: [{ code: "e1005", message: "One or more arguments are not valid.", details }] });
  assertMatches(FailureEnvelope, failure);
  assert.deepEqual(writeFailure(new ClueError("e1007", { message: "No such door." })), {
    errors: [{ code: "e1007", message: "No such door." }],
  });
});

test("a failure never carries what is meant for the log", () => {
  const failure = writeFailure(new ClueError("e1000", { context: { query: "select secret" }, cause: new RangeError("inner secret") }));
  assert.doesNotMatch(JSON.stringify(failure), /secret/);
});

test("the published schema of the create body takes the guide's sample and refuses a wrong name", () => {
  assertMatches(CreateAuthBody, GUIDE_BODY);
  assertMatches(CreateAuthBody, bodyWith({ credentials: { name: "김 철수" } }));
  assert.equal(Compile(CreateAuthBody).Check(bodyWith({ credentials: { name: "a  b" } })), false);
  assert.equal(Compile(FailureEnvelope).Check({ errors: [{ code: "e9999", message: "" }] }), false);
});
