import Type, { type Static } from "typebox";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoQuery, OptionalEpochMs, PlaceParams, pageFields, pageOf } from "./parts.ts";

const OptionalDigest = Type.Union([Type.String({ pattern: "^[0-9a-f]{64}$" }), Type.Null()]);
const OptionalCount = Type.Union([Count, Type.Null()]);

/** A change after which an auth opens less than before. It names nobody, and stays when the auth and its person are gone. */
const revocationFields = {
  authId: Id,
  /** Of the roster of its place. */
  revision: Id,
  /** `removed`; `erased` with its person; `inactive`; `ended`: its end was set to a time that had come; `doors_lost`. */
  because: Type.Union([
    Type.Literal("removed"),
    Type.Literal("erased"),
    Type.Literal("inactive"),
    Type.Literal("ended"),
    Type.Literal("doors_lost"),
  ]),
  askedAt: EpochMs,
};

/** One controller that may have held what was taken away, and its proof that it no longer does. */
export const Receipt = Type.Object(
  {
    controllerId: Id,
    serial: Type.Union([Type.String(), Type.Null()], { description: "null: the controller was taken away." }),
    connected: Type.Boolean(),
    doorIds: Type.Array(Id, { description: "The doors it serves." }),
    state: Type.Union([Type.Literal("confirmed"), Type.Literal("owed"), Type.Literal("taken_away")], {
      description: "`owed`: not yet, since `askedAt`. `taken_away`: the controller is no longer one of the place, and never confirmed.",
    }),
    confirmedAt: OptionalEpochMs,
    /** What it had proved before, and what it proved then: its digests of all it held, each equal to the one that the server expected. */
    revisionBefore: OptionalCount,
    digestBefore: OptionalDigest,
    revisionAfter: OptionalCount,
    digestAfter: OptionalDigest,
  },
  closed,
);
export type Receipt = Static<typeof Receipt>;

export const AuthReceipts = Type.Object(
  {
    authId: Id,
    placeId: Id,
    revocations: Type.Array(Type.Object({ ...revocationFields, receipts: Type.Array(Receipt) }, closed), {
      description: "The newest first, at most 20.",
    }),
  },
  closed,
);
export type AuthReceipts = Static<typeof AuthReceipts>;

const Ids = Type.Array(Id);

export const Revocation = Type.Object({ ...revocationFields, confirmedBy: Ids, owedBy: Ids }, closed);
export type Revocation = Static<typeof Revocation>;

const RevocationsQuery = Type.Object({ ...pageFields, owed: Type.Optional(Type.Boolean()) }, closed);

export const receiptOperations = operations({
  readAuthReceipts: {
    method: "GET",
    path: "/auths/{authId}/receipts",
    access: ["people"],
    tag: "insight",
    summary: "Which doors have proved that they no longer hold what was taken away from an auth, and which have not",
    description: "Also of an auth that is gone, and of an erased person's. Kept for a year.",
    params: Type.Object({ authId: Id }, closed),
    query: NoQuery,
    body: null,
    answer: AuthReceipts,
    status: 200,
    errors: ["not_found"],
  },
  listRevocations: {
    method: "GET",
    path: "/places/{placeId}/revocations",
    access: ["people", "devices"],
    tag: "insight",
    summary: "What was taken away from auths of a place, with the controllers that have proved it and those that have not",
    description: "`owed=true`: only those that some controller has not confirmed. In ascending revision. Kept for a year.",
    params: PlaceParams,
    query: RevocationsQuery,
    body: null,
    answer: pageOf(Revocation),
    status: 200,
    errors: ["not_found"],
  },
});
