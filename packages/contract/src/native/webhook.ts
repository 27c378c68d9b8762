import Type, { type Static } from "typebox";
import { FollowedEvent } from "./event.ts";
import { EventChoice } from "./event-choice.ts";
import { LedgerHead } from "./ledger.ts";
import { WEBHOOK_SECRET_KEPT_MS_MAX, WEBHOOK_URL_LENGTH_MAX } from "./native-limits.ts";
import { operations } from "./operation.ts";
import {
  Count,
  closed,
  EpochMs,
  Id,
  NoParams,
  NoQuery,
  OptionalEpochMs,
  OptionalId,
  PlaceParams,
  pageFields,
  pageOf,
  ThingName,
} from "./parts.ts";

const TargetUrl = Type.String({
  minLength: 1,
  maxLength: WEBHOOK_URL_LENGTH_MAX,
  pattern: "^https?://[^\\s]+$",
  "x-rule": "must be an address such as https://example.com/hooks",
});

/** Where in a ledger: a cursor of the place, or one of its ends. */
const Position = Type.String({
  pattern: "^(now|beginning|[A-Za-z0-9_-]{20})$",
  "x-rule": "must be a cursor of the place, beginning or now",
});

const webhookFields = {
  webhookId: Id,
  placeGroupId: Id,
  placeId: Type.Union([Id, Type.Null()], { description: "null: every place of the group, also those still to be made." }),
  name: Type.String(),
  url: Type.String(),
  events: EventChoice,
  paused: Type.Boolean(),
  madeAt: EpochMs,
  madeBy: Type.Union([Type.String(), Type.Null()], { description: "The key that made it." }),
  previousSecretUntil: Type.Union([EpochMs, Type.Null()], {
    description: "Until then deliveries are signed with the secret before the present one too.",
  }),
  parkedPlaces: Type.Integer({
    minimum: 0,
    description: "Places whose deliveries were given up after three days, until they are resumed.",
  }),
  failingPlaces: Type.Integer({ minimum: 0, description: "Places whose last delivery failed and is tried again." }),
};
export const Webhook = Type.Object(webhookFields, closed);
export type Webhook = Static<typeof Webhook>;

const Secret = Type.String({ description: "`whsec_…`: shown once. It verifies the signatures of Standard Webhooks." });
export const MadeWebhook = Type.Object({ ...webhookFields, secret: Secret }, closed);
export type MadeWebhook = Static<typeof MadeWebhook>;

const webhookWrite = { name: ThingName, url: TargetUrl, events: Type.Optional(EventChoice), paused: Type.Optional(Type.Boolean()) };
const CreateWebhook = Type.Object({ ...webhookWrite, after: Type.Optional(Position) }, closed);
const CreateGroupWebhook = Type.Object(
  { ...webhookWrite, after: Type.Optional(Type.Union([Type.Literal("now"), Type.Literal("beginning")])) },
  closed,
);
export type CreateWebhook = Static<typeof CreateWebhook>;
const ChangeWebhook = Type.Object(
  {
    name: Type.Optional(ThingName),
    url: Type.Optional(TargetUrl),
    events: Type.Optional(EventChoice),
    paused: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ChangeWebhook = Static<typeof ChangeWebhook>;

/** What is sent to a webhook's address. */
export const WebhookMessage = Type.Object({
  type: Type.Union([Type.Literal("events"), Type.Literal("test")]),
  timestamp: Type.String({ description: "ISO 8601: when the server had the last of the events, or the time of the test." }),
  data: Type.Object({
    webhookId: Id,
    placeId: Type.Optional(Id),
    after: Type.Optional(Type.String({ description: "A cursor of the place: what was sent before ends here." })),
    next: Type.Optional(Type.String({ description: "A cursor of the place: the next message begins after it." })),
    head: Type.Optional(LedgerHead),
    events: Type.Array(FollowedEvent),
  }),
});
export type WebhookMessage = Static<typeof WebhookMessage>;

/** How far a webhook is with one place. */
export const WebhookPlace = Type.Object(
  {
    placeId: Id,
    state: Type.Union([Type.Literal("ready"), Type.Literal("paused"), Type.Literal("retrying"), Type.Literal("parked")], {
      description: "`parked`: given up after three days, until it is resumed.",
    }),
    deliveredThrough: Type.String({ description: "The cursor of the last event that was delivered or not meant." }),
    behind: Type.Integer({ minimum: 0, description: "Events of the ledger beyond it." }),
    attempts: Type.Integer({ minimum: 0, description: "Of the delivery that is due, which have failed." }),
    failingSince: OptionalEpochMs,
    nextAttemptAt: OptionalEpochMs,
    parkedAt: OptionalEpochMs,
    error: Type.Union([Type.String(), Type.Null()], { description: "What the last attempt failed with." }),
  },
  closed,
);
export type WebhookPlace = Static<typeof WebhookPlace>;

const outcomeFields = {
  outcome: Type.Union([Type.Literal("delivered"), Type.Literal("failed")]),
  status: Type.Union([Type.Integer(), Type.Null()], { description: "What the other side answered; null: nothing." }),
  error: Type.Union([Type.String(), Type.Null()]),
  answer: Type.Union([Type.String(), Type.Null()], { description: "The first bytes of a refusal." }),
  durationMs: Type.Integer({ minimum: 0 }),
};

export const WebhookDelivery = Type.Object(
  {
    deliveryId: Id,
    webhookId: Id,
    placeId: OptionalId,
    messageId: Type.String({ description: "`webhook-id`: the same for each attempt of a delivery." }),
    attempt: Type.Integer({ minimum: 1 }),
    at: EpochMs,
    url: Type.String(),
    eventCount: Count,
    first: Type.Union([Type.String(), Type.Null()], { description: "The cursor before its first event." }),
    through: Type.Union([Type.String(), Type.Null()]),
    ...outcomeFields,
  },
  closed,
);
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const WebhookTest = Type.Object({ messageId: Type.String(), ...outcomeFields }, closed);
export type WebhookTest = Static<typeof WebhookTest>;

const RotateSecret = Type.Object(
  {
    keepPreviousMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: WEBHOOK_SECRET_KEPT_MS_MAX,
        description: "For so long deliveries carry a signature of the secret before too; a day when left out.",
      }),
    ),
  },
  closed,
);
export type RotateSecret = Static<typeof RotateSecret>;
const Replay = Type.Object({ placeId: Id, after: Position }, closed);

const WebhookParams = Type.Object({ webhookId: Id }, closed);
const WebhooksQuery = Type.Object({ placeId: Type.Optional(Id), ...pageFields }, closed);
const DeliveriesQuery = Type.Object(
  { placeId: Type.Optional(Id), outcome: Type.Optional(Type.Union([Type.Literal("delivered"), Type.Literal("failed")])), ...pageFields },
  closed,
);

const common = { access: ["webhooks"], tag: "webhooks", query: NoQuery, status: 200, errors: ["not_found"] } as const;

export const webhookOperations = operations({
  listWebhooks: {
    ...common,
    method: "GET",
    path: "/webhooks",
    summary: "List the webhooks within reach",
    params: NoParams,
    query: WebhooksQuery,
    body: null,
    answer: pageOf(Webhook),
  },
  createWebhook: {
    ...common,
    method: "POST",
    path: "/places/{placeId}/webhooks",
    summary: "Have the events of a place sent to an address",
    description:
      "The secret is shown in this answer alone. Deliveries begin with what is appended from now on, or `after` a cursor of the place or its `beginning`.",
    params: PlaceParams,
    body: CreateWebhook,
    answer: MadeWebhook,
    status: 201,
    errors: ["not_found", "conflict"],
  },
  createGroupWebhook: {
    ...common,
    method: "POST",
    path: "/webhooks",
    summary: "Have the events of every place of the key's group sent to an address, also of places still to be made",
    description: "Takes a key that reaches every place of its group. The secret is shown in this answer alone.",
    params: NoParams,
    body: CreateGroupWebhook,
    answer: MadeWebhook,
    status: 201,
    errors: ["conflict"],
  },
  readWebhook: {
    ...common,
    method: "GET",
    path: "/webhooks/{webhookId}",
    summary: "Read a webhook; its secret is never told again",
    params: WebhookParams,
    body: null,
    answer: Webhook,
    isVersioned: true,
    versionLeavesOut: ["parkedPlaces", "failingPlaces"],
  },
  changeWebhook: {
    ...common,
    method: "PATCH",
    path: "/webhooks/{webhookId}",
    summary: "Change a webhook's name, address or events, pause it or let it go on",
    description: "While it is paused nothing is lost: it goes on where it was.",
    params: WebhookParams,
    body: ChangeWebhook,
    answer: Webhook,
    isVersioned: true,
    versionLeavesOut: ["parkedPlaces", "failingPlaces"],
  },
  deleteWebhook: {
    ...common,
    method: "DELETE",
    path: "/webhooks/{webhookId}",
    summary: "Take a webhook away, with its log",
    params: WebhookParams,
    body: null,
    answer: null,
    status: 204,
  },
  rotateWebhookSecret: {
    ...common,
    method: "POST",
    path: "/webhooks/{webhookId}/rotate-secret",
    summary: "Give a webhook a new secret; for a while deliveries are signed with both",
    params: WebhookParams,
    body: RotateSecret,
    bodyIs: "optional",
    answer: MadeWebhook,
  },
  listWebhookPlaces: {
    ...common,
    method: "GET",
    path: "/webhooks/{webhookId}/places",
    summary: "How far a webhook is with each place, and what keeps it",
    params: WebhookParams,
    query: Type.Object(pageFields, closed),
    body: null,
    answer: pageOf(WebhookPlace),
  },
  resumeWebhook: {
    ...common,
    method: "POST",
    path: "/webhooks/{webhookId}/resume",
    summary: "Try now what waits or was parked, from where it is",
    params: WebhookParams,
    body: null,
    answer: Webhook,
  },
  replayWebhook: {
    ...common,
    method: "POST",
    path: "/webhooks/{webhookId}/replay",
    summary: "Deliver a place's events once more from a position on",
    params: WebhookParams,
    body: Replay,
    answer: WebhookPlace,
  },
  testWebhook: {
    ...common,
    method: "POST",
    path: "/webhooks/{webhookId}/test",
    summary: "Send a signed message without events now, and tell what was answered",
    params: WebhookParams,
    body: null,
    answer: WebhookTest,
  },
  listWebhookDeliveries: {
    ...common,
    method: "GET",
    path: "/webhooks/{webhookId}/deliveries",
    summary: "What was sent and what was answered, the newest first",
    description:
      "The newest 500 that were delivered and 500 that failed, for a week. What a delivery held is not kept: it names people, and can be read from the ledger.",
    params: WebhookParams,
    query: DeliveriesQuery,
    body: null,
    answer: pageOf(WebhookDelivery),
  },
});
