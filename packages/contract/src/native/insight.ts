import Type, { type Static } from "typebox";
import { PRIVATE } from "./explain-schema.ts";
import { operations } from "./operation.ts";
import { Count, closed, EpochMs, Id, NoParams, NoQuery, OptionalEpochMs, OptionalId, PlaceParams, pageFields, pageOf } from "./parts.ts";

/** One rule of the decision, in the order in which it is judged, and what it said. */
export const DecisionStep = Type.Object(
  { rule: Type.String(), passed: Type.Boolean(), text: Type.String({ description: "A sentence for a person." }) },
  closed,
);

export const WhatIfAnswer = Type.Object(
  {
    doorId: Id,
    at: EpochMs,
    /** Wall clock of the place, such as `2026-11-29 02:30 +01:00`. */
    localTime: Type.String(),
    outcome: Type.Union([
      Type.Literal("granted"),
      Type.Literal("unlocked"),
      Type.Literal("wait_factor"),
      Type.Literal("ask_vendor"),
      Type.Literal("denied"),
    ]),
    reason: Type.Union([Type.String(), Type.Null()]),
    text: Type.String(),
    wanted: Type.Array(Type.String(), { description: "Factors of which one must follow." }),
    person: Type.Union([Type.Object({ authId: Id, userId: Id, userKey: Type.String(), name: Type.String() }, closed), Type.Null()]),
    steps: Type.Array(DecisionStep),
  },
  closed,
);
export type WhatIfAnswer = Static<typeof WhatIfAnswer>;

const PresentedCard = Type.Object(
  {
    cardNumber: Type.String({ minLength: 1, maxLength: 64, ...PRIVATE }),
    formatType: Type.Optional(Type.Union([Type.Literal("CSN"), Type.Literal("WIEGAND")])),
    formatData: Type.Optional(Type.String({ maxLength: 64 })),
  },
  closed,
);
const FactorName = Type.Union(
  ["CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"].map((factor) => Type.Literal(factor)),
);

/** Who: one of `card`, `authId`, `userKey`. What they present: `proven`, by default all that their first mode asks for. */
export const WhatIfBody = Type.Object(
  {
    doorId: Id,
    at: Type.Optional(EpochMs),
    card: Type.Optional(PresentedCard),
    authId: Type.Optional(Id),
    userKey: Type.Optional(Type.String({ minLength: 1, maxLength: 64, ...PRIVATE })),
    proven: Type.Optional(Type.Array(FactorName, { minItems: 1, maxItems: 4 })),
  },
  closed,
);
export type WhatIfBody = Static<typeof WhatIfBody>;

export const MayOpen = Type.Object(
  { authId: Id, userId: Id, userKey: Type.String(), name: Type.String(), modes: Type.Array(Type.String()) },
  closed,
);
export type MayOpen = Static<typeof MayOpen>;
export const WhoMayOpenAnswer = Type.Object(
  {
    at: EpochMs,
    localTime: Type.String(),
    /** What holds the door then, as far as it can be known now. */
    mode: Type.String(),
    items: Type.Array(MayOpen),
    next: Type.Optional(Type.String()),
  },
  closed,
);
export type WhoMayOpenAnswer = Static<typeof WhoMayOpenAnswer>;

export const Explanation = Type.Object(
  {
    logId: Type.String(),
    eventAt: EpochMs,
    eventType: Type.String(),
    meaning: Type.String(),
    doorId: OptionalId,
    deviceId: OptionalId,
    authId: OptionalId,
    userKey: Type.Union([Type.String(), Type.Null()]),
    reason: Type.Union([Type.String(), Type.Null()]),
    text: Type.String({ description: "Why it happened, in a sentence." }),
    detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    /** What the present roster would say about the same person at the same door and time; null where that cannot be told. */
    now: Type.Union([WhatIfAnswer, Type.Null()]),
  },
  closed,
);
export type Explanation = Static<typeof Explanation>;

export const AuditEntry = Type.Object(
  {
    auditId: Id,
    at: EpochMs,
    placeId: OptionalId,
    keyId: Type.Union([Type.String(), Type.Null()]),
    source: Type.String(),
    action: Type.String(),
    targetKind: Type.String(),
    targetId: Type.Union([Type.String(), Type.Null()]),
    outcome: Type.Union([Type.Literal("done"), Type.Literal("refused")]),
    detail: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  },
  closed,
);
export type AuditEntry = Static<typeof AuditEntry>;

/** How far one controller is with what concerns it. */
export const SyncOfController = Type.Object(
  {
    controllerId: Id,
    serial: Type.String(),
    connected: Type.Boolean(),
    state: Type.Union([Type.Literal("confirmed"), Type.Literal("waiting"), Type.Literal("failed"), Type.Literal("away")]),
    wantedRevision: Count,
    confirmedRevision: Count,
    /** When its digest last agreed. */
    since: OptionalEpochMs,
    /** What keeps it: an item that it could not take over. */
    error: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
);
export type SyncOfController = Static<typeof SyncOfController>;

export const PlaceSync = Type.Object(
  {
    placeId: Id,
    revision: Count,
    confirmedBy: Count,
    /** Connected, and on their way to it. */
    waiting: Count,
    /** With an item that could not be taken over. */
    failed: Count,
    away: Count,
    controllerCount: Count,
    /** The revision that every controller has confirmed. */
    confirmedByAll: Count,
    controllers: Type.Array(SyncOfController),
  },
  closed,
);
export type PlaceSync = Static<typeof PlaceSync>;

export const AuthSync = Type.Object(
  { authId: Id, placeId: Id, revision: Count, isGone: Type.Boolean(), controllers: Type.Array(SyncOfController) },
  closed,
);
export type AuthSync = Static<typeof AuthSync>;

const AuditQuery = Type.Object(
  {
    ...pageFields,
    placeId: Type.Optional(Id),
    from: Type.Optional(EpochMs),
    /** Both inclusive. */
    to: Type.Optional(EpochMs),
    action: Type.Optional(Type.String({ maxLength: 64 })),
  },
  closed,
);
const AtQuery = Type.Object({ ...pageFields, at: Type.Optional(EpochMs) }, closed);
const EventParams = Type.Object({ logId: Type.String({ pattern: "^[A-Za-z0-9_-]{20}$", "x-rule": "must be a logId" }) }, closed);

export const insightOperations = operations({
  whatIf: {
    method: "POST",
    path: "/places/{placeId}/what-if",
    access: ["people"],
    tag: "insight",
    summary: "Whether this person, card or auth would open this door at this time, and why",
    params: PlaceParams,
    query: NoQuery,
    body: WhatIfBody,
    answer: WhatIfAnswer,
    status: 200,
    errors: ["not_found"],
  },
  whoMayOpen: {
    method: "GET",
    path: "/doors/{doorId}/who-may-open",
    access: ["people"],
    tag: "insight",
    summary: "Who may open a door at a time",
    params: Type.Object({ doorId: Id }, closed),
    query: AtQuery,
    body: null,
    answer: WhoMayOpenAnswer,
    status: 200,
    errors: ["not_found"],
  },
  explainEvent: {
    method: "GET",
    path: "/events/{logId}/explanation",
    access: ["events"],
    tag: "insight",
    summary: "Why an event happened",
    params: EventParams,
    query: NoQuery,
    body: null,
    answer: Explanation,
    status: 200,
    errors: ["not_found"],
  },
  readPlaceSync: {
    method: "GET",
    path: "/places/{placeId}/sync",
    access: ["people", "devices", "doors:operate", "doors:configure"],
    tag: "insight",
    summary: "Whether the doors of a place hold what they should",
    params: PlaceParams,
    query: NoQuery,
    body: null,
    answer: PlaceSync,
    status: 200,
    errors: ["not_found"],
  },
  readAuthSync: {
    method: "GET",
    path: "/auths/{authId}/sync",
    access: ["people"],
    tag: "insight",
    summary: "Whether the doors have an auth as it is now, or its end",
    params: Type.Object({ authId: Id }, closed),
    query: NoQuery,
    body: null,
    answer: AuthSync,
    status: 200,
    errors: ["not_found"],
  },
  listAudit: {
    method: "GET",
    path: "/audit",
    access: ["keys"],
    tag: "audit",
    summary: "Who did what, the newest first",
    description: "`from` and `to` are inclusive. A key of some places sees what concerns these places alone.",
    params: NoParams,
    query: AuditQuery,
    body: null,
    answer: pageOf(AuditEntry),
    status: 200,
    errors: ["not_found"],
  },
});
