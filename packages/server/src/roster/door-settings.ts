import {
  QR_STEPS_OFF_MAX,
  STALE_USERS_COUNT_MAX,
  VENDOR_BUDGET_MS,
  VENDOR_BUDGET_MS_MAX,
  VENDOR_BUDGET_MS_MIN,
  VENDOR_KNOWN_MS_MAX,
} from "@postern/contract";
import { assert, type Chain, QR_STEPS_OFF } from "@postern/core";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";

const strict = { additionalProperties: false };

const Side = Type.Union([Type.Literal("ENTRY"), Type.Literal("EXIT")]);
/** A contact of one of the door's devices. */
const Port = Type.Integer({ minimum: 0, maximum: 255 });
const Input = Type.Object(
  { side: Side, port: Port, switchType: Type.Union([Type.Literal("NORMAL_OPEN"), Type.Literal("NORMAL_CLOSE")]) },
  strict,
);
const OptionalInput = Type.Union([Type.Null(), Input]);
const OptionalId = Type.Union([Type.Null(), Type.Integer({ minimum: 1 })]);
const FactorName = Type.Unsafe<Chain[number]>(Type.String({ pattern: "^(CARD|CODE|FACE|FINGERPRINT|PIN|QR|UNIQUE_PIN|MOBILE)$" }));

/** What `doors.settings` holds, with the words of CLUe's doors call where it has any (CLUe §1.5). */
export const DoorSettings = Type.Object(
  {
    /** How long one grant keeps the bolt released. */
    autoLockTimeoutMs: Type.Integer({ minimum: 100, maximum: 900_000 }),
    /** The bolt falls when the time is over, whatever the sensor says. */
    sensorIgnore: Type.Boolean(),
    heldOpenAlarm: Type.Boolean(),
    heldOpenAlarmTimeoutMs: Type.Integer({ minimum: 100, maximum: 86_400_000 }),
    forceOpenAlarm: Type.Boolean(),
    relay: Type.Object({ side: Side, port: Port }, strict),
    sensor: OptionalInput,
    button: OptionalInput,
    /** What the bolt does without power: a fail-safe one opens. */
    lockType: Type.Union([Type.Literal("fail_safe"), Type.Literal("fail_secure")]),
    scheduledUnlockId: OptionalId,
    scheduledLockId: OptionalId,
    /** The scheduled unlock begins with the first person let in during its window, not with the window. */
    firstPersonIn: Type.Boolean(),
    /** How long somebody has for the next factor. */
    factorMs: Type.Integer({ minimum: 1_000, maximum: 120_000 }),
    /** The least a person must present here, whatever their auth allows. Empty: the auth's chains decide alone. */
    chains: Type.Array(Type.Array(FactorName, { minItems: 1, maxItems: 3 }), { maxItems: 16 }),
    /** How long the door may decide without having heard from the server; null: for ever. */
    beliefAgeMsMax: Type.Union([Type.Null(), Type.Integer({ minimum: 60_000 })]),
    /** Whom it lets in even then. */
    staleUserIds: Type.Array(Type.Integer({ minimum: 1 }), { maxItems: STALE_USERS_COUNT_MAX }),
    whenVendorSilent: Type.Union([Type.Literal("deny"), Type.Literal("allow"), Type.Literal("allow_known")]),
    /** With `allow_known`: how recently the customer's server must have confirmed somebody at the controller. */
    vendorKnownMs: Type.Integer({ minimum: 60_000, maximum: VENDOR_KNOWN_MS_MAX }),
    /** How long a person is kept waiting for the customer's server in all. */
    vendorBudgetMs: Type.Integer({ minimum: VENDOR_BUDGET_MS_MIN, maximum: VENDOR_BUDGET_MS_MAX }),
    /** Steps by which a phone's code may be off the door's clock. */
    qrStepsOff: Type.Integer({ minimum: 1, maximum: QR_STEPS_OFF_MAX }),
  },
  strict,
);
export type DoorSettings = Static<typeof DoorSettings>;

/** A door as it comes: CLUe's three seconds (CLUe §1.5), a lock that stays shut without power, no alarms, no schedules. */
export const DEFAULT_DOOR_SETTINGS: DoorSettings = {
  autoLockTimeoutMs: 3_000,
  sensorIgnore: false,
  heldOpenAlarm: false,
  heldOpenAlarmTimeoutMs: 2_000,
  forceOpenAlarm: false,
  relay: { side: "ENTRY", port: 0 },
  sensor: null,
  button: null,
  lockType: "fail_secure",
  scheduledUnlockId: null,
  scheduledLockId: null,
  firstPersonIn: false,
  factorMs: 10_000,
  chains: [],
  beliefAgeMsMax: null,
  staleUserIds: [],
  whenVendorSilent: "deny",
  vendorKnownMs: 86_400_000,
  vendorBudgetMs: VENDOR_BUDGET_MS,
  qrStepsOff: QR_STEPS_OFF,
};

const settings = Compile(DoorSettings);

/** Settings as they stand in the database. What an older version of this server did not write yet has its default. */
export function readDoorSettings(stored: unknown): DoorSettings {
  const whole = { ...DEFAULT_DOOR_SETTINGS, ...(typeof stored === "object" ? stored : null) };
  assert(settings.Check(whole), "the settings of a door were checked when they were written");
  return whole;
}
