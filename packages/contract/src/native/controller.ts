import Type, { type Static } from "typebox";
import { DOORS_PER_CONTROLLER_MAX } from "../link/limits.ts";
import { PRIVATE } from "./explain-schema.ts";
import { CLAIM_CODE_LENGTH_MAX, PUBLIC_KEY_LENGTH_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoParams, NoQuery, OptionalEpochMs, PageQuery, PlaceParams, pageOf, ThingName } from "./parts.ts";

const DoorIds = Type.Array(Id, { minItems: 1, maxItems: DOORS_PER_CONTROLLER_MAX, uniqueItems: true });

export const ControllerResource = Type.Object(
  {
    controllerId: Id,
    placeId: Id,
    serial: Type.String(),
    name: Type.String(),
    doorIds: Type.Array(Id),
    claimed: Type.Boolean(),
    claimedAt: OptionalEpochMs,
    lostAt: OptionalEpochMs,
    connected: Type.Boolean(),
    connectedAt: OptionalEpochMs,
    lastHeardAt: OptionalEpochMs,
    clockOffsetMs: Type.Union([Type.Integer(), Type.Null()]),
    software: Type.Union([Type.String(), Type.Null()]),
    /** The place's roster as it is now, and how far the controller is. */
    wantedRevision: Count,
    urgentRevision: Count,
    confirmedRevision: Count,
    confirmedDigest: Type.Union([Type.String(), Type.Null()]),
    confirmedAt: OptionalEpochMs,
    failures: Type.Array(Type.Object({ key: Type.String(), revision: Count, code: Type.String() }, closed)),
  },
  closed,
);
export type ControllerResource = Static<typeof ControllerResource>;

const NewController = Type.Object({ name: ThingName, doorIds: DoorIds }, closed);
export type NewController = Static<typeof NewController>;
const ControllerChange = Type.Object({ name: Type.Optional(ThingName), doorIds: Type.Optional(DoorIds) }, closed);
export type ControllerChange = Static<typeof ControllerChange>;

export const ClaimCode = Type.Object({ code: Type.String(), expiresAt: EpochMs }, closed);
export const LostController = Type.Object(
  {
    controllerId: Id,
    lostAt: EpochMs,
    /** Whose PINs, unique PINs and templates stood on its disk: to be renewed. */
    toRenew: Type.Array(
      Type.Object({ authId: Id, userKey: Type.String(), name: Type.String(), credentials: Type.Array(Type.String()) }, closed),
    ),
    toRenewCount: Count,
  },
  closed,
);
export type LostController = Static<typeof LostController>;

/** Forty-three characters of base64url; the last carries four bits, so its two lowest are zero. */
const ThirtyTwoBytes = Type.String({
  maxLength: PUBLIC_KEY_LENGTH_MAX,
  pattern: "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$",
  "x-rule": "must be 32 bytes in base64url",
  ...PRIVATE,
});

export const ClaimBody = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: CLAIM_CODE_LENGTH_MAX, ...PRIVATE }),
    publicKey: Type.Object(
      { kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: ThirtyTwoBytes },
      { description: "An Ed25519 public key (RFC 8037 §2); what else a JWK may say is not looked at, but never send its private half." },
    ),
  },
  closed,
);
export type ClaimBody = Static<typeof ClaimBody>;
export const ClaimAnswer = Type.Object({ controllerId: Id, serial: Type.String(), placeId: Id, mqttUrl: Type.String() }, closed);

const ControllerParams = Type.Object({ controllerId: Id }, closed);

export const controllerOperations = operations({
  listControllers: {
    method: "GET",
    path: "/places/{placeId}/controllers",
    access: ["devices"],
    tag: "controllers",
    summary: "List the controllers of a place, and whether each holds what it should",
    params: PlaceParams,
    query: PageQuery,
    body: null,
    answer: pageOf(ControllerResource),
    status: 200,
    errors: ["not_found"],
  },
  createController: {
    method: "POST",
    path: "/places/{placeId}/controllers",
    access: ["devices"],
    tag: "controllers",
    summary: "Make a controller for doors that have none",
    params: PlaceParams,
    query: NoQuery,
    body: NewController,
    answer: ControllerResource,
    status: 201,
    errors: ["not_found", "conflict"],
    isIdempotent: true,
  },
  readController: {
    method: "GET",
    path: "/controllers/{controllerId}",
    access: ["devices"],
    tag: "controllers",
    summary: "Read a controller",
    params: ControllerParams,
    query: NoQuery,
    body: null,
    answer: ControllerResource,
    status: 200,
    errors: ["not_found"],
  },
  changeController: {
    method: "PATCH",
    path: "/controllers/{controllerId}",
    access: ["devices"],
    tag: "controllers",
    summary: "Rename a controller or give it other doors",
    params: ControllerParams,
    query: NoQuery,
    body: ControllerChange,
    answer: ControllerResource,
    status: 200,
    errors: ["not_found", "conflict"],
  },
  deleteController: {
    method: "DELETE",
    path: "/controllers/{controllerId}",
    access: ["devices"],
    tag: "controllers",
    summary: "Take a controller away; its doors are served by nobody until another is given them",
    params: ControllerParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
  issueClaimCode: {
    method: "POST",
    path: "/controllers/{controllerId}/claim-codes",
    access: ["devices"],
    tag: "controllers",
    summary: "Make a one-time code that gives the controller a new key; the one it has works until the code is used",
    params: ControllerParams,
    query: NoQuery,
    body: null,
    answer: ClaimCode,
    status: 201,
    errors: ["not_found"],
  },
  loseController: {
    method: "POST",
    path: "/controllers/{controllerId}/lost",
    access: ["devices"],
    tag: "controllers",
    summary:
      "Say that a controller was stolen or lost: its key is refused at once, and the answer names whose credentials stood on its disk",
    params: ControllerParams,
    query: NoQuery,
    body: null,
    answer: LostController,
    status: 200,
    errors: ["not_found"],
  },
  claimController: {
    method: "POST",
    path: "/claims",
    access: "public",
    tag: "controllers",
    summary: "Register the key of a controller with its one-time code",
    params: NoParams,
    query: NoQuery,
    body: ClaimBody,
    answer: ClaimAnswer,
    status: 200,
    errors: [],
  },
});
