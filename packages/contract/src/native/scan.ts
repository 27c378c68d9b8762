import Type, { type Static } from "typebox";
import { FINGER_SCORE_MAX } from "../clue/clue-limits.ts";
import { ScanCredential } from "../clue/credential-scan.ts";
import { operations } from "./operation.ts";
import { closed, EpochMs, Id, NoQuery, OptionalEpochMs, OptionalId } from "./parts.ts";
import { ScanToken } from "./scan-token.ts";

/** A card or finger that a device was asked for, from the asking to the auth that holds it. A finger's template is never told. */
export const Scan = Type.Object(
  {
    scanId: Id,
    token: Type.String({ description: "Names the scan, and gives what was scanned to an auth by `registrationTokens`, once." }),
    placeId: Id,
    deviceId: Id,
    credentialType: ScanCredential,
    state: Type.Union([Type.Literal("waiting"), Type.Literal("scanning"), Type.Literal("completed"), Type.Literal("failed")]),
    reason: Type.Union([Type.String(), Type.Null()], { description: "Why it failed." }),
    card: Type.Optional(
      Type.Object({ cardNumber: Type.String(), formatType: Type.String(), formatData: Type.Optional(Type.String()) }, closed),
    ),
    score: Type.Optional(Type.Integer({ minimum: 0, maximum: FINGER_SCORE_MAX, description: "Of a finger; from 50 on it is taken." })),
    duplicateAuthIds: Type.Array(Id, { description: "Auths of the place that hold the same card or finger already." }),
    usedBy: OptionalId,
    madeAt: EpochMs,
    notAfter: Type.Integer({ minimum: 0, description: "Epoch milliseconds. How long the device waits." }),
    endedAt: OptionalEpochMs,
    expiresAt: Type.Integer({
      minimum: 0,
      description: "Epoch milliseconds. The token is nothing from then on, and what was scanned is forgotten.",
    }),
  },
  closed,
);
export type Scan = Static<typeof Scan>;

const RequestBody = Type.Object(
  {
    credentialType: ScanCredential,
    verifyToken: Type.Optional(ScanToken),
    withinMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 120_000, description: "How long the device waits; 10 seconds when left out." }),
    ),
  },
  closed,
);
const WaitQuery = Type.Object(
  { wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait for the end of it." })) },
  closed,
);
const ScanParams = Type.Object({ token: ScanToken }, closed);

export const scanOperations = operations({
  requestScan: {
    method: "POST",
    path: "/devices/{deviceId}/scans",
    access: ["people"],
    tag: "scans",
    summary: "Ask a device for the next card or finger, to give it to somebody",
    description:
      "One at a time goes on at a device: a newer one ends it (`learning_replaced`). With `verifyToken` it must be the same card or finger as the scan that it names.",
    params: Type.Object({ deviceId: Id }, closed),
    query: WaitQuery,
    body: RequestBody,
    answer: Scan,
    status: 202,
    errors: ["not_found", "device_offline"],
  },
  readScan: {
    method: "GET",
    path: "/scans/{token}",
    access: ["people"],
    tag: "scans",
    summary: "Read what came of a scan",
    params: ScanParams,
    query: WaitQuery,
    body: null,
    answer: Scan,
    status: 200,
    errors: ["not_found"],
  },
  cancelScan: {
    method: "DELETE",
    path: "/scans/{token}",
    access: ["people"],
    tag: "scans",
    summary: "End a scan, and forget what was scanned",
    params: ScanParams,
    query: NoQuery,
    body: null,
    answer: null,
    status: 204,
    errors: ["not_found"],
  },
});
