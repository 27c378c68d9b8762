import Type from "typebox";

// What CLUe documents, with its types. Members beside these are left alone: CLUe adds some with time.

export const AuthData = Type.Object({
  authId: Type.Integer(),
  lastModifiedAt: Type.Integer(),
  user: Type.Object({ userId: Type.Integer(), key: Type.String(), name: Type.String(), realNameAuthStatusType: Type.String() }),
  auth: Type.Object({
    startTime: Type.Integer(),
    endTime: Type.Integer(),
    doorAccessType: Type.Union([Type.Literal("ALL_DOOR"), Type.Literal("SPECIFIC")]),
    scheduleType: Type.Union([Type.Literal("ALWAYS"), Type.Literal("SPECIFIC")]),
    scheduleId: Type.Optional(Type.Integer()),
    doors: Type.Optional(Type.Array(Type.Object({ doorId: Type.Integer(), doorName: Type.String() }))),
    credentials: Type.Object({ modes: Type.Array(Type.String()), faceImages: Type.Array(Type.String()), name: Type.String() }),
    activeStatus: Type.Union([Type.Literal("ACTIVE"), Type.Literal("INACTIVE")]),
  }),
});

/** A member without a value is left out, so null is none of these. */
export const EventItem = Type.Object({
  logId: Type.String({ minLength: 1 }),
  eventAt: Type.Integer(),
  placeId: Type.Integer(),
  deviceId: Type.Optional(Type.Integer()),
  doorId: Type.Optional(Type.Integer()),
  doorName: Type.Optional(Type.String()),
  authId: Type.Optional(Type.Integer()),
  userId: Type.Optional(Type.String()),
  userName: Type.Optional(Type.String()),
  localLogId: Type.Integer(),
  eventType: Type.String({ minLength: 1 }),
});

const Device = Type.Object({
  deviceId: Type.Integer(),
  deviceType: Type.String(),
  deviceModelName: Type.String(),
  deviceName: Type.String(),
  deviceSerial: Type.String(),
  deviceRS485Type: Type.Union([Type.Literal("MASTER"), Type.Literal("SLAVE")]),
  placeId: Type.Integer(),
  timeZone: Type.String(),
  gmtOffsetSeconds: Type.Integer(),
  connectivity: Type.Object({ connected: Type.Boolean() }),
  allowCredentials: Type.Array(Type.String()),
});

export const DoorItem = Type.Object({
  doorId: Type.Integer(),
  doorStatus: Type.String(),
  doorName: Type.String(),
  placeId: Type.Integer(),
  entryDevice: Type.Optional(Device),
  exitDevice: Type.Optional(Device),
  secureIODevices: Type.Array(Device),
  autoLockTimeoutMS: Type.Integer(),
  sensorIgnore: Type.Boolean(),
  heldOpenAlarm: Type.Boolean(),
  heldOpenAlarmTimeoutMS: Type.Optional(Type.Integer()),
  forceOpenAlarm: Type.Boolean(),
  schedule: Type.Object({ scheduleOpen: Type.Boolean(), scheduleClose: Type.Boolean() }),
});

export const DynamicQr = Type.Object({
  dynamicQrId: Type.String({ pattern: "^[0-9a-f-]{36}$" }),
  uniqueKey: Type.String(),
  placeGroupId: Type.Integer(),
  validFrom: Type.Integer(),
  validTo: Type.Integer(),
  dynamicQrUrl: Type.String({ pattern: "^https?://.+/dynamic\\?qid=" }),
});

export const ScanRequested = Type.Object({
  tokenId: Type.Integer(),
  token: Type.String({ pattern: "^[0-9a-f]{32}$" }),
  expiredAt: Type.Integer(),
  credentialType: Type.String(),
  timeout: Type.Integer(),
});

export const ScanResult = Type.Object({
  tokenId: Type.Integer(),
  token: Type.String(),
  credentialType: Type.String(),
  status: Type.Union([Type.Literal("NONE"), Type.Literal("SCANNING"), Type.Literal("COMPLETED"), Type.Literal("FAILED")]),
  expiredAt: Type.Integer(),
});

export const FaceMatchable = Type.Object({
  deviceId: Type.Integer(),
  deviceName: Type.String(),
  deviceSerial: Type.String(),
  deviceType: Type.String(),
});

export const FaceTask = Type.Object({
  taskType: Type.Literal("MATCH_FACE"),
  status: Type.String(),
  createdAt: Type.Integer(),
  expiredAt: Type.Integer(),
});

export const DeviceImage = Type.Object({
  imageId: Type.Integer(),
  fileName: Type.String(),
  key: Type.String(),
  imageUrl: Type.String(),
  type: Type.String(),
  lastModifiedAt: Type.Integer(),
});
