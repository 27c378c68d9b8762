import { type Static, Type } from "typebox";
import { FINGER_SCORE_MAX, REGISTRATION_TOKEN_LENGTH_MAX } from "./clue-limits.ts";
import { readId } from "./read-create-auth.ts";
import { choice, members, text } from "./readers.ts";
import { type Read, type Reader, Spot } from "./spot.ts";

const closed = { additionalProperties: false };

/** What a device can be asked to scan (CLUe §1.6). */
export const ScanCredential = Type.Union([Type.Literal("CARD"), Type.Literal("FINGERPRINT")]);
export type ScanCredential = Static<typeof ScanCredential>;

/** Why a scan came to nothing (CLUe §1.6). */
const ScanFailReason = Type.Union([
  Type.Literal("LOW_QUALITY"),
  Type.Literal("TIMEOUT"),
  Type.Literal("ARGUMENT_ERROR"),
  Type.Literal("VERIFY_FAIL"),
  Type.Literal("CANCELLED"),
  Type.Literal("PAST_REQUEST"),
  Type.Literal("UNKNOWN"),
]);
export type ScanFailReason = Static<typeof ScanFailReason>;

/** CLUe §1.6. What `verifyToken` is for CLUe does not say: here the scan must be of the same card or finger as the one that it names. */
export const RequestScanBody = Type.Object({
  deviceId: Type.Integer({ minimum: 1 }),
  credentialType: ScanCredential,
  verifyToken: Type.Optional(Type.String({ minLength: 1, maxLength: REGISTRATION_TOKEN_LENGTH_MAX })),
});

export const RequestScanAnswer = Type.Object(
  {
    tokenId: Type.Integer(),
    token: Type.String(),
    expiredAt: Type.Integer(),
    credentialType: ScanCredential,
    /** Seconds that the device waits. */
    timeout: Type.Integer(),
    /** Of a finger alone. */
    fingerprintScoreThreshold: Type.Optional(Type.Integer()),
  },
  closed,
);
export type RequestScanAnswer = Static<typeof RequestScanAnswer>;

const score = Type.Integer({ minimum: 0, maximum: FINGER_SCORE_MAX });

export const ScanResult = Type.Object(
  {
    tokenId: Type.Integer(),
    token: Type.String(),
    credentialType: ScanCredential,
    status: Type.Union([Type.Literal("NONE"), Type.Literal("SCANNING"), Type.Literal("COMPLETED"), Type.Literal("FAILED")]),
    card: Type.Optional(
      Type.Object({ cardNumber: Type.String(), formatType: Type.String(), formatData: Type.Optional(Type.String()) }, closed),
    ),
    fingerprint: Type.Optional(Type.Object({ template: Type.String(), score, scoreThreshold: score }, closed)),
    score: Type.Optional(score),
    duplicatedAuthIds: Type.Optional(Type.Array(Type.Integer())),
    failReason: Type.Optional(ScanFailReason),
    expiredAt: Type.Integer(),
  },
  closed,
);
export type ScanResult = Static<typeof ScanResult>;

/** A scan as it is asked for. */
export interface RequestScan {
  readonly deviceId: number;
  readonly credentialType: ScanCredential;
  /** An earlier scan of the very same card or finger. */
  readonly verifyToken: string | null;
}

const readScanToken: Reader<string> = text({
  lengthMax: REGISTRATION_TOKEN_LENGTH_MAX,
  pattern: { expression: /^[\w.-]+$/, message: `must be a token of at most ${REGISTRATION_TOKEN_LENGTH_MAX} characters` },
  isPrivate: true,
});
/** Empty where a client fills in every field of its own form. */
const readVerifyToken: Reader<string> = (value, spot) => (value === "" ? undefined : readScanToken(value, spot));

/** `{deviceId, credentialType, verifyToken?}` (CLUe §1.6). */
export function readRequestScan(body: unknown): Read<RequestScan> {
  const spot = Spot.root();
  const root = members(body, spot);
  const deviceId = root?.required("deviceId", readId);
  const credentialType = root?.required("credentialType", choice(["CARD", "FINGERPRINT"]));
  const verifyToken = root?.optional("verifyToken", readVerifyToken) ?? null;
  if (spot.problems.length > 0 || deviceId === undefined || credentialType === undefined) return { ok: false, problems: spot.problems };
  return { ok: true, value: { deviceId, credentialType, verifyToken } };
}

/** `:token` of a path. */
export function readPathToken(value: unknown): Read<string> {
  const spot = Spot.root();
  const token = readScanToken(value, spot.member("token"));
  return token === undefined ? { ok: false, problems: spot.problems } : { ok: true, value: token };
}
