import Type, { type Static } from "typebox";
import { UNIQUE_KEY_PATTERN } from "../clue/dynamic-qr.ts";
import { operations } from "./operation.ts";
import { closed, EpochMs, Id, NoParams, NoQuery, OptionalEpochMs, pageFields, pageOf } from "./parts.ts";

/** In the link too: whoever has it before the person taps it could bind another phone. */
const DynamicQrId = Type.String({
  pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
  "x-rule": "must be a UUID in small letters",
});

const UserKey = Type.String({
  pattern: UNIQUE_KEY_PATTERN,
  "x-rule": "must have 1 to 64 letters, digits, or - _ @ .",
  description: "Of a person of the group, or of one whom the customer's own server knows.",
});

export const DynamicQr = Type.Object(
  {
    dynamicQrId: DynamicQrId,
    placeGroupId: Id,
    userId: Id,
    userKey: Type.String(),
    validFrom: EpochMs,
    validTo: Type.Integer({ minimum: 0, description: "Epoch milliseconds, exclusive." }),
    madeAt: EpochMs,
    boundAt: Type.Union([OptionalEpochMs], { description: "When a phone was bound to it; null: none is, and its link is still good." }),
    url: Type.String({ description: "For the person's phone." }),
  },
  closed,
);
export type DynamicQr = Static<typeof DynamicQr>;

const CreateDynamicQr = Type.Object(
  {
    userKey: UserKey,
    validFrom: Type.Integer({ minimum: 0, description: "Epoch milliseconds, at most 90 days ago." }),
    validTo: Type.Integer({ minimum: 0, description: "Epoch milliseconds, exclusive, at most 90 days after `validFrom`." }),
  },
  closed,
);

const common = {
  access: ["people"],
  tag: "dynamic QRs",
  params: NoParams,
  query: NoQuery,
  body: null,
  status: 200,
  errors: ["not_found"],
} as const;
const DynamicQrParams = Type.Object({ dynamicQrId: DynamicQrId }, closed);

export const dynamicQrOperations = operations({
  listDynamicQrs: {
    ...common,
    method: "GET",
    path: "/dynamic-qrs",
    summary: "List the dynamic QRs of the key's group",
    query: Type.Object({ userKey: Type.Optional(UserKey), ...pageFields }, closed),
    answer: pageOf(DynamicQr),
  },
  createDynamicQr: {
    ...common,
    method: "POST",
    path: "/dynamic-qrs",
    summary: "Issue a dynamic QR to a person, and get the link for their phone",
    description:
      "Takes a key that reaches every place of its group. The phone on which the link is tapped first is the one that makes its codes; another one needs another link.",
    body: CreateDynamicQr,
    answer: DynamicQr,
    status: 201,
    errors: ["conflict"],
    isIdempotent: true,
  },
  readDynamicQr: {
    ...common,
    method: "GET",
    path: "/dynamic-qrs/{dynamicQrId}",
    summary: "Read a dynamic QR",
    params: DynamicQrParams,
    answer: DynamicQr,
  },
  deleteDynamicQr: {
    ...common,
    method: "DELETE",
    path: "/dynamic-qrs/{dynamicQrId}",
    summary: "Take a dynamic QR away; the doors forget it at once",
    params: DynamicQrParams,
    answer: null,
    status: 204,
  },
  deleteDynamicQrs: {
    ...common,
    method: "DELETE",
    path: "/dynamic-qrs",
    summary: "Take away every dynamic QR of a person; the doors forget them at once",
    query: Type.Object({ userKey: UserKey }, closed),
    answer: null,
    status: 204,
  },
});
