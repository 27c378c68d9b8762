import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AccessFacts,
  alwaysSchedule,
  type Chain,
  type ConfirmedCredential,
  type Decision,
  type DenialReason,
  type DoorMode,
  type Factor,
  type Schedule,
} from "../src/index.ts";
import { authWith, denied, doorWith, END_MS, factsWith, NOW_MS, START_MS } from "./access-facts-builder.ts";
import { scheduleDaily } from "./schedule-builder.ts";

export const NEVER = scheduleDaily();
const FACTORS: readonly Factor[] = ["CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"];
const CREDENTIALS: readonly ConfirmedCredential[] = ["card", "face", "fingerprint", "unique_pin", "qr", "customer_qr"];

/** Weighted so that every rule decides often: the later ones need all before them to be silent. */
const chain = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Chain>(["CARD"], ["CARD", "PIN"], ["CODE", "PIN"], ["FACE"], ["QR"]) },
  { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...FACTORS), { minLength: 1, maxLength: 3 }) },
);
const usually = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) });
const confirmations = fc.uniqueArray(fc.record({ credential: fc.constantFrom(...CREDENTIALS), identifies: fc.boolean() }), {
  maxLength: 3,
  selector: ({ credential }) => credential,
});

const door = fc
  .record({
    chains: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(chain, { maxLength: 2 }) }),
    confirmations,
    beliefAgeMsMax: usually<number | null>(null, 60_000),
    staleUserIds: fc.subarray([1_000, 1_001]),
    whenVendorSilent: fc.constantFrom("deny", "allow", "allow_known"),
    vendorKnownMs: fc.constant(60_000),
  })
  .map(doorWith);

const auth = fc
  .record({
    status: usually<"ACTIVE" | "INACTIVE">("ACTIVE", "INACTIVE"),
    doors: usually<"all" | readonly number[]>("all", [], [234], [1, 2], [1, 234, 300]),
    scheduleId: usually<number | null>(null, 333),
    chains: fc.array(chain, { minLength: 1, maxLength: 3 }),
  })
  .map(authWith);

const modes: readonly DoorMode[] = [
  { kind: "credentials" },
  { kind: "locked", by: "lockdown" },
  { kind: "locked", by: "operator" },
  { kind: "locked", by: "schedule" },
  { kind: "unlocked", by: "fire" },
  { kind: "unlocked", by: "operator" },
  { kind: "unlocked", by: "schedule" },
];

export const accessFacts: fc.Arbitrary<AccessFacts> = fc
  .record({
    nowMs: usually<number | null>(NOW_MS, null, START_MS - 1, START_MS, END_MS - 1, END_MS),
    door: fc.oneof({ weight: 12, arbitrary: door }, { weight: 1, arbitrary: fc.constant(null) }),
    mode: usually(...(modes as [DoorMode, ...DoorMode[]])),
    auth: fc.oneof({ weight: 4, arbitrary: auth }, { weight: 1, arbitrary: fc.constant(null) }),
    schedules: fc.constantFrom(new Map([[333, alwaysSchedule]]), new Map([[333, NEVER]]), new Map<number, Schedule>()),
    utcTransitions: usually<AccessFacts["utcTransitions"]>([{ fromMs: 0, offsetSeconds: 32_400 }], []),
    proven: fc.oneof(chain, fc.array(fc.constantFrom(...FACTORS), { maxLength: 3 })),
    isQrIssued: fc.boolean(),
    confirmation: fc.constantFrom("not_asked", "confirmed", "refused", "silent"),
    vendorConfirmedAgoMs: fc.constantFrom(null, 0, 60_000, 60_001),
    beliefAgeMs: usually<number | null>(0, null, 60_000, 60_001),
  })
  .map(factsWith);

/** What each factor is asked about as: of a known person, and of a stranger. */
const ASKED_AS: Readonly<Record<Factor, readonly [known: ConfirmedCredential | null, stranger: ConfirmedCredential | null]>> = {
  CARD: ["card", "card"],
  MOBILE: ["card", "card"],
  FACE: ["face", "face"],
  FINGERPRINT: ["fingerprint", "fingerprint"],
  UNIQUE_PIN: ["unique_pin", "unique_pin"],
  QR: ["qr", "customer_qr"],
  CODE: [null, null],
  PIN: [null, null],
};

function mapped({ door: doorItem, auth: authItem, proven, isQrIssued }: AccessFacts): ConfirmedCredential | undefined {
  // Who it is stands in a code of ours: no vendor has to name them.
  if (authItem === null && isQrIssued === true && proven[0] === "QR")
    return doorItem?.confirmations.some(({ credential }) => credential === "qr") === true ? "qr" : undefined;
  const [column, asked] = authItem === null ? ([1, proven.slice(0, 1)] as const) : ([0, proven] as const);
  const credentials = asked.map((factor) => ASKED_AS[factor][column]);
  const isMapped = (credential: ConfirmedCredential | null): boolean =>
    (doorItem?.confirmations ?? []).some(
      (confirmation) => confirmation.credential === credential && (authItem !== null || confirmation.identifies),
    );
  return credentials.find((credential): credential is ConfirmedCredential => credential !== null && isMapped(credential));
}

/** Texts of all that would do: each auth chain, then what the door's chain has beyond it. */
function passages({ door: doorItem, auth: authItem, isQrIssued }: AccessFacts): string[] {
  const issued: readonly Chain[] = isQrIssued === true ? [["QR"]] : [];
  const own = [...(authItem?.chains ?? []), ...issued];
  const held = own.flat().join();
  const minima = doorItem?.chains.length === 0 ? [[]] : (doorItem?.chains ?? []);
  return own
    .filter((factors) => factors.join("").replaceAll("CODE", "") !== "")
    .flatMap((factors) =>
      minima.map((minimum) => [factors, minimum.filter((factor) => factor !== "CODE" && !factors.includes(factor))] as const),
    )
    .filter(([, beyond]) => beyond.every((factor) => held.split(",").includes(factor)))
    .map(([factors, beyond]) => textOf([...factors, ...beyond]));
}

const textOf = (factors: Chain): string => factors.map((factor) => `${factor};`).join("");
const isEnough = (facts: AccessFacts): boolean => passages(facts).some((passage) => textOf(facts.proven).startsWith(passage));
const following = (facts: AccessFacts): string[] => passages(facts).filter((passage) => passage.startsWith(textOf(facts.proven)));
const strangerMeetsMinimum = ({ door: doorItem, proven }: AccessFacts): boolean =>
  doorItem?.chains.length === 0 ||
  doorItem?.chains.some((minimum) => minimum.every((factor) => factor === "CODE" || proven.includes(factor))) === true;

type Rule = readonly [name: string, applies: (facts: AccessFacts) => boolean, decide: (facts: AccessFacts) => Decision];
const deny = (because: DenialReason, applies: (facts: AccessFacts) => boolean): Rule => [because, applies, () => denied(because)];
const isBound = ({ auth: authItem }: AccessFacts): boolean => authItem?.scheduleId === 333;

/** The order of the decision at a door, as a table: the first rule that applies decides. */
export const RULES: readonly Rule[] = [
  deny("door_unknown", (facts) => facts.door === null),
  deny("unknown", (facts) => facts.auth === null && mapped(facts) === undefined),
  deny("lockdown", ({ mode }) => mode.kind === "locked" && mode.by === "lockdown"),
  deny("locked_by_operator", ({ mode }) => mode.kind === "locked" && mode.by === "operator"),
  deny("locked_by_schedule", ({ mode }) => mode.kind === "locked" && mode.by === "schedule"),
  [
    "unlocked",
    ({ mode }) => mode.kind === "unlocked",
    ({ mode }) => ({ kind: "unlocked", because: mode.kind === "unlocked" ? mode.by : "fire" }),
  ],
  deny(
    "belief_too_old",
    (facts) =>
      facts.door?.beliefAgeMsMax === 60_000 &&
      facts.beliefAgeMs !== 0 &&
      facts.beliefAgeMs !== 60_000 &&
      !(facts.door.staleUserIds ?? []).some((userId) => userId === facts.auth?.userId),
  ),
  deny("inactive", (facts) => facts.auth?.status === "INACTIVE"),
  deny("no_clock", (facts) => facts.auth !== null && facts.nowMs === null),
  deny("not_started", (facts) => facts.auth !== null && facts.nowMs === START_MS - 1),
  deny("ended", (facts) => facts.auth !== null && facts.nowMs === END_MS),
  deny("wrong_door", (facts) => facts.auth !== null && facts.auth.doors !== "all" && !facts.auth.doors.some((id) => id === 234)),
  deny("schedule_missing", (facts) => isBound(facts) && !facts.schedules.has(333)),
  deny("no_clock", (facts) => isBound(facts) && facts.utcTransitions.length === 0),
  deny("outside_schedule", (facts) => isBound(facts) && facts.schedules.get(333) === NEVER),
  deny("factor_not_allowed", (facts) => facts.auth === null && !strangerMeetsMinimum(facts)),
  deny("factor_not_allowed", (facts) => facts.auth !== null && !isEnough(facts) && following(facts).length === 0),
  [
    "wait_factor",
    (facts) => facts.auth !== null && !isEnough(facts),
    (facts) => ({
      kind: "wait_factor",
      wanted: [...new Set(following(facts).map((passage) => passage.split(";")[facts.proven.length] as Factor))],
    }),
  ],
  ["granted", (facts) => mapped(facts) === undefined, () => ({ kind: "granted", because: "auth" })],
  [
    "ask_vendor",
    (facts) => facts.confirmation === "not_asked",
    (facts) => ({ kind: "ask_vendor", credential: mapped(facts) ?? "card", identify: facts.auth === null }),
  ],
  ["granted by the vendor", (facts) => facts.confirmation === "confirmed", () => ({ kind: "granted", because: "vendor" })],
  deny("vendor_refused", (facts) => facts.confirmation === "refused"),
  [
    "granted in silence",
    (facts) => facts.auth !== null && facts.door?.whenVendorSilent === "allow",
    () => ({ kind: "granted", because: "auth" }),
  ],
  [
    "granted in silence to somebody known",
    ({ auth, door, vendorConfirmedAgoMs: agoMs = null }) =>
      auth !== null && door?.whenVendorSilent === "allow_known" && agoMs !== null && agoMs <= 60_000,
    () => ({ kind: "granted", because: "auth" }),
  ],
  deny("vendor_silent", () => true),
];

export function ruleFor(facts: AccessFacts): Rule {
  const rule = RULES.find(([, applies]) => applies(facts));
  assert.ok(rule);
  return rule;
}
