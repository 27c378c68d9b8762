import { DISPLAY_IMAGE_TYPES, type RosterItem, SCHEDULE_HOLIDAYS_MAX, SCHEDULE_WINDOWS_PER_DAY_MAX } from "@postern/core";
import Type, { type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { DISPLAY_MESSAGE_LENGTH_MAX, FACE_IMAGES_COUNT_MAX, FINGERPRINTS_COUNT_MAX, MODES_COUNT_MAX } from "../clue/clue-limits.ts";
import { QR_STEPS_OFF_MAX, STALE_USERS_COUNT_MAX, VENDOR_BUDGET_MS_MAX, VENDOR_BUDGET_MS_MIN, VENDOR_KNOWN_MS_MAX } from "./limits.ts";

const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const OptionalId = Type.Union([Type.Null(), Id]);
const Milliseconds = Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 });
const Literals = (...texts: string[]): TSchema => Type.Union(texts.map((text) => Type.Literal(text)));
const Chains = Type.Array(
  Type.Array(Literals("CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"), { minItems: 1, maxItems: 4 }),
  { maxItems: MODES_COUNT_MAX },
);
const Windows = Type.Array(
  Type.Object(
    { fromMinute: Type.Integer({ minimum: 0, maximum: 1439 }), toMinute: Type.Integer({ minimum: 0, maximum: 1440 }) },
    { additionalProperties: false },
  ),
  { maxItems: SCHEDULE_WINDOWS_PER_DAY_MAX },
);

const strict = { additionalProperties: false };

/** Salts and hashes of 16 to 64 bytes. */
const Base64 = Type.String({ pattern: "^[A-Za-z0-9+/]{20,88}={0,2}$" });
const grantFields = { doors: Type.Union([Type.Literal("all"), Type.Array(Id, { maxItems: 1_000 })]), scheduleId: OptionalId };

export const PlaceItemSchema = Type.Object(
  {
    kind: Type.Literal("place"),
    id: Id,
    timeZone: Type.String({ minLength: 1, maxLength: 64 }),
    utcTransitions: Type.Array(
      Type.Object({ fromMs: Milliseconds, offsetSeconds: Type.Integer({ minimum: -86_400, maximum: 86_400 }) }, strict),
      { minItems: 1, maxItems: 64 },
    ),
    uniquePinSalt: Base64,
  },
  strict,
);

export const ScheduleItemSchema = Type.Object(
  {
    kind: Type.Literal("schedule"),
    id: Id,
    schedule: Type.Object(
      {
        weekly: Type.Array(Windows, { minItems: 7, maxItems: 7 }),
        holidays: Type.Array(Type.Object({ date: Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }), windows: Windows }, strict), {
          maxItems: SCHEDULE_HOLIDAYS_MAX,
        }),
      },
      strict,
    ),
  },
  strict,
);

export const DoorItemSchema = Type.Object(
  {
    kind: Type.Literal("door"),
    id: Id,
    name: Type.String({ maxLength: 200 }),
    entryDeviceId: Id,
    exitDeviceId: OptionalId,
    unlockMs: Type.Integer({ minimum: 100, maximum: 900_000 }),
    lockType: Literals("fail_safe", "fail_secure"),
    chains: Chains,
    scheduledUnlockId: OptionalId,
    scheduledLockId: OptionalId,
    firstPersonIn: Type.Boolean(),
    sensorIgnore: Type.Boolean(),
    heldOpenMs: Type.Union([Type.Null(), Type.Integer({ minimum: 100, maximum: 86_400_000 })]),
    forcedOpenAlarm: Type.Boolean(),
    factorMs: Type.Integer({ minimum: 1_000, maximum: 120_000 }),
    confirmations: Type.Array(
      Type.Object(
        { credential: Literals("card", "face", "fingerprint", "unique_pin", "qr", "customer_qr"), identifies: Type.Boolean() },
        strict,
      ),
      { maxItems: 6 },
    ),
    beliefAgeMsMax: Type.Union([Type.Null(), Type.Integer({ minimum: 60_000 })]),
    staleUserIds: Type.Optional(Type.Array(Id, { maxItems: STALE_USERS_COUNT_MAX })),
    whenVendorSilent: Literals("deny", "allow", "allow_known"),
    vendorKnownMs: Type.Optional(Type.Integer({ minimum: 60_000, maximum: VENDOR_KNOWN_MS_MAX })),
    vendorBudgetMs: Type.Optional(Type.Integer({ minimum: VENDOR_BUDGET_MS_MIN, maximum: VENDOR_BUDGET_MS_MAX })),
    qrStepsOff: Type.Optional(Type.Integer({ minimum: 1, maximum: QR_STEPS_OFF_MAX })),
  },
  strict,
);

export const DoorModeItemSchema = Type.Object(
  { kind: Type.Literal("mode"), id: Id, operator: Literals("none", "locked", "unlocked"), lockdown: Type.Boolean() },
  strict,
);

export const AuthItemSchema = Type.Object(
  {
    kind: Type.Literal("auth"),
    id: Id,
    userId: Id,
    name: Type.String({ maxLength: 200 }),
    status: Literals("ACTIVE", "INACTIVE"),
    startMs: Milliseconds,
    endMs: Milliseconds,
    ...grantFields,
    grants: Type.Array(Type.Object(grantFields, strict), { maxItems: 64 }),
    chains: Chains,
    pin: Type.Union([Type.Null(), Type.Object({ salt: Base64, hash: Base64 }, strict)]),
    uniquePin: Type.Union([Type.Null(), Base64]),
    fingerprints: Type.Array(Type.String({ pattern: "^[A-Za-z0-9+/]{43}=$" }), { maxItems: FINGERPRINTS_COUNT_MAX }),
    faces: Type.Optional(Type.Array(Type.String({ pattern: "^[A-Za-z0-9+/]{43}=$" }), { minItems: 1, maxItems: FACE_IMAGES_COUNT_MAX })),
    cards: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 8 }),
  },
  strict,
);

export const QrItemSchema = Type.Object(
  {
    kind: Type.Literal("qr"),
    id: Id,
    qid: Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" }),
    // An uncompressed point of P-256 with what says so: 91 bytes.
    publicKey: Type.String({ pattern: "^[A-Za-z0-9+/]{122}==$" }),
    fromMs: Milliseconds,
    toMs: Milliseconds,
    userId: Id,
  },
  strict,
);

const DisplayItemSchema = Type.Object(
  {
    kind: Type.Literal("display"),
    id: Id,
    doorId: Id,
    message: Type.Union([Type.Null(), Type.String({ maxLength: DISPLAY_MESSAGE_LENGTH_MAX })]),
    pictures: Type.Array(
      Type.Object(
        {
          type: Literals(...DISPLAY_IMAGE_TYPES),
          key: Type.String({ pattern: "^[0-9a-f]{32}$" }),
          sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
          mediaType: Literals("image/jpeg", "image/png"),
        },
        strict,
      ),
      { maxItems: DISPLAY_IMAGE_TYPES.length },
    ),
  },
  strict,
);

/** A roster item as it goes over the link. */
export const RosterItemSchema = Type.Union([
  PlaceItemSchema,
  ScheduleItemSchema,
  DoorItemSchema,
  DoorModeItemSchema,
  AuthItemSchema,
  QrItemSchema,
  DisplayItemSchema,
]);

const check = Compile(RosterItemSchema);

/** The one place where what came over the link, or from a disk, becomes a roster item. Null when it is none: it is then reported, never guessed at. */
export function readRosterItem(value: unknown): RosterItem | null {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the schema above says the same as the type.
  return check.Check(value) ? (value as RosterItem) : null;
}
