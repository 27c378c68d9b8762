import Type, { type Static } from "typebox";
import { EPOCH_MS_MAX } from "../clue/clue-limits.ts";
import { DoorModeResource } from "./door.ts";
import { operations } from "./operation.ts";
import { closed, DoorSet, EpochMs, Id, NoQuery, OptionalEpochMs, OptionalId, PlaceParams, pageFields, pageOf } from "./parts.ts";

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

/** CLUe's four commands for a door (CLUe §1.5). */
const OrderName = Type.Union([
  Type.Literal("ONCE_OPEN"),
  Type.Literal("ALWAYS_OPEN"),
  Type.Literal("ALWAYS_CLOSE"),
  Type.Literal("RELEASE_MANUAL_MODE"),
]);

const CommandState = Type.Union(
  [
    Type.Literal("scheduled"),
    Type.Literal("waiting"),
    Type.Literal("sent"),
    Type.Literal("done"),
    Type.Literal("failed"),
    Type.Literal("refused"),
    Type.Literal("too_late"),
    Type.Literal("cancelled"),
  ],
  {
    description:
      "`scheduled` until its time; `waiting` for the controller; `sent` to it; then it has ended: `done`, or `failed`, `refused`, `too_late`, `cancelled` with the reason.",
  },
);

/** One thing asked of a door or device, from the asking to what came of it. */
export const DoorCommand = Type.Object(
  {
    commandId: Id,
    placeId: Id,
    doorId: OptionalId,
    deviceId: OptionalId,
    command: Type.Union([...OrderName.anyOf, Type.Literal("LEARN_CARD"), Type.Literal("LEARN_FINGER"), Type.Literal("END_LEARNING")]),
    state: CommandState,
    reason: Type.Union([Type.String(), Type.Null()]),
    askedBy: Type.String({ description: "The key that asked, or SYSTEM." }),
    /** What a `LEARN_CARD` read; told to who may see people's cards, for ten minutes. */
    card: Type.Optional(
      Type.Object({ cardNumber: Type.String(), formatType: Type.String(), formatData: Type.Optional(Type.String()) }, closed),
    ),
    actAt: EpochMs,
    notAfter: EpochMs,
    madeAt: EpochMs,
    sentAt: OptionalEpochMs,
    endedAt: OptionalEpochMs,
    /** When the bolt was released by it, as the door's log has it, and when it fell again. */
    relayOnAt: OptionalEpochMs,
    relayOffAt: OptionalEpochMs,
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

const WatchQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait for the end of it, or until it is further than `past`." }),
    ),
    past: Type.Optional(
      Type.Union(
        [Type.Literal("scheduled"), Type.Literal("waiting"), Type.Literal("sent"), Type.Literal("ended"), Type.Literal("relay_on")],
        { description: "Come back as soon as it is further than this: `ended` waits for the bolt of an opening." },
      ),
    ),
  },
  closed,
);
const actAt = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: EPOCH_MS_MAX,
    description: "Epoch milliseconds. When to act; at most a day ahead. Now, when left out.",
  }),
);
const withinMs = Type.Optional(
  Type.Integer({ minimum: 1_000, maximum: 60_000, description: "How long after `actAt` a door may still open; 10 seconds when left out." }),
);
const OpenBody = Type.Object({ actAt, withinMs }, closed);
export type OpenBody = Static<typeof OpenBody>;
const OrderBody = Type.Object({ command: OrderName, actAt, withinMs }, closed);
const CommandsQuery = Type.Object(
  {
    ...pageFields,
    open: Type.Optional(Type.Boolean({ description: "Those that have not ended: what is scheduled, waits or is under way." })),
  },
  closed,
);
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
    query: WatchQuery,
    body: OpenBody,
    bodyIs: "optional",
    answer: DoorCommand,
    status: 202,
    errors: ["not_found", "device_offline"],
    isIdempotent: true,
  },
  orderDoor: {
    method: "POST",
    path: "/doors/{doorId}/commands",
    access: ["doors:operate"],
    tag: "operating",
    summary: "Open a door once, hold it open or locked or give it back, now or at a time",
    description:
      "While its controller is connected. What is scheduled is carried out within a second of `actAt`, also by a server that was started anew meanwhile, and can be cancelled until then.",
    params: DoorParams,
    query: WatchQuery,
    body: OrderBody,
    answer: DoorCommand,
    status: 202,
    errors: ["not_found", "device_offline"],
    isIdempotent: true,
  },
  listCommands: {
    method: "GET",
    path: "/doors/{doorId}/commands",
    access: ["doors:operate"],
    tag: "operating",
    summary: "List what a door was asked for from afar, in the order of asking",
    params: DoorParams,
    query: CommandsQuery,
    body: null,
    answer: pageOf(DoorCommand),
    status: 200,
    errors: ["not_found"],
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
    query: WatchQuery,
    body: null,
    answer: DoorCommand,
    status: 200,
    errors: ["not_found"],
  },
  cancelCommand: {
    method: "DELETE",
    path: "/commands/{commandId}",
    access: ["doors:operate"],
    tag: "operating",
    summary: "Take back a command of a door that has not been sent yet",
    params: CommandParams,
    query: NoQuery,
    body: null,
    answer: DoorCommand,
    status: 200,
    errors: ["not_found", "conflict"],
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
