import Type, { type Static } from "typebox";
import { MODES_COUNT_MAX } from "../clue/clue-limits.ts";
import {
  QR_STEPS_OFF_MAX,
  STALE_USERS_COUNT_MAX,
  VENDOR_BUDGET_MS_MAX,
  VENDOR_BUDGET_MS_MIN,
  VENDOR_KNOWN_MS_MAX,
} from "../link/limits.ts";
import { operations } from "./operation.ts";
import {
  closed,
  EpochMs,
  Id,
  NoQuery,
  OptionalEpochMs,
  OptionalId,
  PlaceParams,
  pageFields,
  pageOf,
  SearchText,
  ThingName,
} from "./parts.ts";

const Side = Type.Union([Type.Literal("ENTRY"), Type.Literal("EXIT")]);
const Port = Type.Integer({ minimum: 0, maximum: 255 });
const SwitchType = Type.Union([Type.Literal("NORMAL_OPEN"), Type.Literal("NORMAL_CLOSE")]);
const Relay = Type.Object({ side: Side, port: Port }, closed);
const Input = Type.Union([Type.Object({ side: Side, port: Port, switchType: SwitchType }, closed), Type.Null()]);
/** Factors in order, such as `CARD_THEN_PIN`. */
export const ModeText = Type.String({ pattern: "^[A-Z_]{1,64}$", "x-rule": "must be a combination of factors such as CARD_THEN_PIN" });

export const DoorSettingsFields = {
  unlockMs: Type.Integer({ minimum: 100, maximum: 900_000, description: "How long one grant keeps the bolt released." }),
  lockType: Type.Union([Type.Literal("fail_safe"), Type.Literal("fail_secure")], { description: "Without power a fail-safe bolt opens." }),
  sensorIgnore: Type.Boolean({ description: "The sensor judges nothing: the bolt falls by time alone, and nothing is an alarm." }),
  heldOpenMs: Type.Union([Type.Integer({ minimum: 100, maximum: 86_400_000 }), Type.Null()], {
    description: "How long the door may stand open after a passage; null: for ever.",
  }),
  forcedOpenAlarm: Type.Boolean({ description: "Opening without a passage is an alarm." }),
  relay: Relay,
  sensor: Input,
  button: Input,
  scheduledUnlockId: OptionalId,
  scheduledLockId: OptionalId,
  firstPersonIn: Type.Boolean({ description: "The scheduled unlock begins with the first person let in during its window." }),
  factorMs: Type.Integer({ minimum: 1_000, maximum: 120_000, description: "How long somebody has for the next factor." }),
  minimum: Type.Array(ModeText, {
    maxItems: MODES_COUNT_MAX,
    description: "The least a person must present here; empty: what their auth says.",
  }),
  beliefAgeMsMax: Type.Union([Type.Integer({ minimum: 60_000, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
    description: "How long the door may decide without having heard from the server; null: for ever.",
  }),
  staleUserIds: Type.Array(Id, {
    maxItems: STALE_USERS_COUNT_MAX,
    uniqueItems: true,
    description: "Users whom the door lets in by what it holds of them even then.",
  }),
  whenVendorSilent: Type.Union([Type.Literal("deny"), Type.Literal("allow"), Type.Literal("allow_known")], {
    description:
      "Whom the door lets in when the customer's own server, whose confirmation it wants, does not answer. `allow_known`: those whom that server confirmed at the same controller within `vendorKnownMs`.",
  }),
  vendorKnownMs: Type.Integer({ minimum: 60_000, maximum: VENDOR_KNOWN_MS_MAX, description: "Counts with `allow_known` alone." }),
  vendorBudgetMs: Type.Integer({
    minimum: VENDOR_BUDGET_MS_MIN,
    maximum: VENDOR_BUDGET_MS_MAX,
    description: "How long a person is kept waiting for the customer's own server in all.",
  }),
  qrStepsOff: Type.Integer({
    minimum: 1,
    maximum: QR_STEPS_OFF_MAX,
    description:
      "Steps of five seconds by which a phone's code may be off the door's clock, to either side; the code of a photograph is good for as long.",
  }),
};
export const DoorSettingsResource = Type.Object(DoorSettingsFields, closed);
export type DoorSettingsResource = Static<typeof DoorSettingsResource>;

/** What holds a door beside its schedules and fire. */
export const DoorModeResource = Type.Object(
  {
    operator: Type.Union([Type.Literal("none"), Type.Literal("locked"), Type.Literal("unlocked")]),
    lockdown: Type.Boolean(),
    notAfter: Type.Union([EpochMs, Type.Null()], {
      description: "An unlocking mode that no controller has confirmed by then is taken back.",
    }),
    changedAt: OptionalEpochMs,
  },
  closed,
);
export type DoorModeResource = Static<typeof DoorModeResource>;

export const Door = Type.Object(
  {
    doorId: Id,
    placeId: Id,
    name: ThingName,
    controllerId: OptionalId,
    entryDeviceId: Id,
    exitDeviceId: OptionalId,
    connected: Type.Boolean({ description: "Its controller has a live connection." }),
    lastHeardAt: Type.Union([EpochMs, Type.Null()], {
      description: "Epoch milliseconds when the server last heard its controller, to within a minute; null: never.",
    }),
    beliefTooOld: Type.Boolean({
      description:
        "By its setting `beliefAgeMsMax` the door refuses people now, since its controller has heard nothing from the server for so long.",
    }),
    settings: DoorSettingsResource,
    mode: DoorModeResource,
  },
  closed,
);
export type Door = Static<typeof Door>;

const Serial = Type.String({ pattern: "^[0-9]{9,12}$", "x-rule": "must be a serial number of 9 to 12 digits" });
const Kind = Type.String({
  minLength: 1,
  maxLength: 32,
  pattern: "^[A-Za-z0-9_. -]+$",
  "x-rule": "must have letters, digits, _ . - or blanks",
});
const Description = Type.String({ maxLength: 200 });
const NewDevice = Type.Object(
  {
    serial: Type.Optional(Serial),
    name: Type.Optional(ThingName),
    deviceType: Type.Optional(Kind),
    modelName: Type.Optional(Kind),
    description: Type.Optional(Description),
  },
  { ...closed, description: "What is left out is drawn or named after the door." },
);
export type NewDevice = Static<typeof NewDevice>;

const NewDoor = Type.Object(
  {
    name: ThingName,
    entryDevice: Type.Optional(NewDevice),
    exitDevice: Type.Optional(Type.Union([NewDevice, Type.Null()])),
    controllerId: Type.Optional(OptionalId),
    settings: Type.Optional(Type.Partial(DoorSettingsResource, closed)),
  },
  closed,
);
export type NewDoor = Static<typeof NewDoor>;

const DoorChange = Type.Object(
  {
    name: Type.Optional(ThingName),
    controllerId: Type.Optional(OptionalId),
    exitDevice: Type.Optional(Type.Union([NewDevice, Type.Null()], { description: "null takes the exit device away." })),
    settings: Type.Optional(Type.Partial(DoorSettingsResource, closed)),
  },
  closed,
);
export type DoorChange = Static<typeof DoorChange>;

export const Device = Type.Object(
  {
    deviceId: Id,
    placeId: Id,
    doorId: OptionalId,
    serial: Type.String(),
    deviceType: Type.String(),
    modelName: Type.String(),
    name: Type.String(),
    description: Type.String(),
    side: Side,
    connected: Type.Boolean(),
    firstConnectedAt: OptionalEpochMs,
  },
  closed,
);
export type Device = Static<typeof Device>;

const DeviceChange = Type.Object(
  {
    name: Type.Optional(ThingName),
    description: Type.Optional(Description),
    deviceType: Type.Optional(Kind),
    modelName: Type.Optional(Kind),
  },
  closed,
);
export type DeviceChange = Static<typeof DeviceChange>;

/** A door's mode has calls of its own. */
export const DOOR_VERSION_LEAVES_OUT = ["connected", "lastHeardAt", "beliefTooOld", "mode"] as const;
export const DEVICE_VERSION_LEAVES_OUT = ["connected", "firstConnectedAt"] as const;

const DoorParams = Type.Object({ doorId: Id }, closed);
const DeviceParams = Type.Object({ deviceId: Id }, closed);
const reading = ["doors:operate", "doors:configure", "devices"] as const;
const ListQuery = Type.Object({ ...pageFields, q: Type.Optional(SearchText) }, closed);

export const doorOperations = operations({
  listDoors: {
    method: "GET",
    path: "/places/{placeId}/doors",
    access: reading,
    tag: "doors",
    summary: "List the doors of a place with their settings and modes",
    params: PlaceParams,
    query: ListQuery,
    body: null,
    answer: pageOf(Door),
    status: 200,
    errors: ["not_found"],
  },
  createDoor: {
    method: "POST",
    path: "/places/{placeId}/doors",
    access: ["doors:configure"],
    tag: "doors",
    summary: "Make a door with its devices",
    params: PlaceParams,
    query: NoQuery,
    body: NewDoor,
    answer: Door,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
  },
  readDoor: {
    method: "GET",
    path: "/doors/{doorId}",
    access: reading,
    tag: "doors",
    summary: "Read a door",
    params: DoorParams,
    query: NoQuery,
    body: null,
    answer: Door,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
    versionLeavesOut: DOOR_VERSION_LEAVES_OUT,
  },
  changeDoor: {
    method: "PATCH",
    path: "/doors/{doorId}",
    access: ["doors:configure"],
    tag: "doors",
    summary: "Change a door: its name, controller, exit device, settings",
    params: DoorParams,
    query: NoQuery,
    body: DoorChange,
    answer: Door,
    status: 200,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
    versionLeavesOut: DOOR_VERSION_LEAVES_OUT,
  },
  deleteDoor: {
    method: "DELETE",
    path: "/doors/{doorId}",
    access: ["doors:configure"],
    tag: "doors",
    summary: "Take a door away with its devices; auths and groups that named it lose it, its events stay",
    params: DoorParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found", "conflict", "changed_meanwhile"],
    isVersioned: true,
    versionLeavesOut: DOOR_VERSION_LEAVES_OUT,
  },
  listDevices: {
    method: "GET",
    path: "/places/{placeId}/devices",
    access: reading,
    tag: "devices",
    summary: "List the devices of a place",
    params: PlaceParams,
    query: ListQuery,
    body: null,
    answer: pageOf(Device),
    status: 200,
    errors: ["not_found"],
  },
  readDevice: {
    method: "GET",
    path: "/devices/{deviceId}",
    access: reading,
    tag: "devices",
    summary: "Read a device",
    params: DeviceParams,
    query: NoQuery,
    body: null,
    answer: Device,
    status: 200,
    errors: ["not_found"],
    isVersioned: true,
    versionLeavesOut: DEVICE_VERSION_LEAVES_OUT,
  },
  changeDevice: {
    method: "PATCH",
    path: "/devices/{deviceId}",
    access: ["devices"],
    tag: "devices",
    summary: "Change what a device is called",
    params: DeviceParams,
    query: NoQuery,
    body: DeviceChange,
    answer: Device,
    status: 200,
    errors: ["not_found", "changed_meanwhile"],
    isVersioned: true,
    versionLeavesOut: DEVICE_VERSION_LEAVES_OUT,
  },
});
