import Type, { type Static } from "typebox";
import { DoorModeResource } from "./door.ts";
import { operations } from "./operation.ts";
import { closed, DoorSet, EpochMs, Id, NoQuery, OptionalEpochMs, OptionalId, PlaceParams } from "./parts.ts";

const ModeWrite = Type.Object(
  {
    operator: Type.Union([Type.Literal("none"), Type.Literal("locked"), Type.Literal("unlocked")]),
    notAfter: Type.Optional(EpochMs),
  },
  closed,
);
export type ModeWrite = Static<typeof ModeWrite>;

export const DoorModeAnswer = Type.Object({ doorId: Id, mode: DoorModeResource }, closed);
export type DoorModeAnswer = Static<typeof DoorModeAnswer>;

/** The doors of the place that a lockdown holds. */
export const Lockdown = Type.Object(
  { placeId: Id, doorIds: Type.Array(Id), isWhole: Type.Boolean({ description: "Every door of the place." }) },
  closed,
);
export type Lockdown = Static<typeof Lockdown>;

/** One thing asked of a door or device, from the asking to what came of it. */
export const DoorCommand = Type.Object(
  {
    commandId: Id,
    placeId: Id,
    doorId: OptionalId,
    deviceId: OptionalId,
    command: Type.Union([
      Type.Literal("ONCE_OPEN"),
      Type.Literal("LEARN_CARD"),
      Type.Literal("LEARN_FINGER"),
      Type.Literal("END_LEARNING"),
    ]),
    state: Type.Union([
      Type.Literal("waiting"),
      Type.Literal("sent"),
      Type.Literal("done"),
      Type.Literal("failed"),
      Type.Literal("too_late"),
    ]),
    reason: Type.Union([Type.String(), Type.Null()]),
    /** What a `LEARN_CARD` read; told to who may see people's cards, for ten minutes. */
    card: Type.Optional(
      Type.Object({ cardNumber: Type.String(), formatType: Type.String(), formatData: Type.Optional(Type.String()) }, closed),
    ),
    actAt: EpochMs,
    notAfter: EpochMs,
    madeAt: EpochMs,
    endedAt: OptionalEpochMs,
  },
  closed,
);
export type DoorCommand = Static<typeof DoorCommand>;

const DoorParams = Type.Object({ doorId: Id }, closed);
const DeviceParams = Type.Object({ deviceId: Id }, closed);
const CommandParams = Type.Object({ commandId: Id }, closed);
const WaitQuery = Type.Object(
  { wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait for the end of it." })) },
  closed,
);
const OpenBody = Type.Object(
  {
    actAt: Type.Optional(EpochMs),
    withinMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 60_000, description: "How long after `actAt` it may still act; 10 seconds when left out." }),
    ),
  },
  closed,
);
export type OpenBody = Static<typeof OpenBody>;
const LearnBody = Type.Object(
  {
    withinMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 120_000, description: "How long the device waits for the card; 30 seconds when left out." }),
    ),
  },
  closed,
);
export type LearnBody = Static<typeof LearnBody>;

export const operatingOperations = operations({
  setDoorMode: {
    method: "PUT",
    path: "/doors/{doorId}/mode",
    access: ["doors:operate"],
    tag: "operating",
    summary:
      "Hold a door locked or unlocked, or give it back to its schedules and credentials; survives reboots and reaches doors that were offline",
    params: DoorParams,
    query: NoQuery,
    body: ModeWrite,
    answer: DoorModeAnswer,
    status: 200,
    errors: ["not_found"],
  },
  openDoor: {
    method: "POST",
    path: "/doors/{doorId}/open",
    access: ["doors:operate"],
    tag: "operating",
    summary: "Open a door once",
    params: DoorParams,
    query: WaitQuery,
    body: OpenBody,
    bodyIs: "optional",
    answer: DoorCommand,
    status: 202,
    errors: ["not_found", "device_offline"],
    isIdempotent: true,
  },
  learnCard: {
    method: "POST",
    path: "/devices/{deviceId}/learn",
    access: ["people"],
    tag: "operating",
    summary: "Read the next card presented at a device, without judging it",
    params: DeviceParams,
    query: WaitQuery,
    body: LearnBody,
    bodyIs: "optional",
    answer: DoorCommand,
    status: 202,
    errors: ["not_found", "device_offline"],
  },
  readCommand: {
    method: "GET",
    path: "/commands/{commandId}",
    access: ["doors:operate", "people"],
    tag: "operating",
    summary: "Read what came of a command",
    params: CommandParams,
    query: WaitQuery,
    body: null,
    answer: DoorCommand,
    status: 200,
    errors: ["not_found"],
  },
  readLockdown: {
    method: "GET",
    path: "/places/{placeId}/lockdown",
    access: ["doors:operate", "doors:configure"],
    tag: "operating",
    summary: "Which doors a lockdown holds",
    params: PlaceParams,
    query: NoQuery,
    body: null,
    answer: Lockdown,
    status: 200,
    errors: ["not_found"],
  },
  beginLockdown: {
    method: "PUT",
    path: "/places/{placeId}/lockdown",
    access: ["doors:operate"],
    tag: "operating",
    summary: "Lock doors against everybody but fire and the way out, until the lockdown ends",
    params: PlaceParams,
    query: NoQuery,
    body: Type.Object({ doors: DoorSet }, closed),
    answer: Lockdown,
    status: 200,
    errors: ["not_found"],
  },
  endLockdown: {
    method: "DELETE",
    path: "/places/{placeId}/lockdown",
    access: ["doors:operate"],
    tag: "operating",
    summary: "End the lockdown of the whole place",
    params: PlaceParams,
    query: NoQuery,
    body: null,
    answer: Lockdown,
    status: 200,
    errors: ["not_found"],
  },
});
