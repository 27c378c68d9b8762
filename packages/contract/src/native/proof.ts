import Type, { type Static } from "typebox";
import { SyncOfController } from "./insight.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoQuery, OptionalEpochMs, PageQuery, PlaceParams, pageOf } from "./parts.ts";

const Hex = Type.String({ pattern: "^[0-9a-f]{64}$" });

/** Numbers `from` to `to` of one generation of a controller's log, both inclusive. */
export const LogRange = Type.Object({ generation: Id, from: Count, to: Count }, closed);
export type LogRange = Static<typeof LogRange>;

/** What the ledger has of a controller's log, and what it has not. */
const logFields = {
  /** When the controller last said what its log holds; null: it has never greeted. */
  reportedAt: OptionalEpochMs,
  /** The newest first. Every number in a range is in the ledger, was declared lost, or was refused and left a stub. */
  received: Type.Array(LogRange, { description: "The newest generations first." }),
  receivedCount: Count,
  /** What the controller holds and the ledger has not got yet. */
  awaited: Type.Array(LogRange),
  /** What neither has: the controller will declare it lost. */
  holes: Type.Array(LogRange),
  /** The newest first; `lostCount` counts the numbers of all of them, shown or not. */
  lost: Type.Array(Type.Object({ ...LogRange.properties, at: EpochMs }, closed)),
  lostCount: Count,
  /** Starts of a log that disagreed with what was stored, as of a disk restored from an old copy; the newest first. */
  forks: Type.Array(Type.Object({ generation: Id, at: EpochMs, because: Type.String() }, closed)),
  forkCount: Count,
};

export const LogContinuity = Type.Object({ controllerId: Id, serial: Type.String(), connected: Type.Boolean(), ...logFields }, closed);
export type LogContinuity = Static<typeof LogContinuity>;

/** What a controller last said that it holds, beside what it should have held then. */
const ComparedDigest = Type.Object(
  {
    revision: Count,
    digest: Hex,
    expectedDigest: Type.Union([Hex, Type.Null()], { description: "null: a revision older than what the server still knew." }),
    agrees: Type.Boolean(),
    at: EpochMs,
  },
  closed,
);

/** All that proves, or does not, that one controller and the server agree. */
export const ControllerProof = Type.Object(
  {
    placeId: Id,
    ...SyncOfController.properties,
    urgentRevision: Count,
    compared: Type.Union([ComparedDigest, Type.Null()]),
    failures: Type.Array(Type.Object({ key: Type.String(), revision: Count, code: Type.String() }, closed)),
    lastHeardAt: OptionalEpochMs,
    /** Since the server last heard the controller, to within a minute; null: never. */
    beliefAgeMs: Type.Union([Count, Type.Null()]),
    /** Doors that refuse people now by their `beliefAgeMsMax`, since their controller has heard nothing for so long. */
    beliefTooOldDoorIds: Type.Array(Id),
    /** The controller's time less the server's at `clockMeasuredAt`, the time that a frame took included. */
    clockOffsetMs: Type.Union([Type.Integer(), Type.Null()]),
    clockMeasuredAt: OptionalEpochMs,
    log: Type.Object(logFields, closed),
  },
  closed,
);
export type ControllerProof = Static<typeof ControllerProof>;

export const proofOperations = operations({
  readControllerSync: {
    method: "GET",
    path: "/controllers/{controllerId}/sync",
    access: ["devices"],
    tag: "insight",
    summary: "Whether one controller holds what it should and the ledger has all of its log, with what proves it",
    params: Type.Object({ controllerId: Id }, closed),
    query: NoQuery,
    body: null,
    answer: ControllerProof,
    status: 200,
    errors: ["not_found"],
  },
  listContinuity: {
    method: "GET",
    path: "/places/{placeId}/continuity",
    access: ["devices", "events"],
    tag: "insight",
    summary: "Which events of each controller the ledger has, which are on their way, and which were declared lost",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(LogContinuity),
    status: 200,
    errors: ["not_found"],
  },
});
