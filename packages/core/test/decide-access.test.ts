import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AccessFacts,
  alwaysSchedule,
  type Confirmation,
  type ConfirmedCredential,
  type Decision,
  decideAccess,
  type Schedule,
} from "../src/index.ts";
import { authWith, denied, doorWith, END_MS, factsWith, GRANTED, NOW_MS, START_MS } from "./access-facts-builder.ts";
import { scheduleDaily } from "./schedule-builder.ts";

const BY_VENDOR: Decision = { kind: "granted", because: "vendor" };
const neverSchedule = scheduleDaily();
const only = (schedule: Schedule): ReadonlyMap<number, Schedule> => new Map([[333, schedule]]);

function confirmed(credential: ConfirmedCredential, identifies = false): Confirmation {
  return { credential, identifies };
}

function asks(credential: ConfirmedCredential, identify = false): Decision {
  return { kind: "ask_vendor", credential, identify };
}

type Case = readonly [guarantee: string, changes: Partial<AccessFacts>, expected: Decision];

function check(cases: readonly Case[]): void {
  for (const [guarantee, changes, expected] of cases) {
    test(guarantee, () => assert.deepEqual(decideAccess(factsWith(changes)), expected));
  }
}

check([
  ["an active auth inside its period, with its factor, opens", {}, GRANTED],
  ["a door without settings denies as door_unknown", { door: null }, denied("door_unknown")],
  ["a credential that nobody is known by is denied as unknown", { auth: null }, denied("unknown")],
]);

const outside = { doors: [234], scheduleId: 334 };
const bothSchedules = new Map([
  [333, alwaysSchedule],
  [334, neverSchedule],
]);

check([
  ["a door that only a group grants opens", { auth: authWith({ doors: [], grants: [{ doors: [234], scheduleId: null }] }) }, GRANTED],
  [
    "a group's schedule binds what the group grants",
    { auth: authWith({ doors: [], grants: [outside] }), schedules: bothSchedules },
    denied("outside_schedule"),
  ],
  [
    "one group's hours do not narrow another's",
    { auth: authWith({ doors: [], grants: [outside, { doors: "all", scheduleId: 333 }] }), schedules: bothSchedules },
    GRANTED,
  ],
  [
    "an auth's own right stands beside a group that is closed",
    { auth: authWith({ grants: [outside] }), schedules: bothSchedules },
    GRANTED,
  ],
  [
    "of several refusals the one that comes closest to the door is named",
    {
      auth: authWith({ doors: [1], grants: [{ doors: [2], scheduleId: null }, outside, { doors: [3], scheduleId: null }] }),
      schedules: bothSchedules,
    },
    denied("outside_schedule"),
  ],
]);

check([
  ["a door in lockdown denies as lockdown", { mode: { kind: "locked", by: "lockdown" } }, denied("lockdown")],
  ["a door locked by an operator denies as locked_by_operator", { mode: { kind: "locked", by: "operator" } }, denied("locked_by_operator")],
  [
    "a door locked by its schedule denies as locked_by_schedule",
    { mode: { kind: "locked", by: "schedule" } },
    denied("locked_by_schedule"),
  ],
  ["a door unlocked by fire is recorded as such", { mode: { kind: "unlocked", by: "fire" } }, { kind: "unlocked", because: "fire" }],
  [
    "a door unlocked by an operator is recorded as such",
    { mode: { kind: "unlocked", by: "operator" } },
    { kind: "unlocked", because: "operator" },
  ],
  [
    "a door unlocked by its schedule is recorded as such",
    { mode: { kind: "unlocked", by: "schedule" } },
    { kind: "unlocked", because: "schedule" },
  ],
]);

check([
  ["an auth that is INACTIVE denies as inactive", { auth: authWith({ status: "INACTIVE" }) }, denied("inactive")],
  ["the millisecond before its start an auth denies as not_started", { nowMs: START_MS - 1 }, denied("not_started")],
  ["at the millisecond of its start an auth opens", { nowMs: START_MS }, GRANTED],
  ["in the last millisecond before its end an auth opens", { nowMs: END_MS - 1 }, GRANTED],
  ["at the millisecond of its end an auth denies as ended", { nowMs: END_MS }, denied("ended")],
  ["an instant that is no number opens nothing", { nowMs: Number.NaN }, denied("not_started")],
  ["without a clock every auth denies as no_clock, since every auth has a period", { nowMs: null }, denied("no_clock")],
  ["a door that is not among an auth's doors denies as wrong_door", { auth: authWith({ doors: [233, 235] }) }, denied("wrong_door")],
  ["a door that is the last of an auth's doors opens", { auth: authWith({ doors: [10, 233, 234] }) }, GRANTED],
  ["an auth without any door denies as wrong_door", { auth: authWith({ doors: [] }) }, denied("wrong_door")],
]);

check([
  ["inside its schedule an auth opens", { auth: authWith({ scheduleId: 333 }), schedules: only(alwaysSchedule) }, GRANTED],
  [
    "outside its schedule an auth denies as outside_schedule",
    { auth: authWith({ scheduleId: 333 }), schedules: only(neverSchedule) },
    denied("outside_schedule"),
  ],
  [
    "a schedule that the replica does not hold denies as schedule_missing",
    { auth: authWith({ scheduleId: 333 }), schedules: new Map() },
    denied("schedule_missing"),
  ],
  ["an auth that is always valid is not bound by a schedule that happens to be given", { schedules: only(neverSchedule) }, GRANTED],
  [
    "without the offsets of the place a schedule denies as no_clock",
    { auth: authWith({ scheduleId: 333 }), schedules: only(alwaysSchedule), utcTransitions: [] },
    denied("no_clock"),
  ],
  ["without the offsets of the place an auth that is always valid opens", { utcTransitions: [] }, GRANTED],
]);

check([
  ["a factor that no chain begins with denies as factor_not_allowed", { proven: ["FACE"] }, denied("factor_not_allowed")],
  [
    "an auth whose chain goes on is asked for the next factor",
    { auth: authWith({ chains: [["CARD", "PIN"]] }) },
    { kind: "wait_factor", wanted: ["PIN"] },
  ],
  ["an auth whose whole chain is proven opens", { auth: authWith({ chains: [["CARD", "PIN"]] }), proven: ["CARD", "PIN"] }, GRANTED],
  [
    "the door's minimum is asked for beyond the auth's own chain",
    { door: doorWith({ chains: [["CARD", "FACE"]] }), auth: authWith({ chains: [["CARD"], ["FACE"]] }) },
    { kind: "wait_factor", wanted: ["FACE"] },
  ],
  [
    "whoever cannot meet the door's minimum is denied as factor_not_allowed",
    { door: doorWith({ chains: [["FACE"]] }) },
    denied("factor_not_allowed"),
  ],
  ["a typed user id alone opens nothing", { auth: authWith({ chains: [["CODE"]] }), proven: ["CODE"] }, denied("factor_not_allowed")],
  ["before anything is presented, what may come first is wanted", { proven: [] }, { kind: "wait_factor", wanted: ["CARD"] }],
]);

check([
  ["a belief as old as the policy allows opens", { door: doorWith({ beliefAgeMsMax: 60_000 }), beliefAgeMs: 60_000 }, GRANTED],
  [
    "a belief a millisecond older denies as belief_too_old",
    { door: doorWith({ beliefAgeMsMax: 60_000 }), beliefAgeMs: 60_001 },
    denied("belief_too_old"),
  ],
  [
    "a belief of unknown age denies as belief_too_old",
    { door: doorWith({ beliefAgeMsMax: 60_000 }), beliefAgeMs: null },
    denied("belief_too_old"),
  ],
  [
    "an age that is no number denies as belief_too_old",
    { door: doorWith({ beliefAgeMsMax: 60_000 }), beliefAgeMs: Number.NaN },
    denied("belief_too_old"),
  ],
  [
    "somebody whom the policy names is let in by what is held of them, however old",
    { door: doorWith({ beliefAgeMsMax: 60_000, staleUserIds: [1_001] }), beliefAgeMs: null },
    GRANTED,
  ],
  [
    "somebody else than the policy names is refused",
    { door: doorWith({ beliefAgeMsMax: 60_000, staleUserIds: [1_002] }), beliefAgeMs: null },
    denied("belief_too_old"),
  ],
  [
    "whom the policy names is still held to their own right",
    { door: doorWith({ beliefAgeMsMax: 60_000, staleUserIds: [1_001] }), beliefAgeMs: null, nowMs: null },
    denied("no_clock"),
  ],
  ["a door without that policy decides for ever", { beliefAgeMs: null }, GRANTED],
]);

const cardDoor = doorWith({ confirmations: [confirmed("card")] });
const knowing = { ...cardDoor, whenVendorSilent: "allow_known" as const, vendorKnownMs: 3_600_000 };

check([
  ["a card whose type is mapped is asked about", { door: cardDoor }, asks("card")],
  ["the vendor's yes opens", { door: cardDoor, confirmation: "confirmed" }, BY_VENDOR],
  ["the vendor's no denies as vendor_refused", { door: cardDoor, confirmation: "refused" }, denied("vendor_refused")],
  ["the vendor's silence denies as vendor_silent", { door: cardDoor, confirmation: "silent" }, denied("vendor_silent")],
  [
    "the vendor's silence opens where the door's policy says so",
    { door: { ...cardDoor, whenVendorSilent: "allow" }, confirmation: "silent" },
    GRANTED,
  ],
  [
    "in the vendor's silence somebody whom it confirmed here within the time may pass",
    { door: knowing, confirmation: "silent", vendorConfirmedAgoMs: 3_600_000 },
    GRANTED,
  ],
  ["a millisecond later nobody does", { door: knowing, confirmation: "silent", vendorConfirmedAgoMs: 3_600_001 }, denied("vendor_silent")],
  ["nor somebody whom it never confirmed", { door: knowing, confirmation: "silent", vendorConfirmedAgoMs: null }, denied("vendor_silent")],
  [
    "nor one confirmed in what is still to come",
    { door: knowing, confirmation: "silent", vendorConfirmedAgoMs: -1 },
    denied("vendor_silent"),
  ],
  [
    "nor anybody where the door does not say how long it lasts",
    { door: { ...cardDoor, whenVendorSilent: "allow_known" }, confirmation: "silent", vendorConfirmedAgoMs: 0 },
    denied("vendor_silent"),
  ],
  ["known or not, the vendor's no denies", { door: knowing, confirmation: "refused", vendorConfirmedAgoMs: 0 }, denied("vendor_refused")],
  [
    "a refusal denies even where silence would open",
    { door: { ...cardDoor, whenVendorSilent: "allow" }, confirmation: "refused" },
    denied("vendor_refused"),
  ],
  ["a type that is not mapped is not asked about", { door: doorWith({ confirmations: [confirmed("face")] }) }, GRANTED],
  ["an answer that nobody asked for changes nothing", { confirmation: "refused" }, GRANTED],
  [
    "a known person is asked about, not named, by a vendor that could name people",
    { door: doorWith({ confirmations: [confirmed("card", true)] }) },
    asks("card"),
  ],
]);

const everyType: readonly Confirmation[] = (["card", "face", "fingerprint", "unique_pin", "qr", "customer_qr"] as const).map((credential) =>
  confirmed(credential, true),
);
const everyTypeDoor = doorWith({ confirmations: everyType });

for (const [factor, credential] of [
  ["CARD", "card"],
  ["MOBILE", "card"],
  ["FACE", "face"],
  ["FINGERPRINT", "fingerprint"],
  ["UNIQUE_PIN", "unique_pin"],
  ["QR", "qr"],
] as const) {
  test(`a known person's ${factor} is asked about as ${credential}`, () => {
    const facts = factsWith({ door: everyTypeDoor, auth: authWith({ chains: [[factor]] }), proven: [factor] });
    assert.deepEqual(decideAccess(facts), asks(credential));
  });
}

check([
  [
    "a PIN after a user id is asked about by no vendor",
    { door: everyTypeDoor, auth: authWith({ chains: [["CODE", "PIN"]] }), proven: ["CODE", "PIN"] },
    GRANTED,
  ],
  [
    "of two mapped factors the one presented first is asked about",
    { door: everyTypeDoor, auth: authWith({ chains: [["FACE", "FINGERPRINT"]] }), proven: ["FACE", "FINGERPRINT"] },
    asks("face"),
  ],
  [
    "a mapped factor is asked about although the first one is not mapped",
    { door: doorWith({ confirmations: [confirmed("face")] }), auth: authWith({ chains: [["CARD", "FACE"]] }), proven: ["CARD", "FACE"] },
    asks("face"),
  ],
]);

const namingDoor = doorWith({
  confirmations: [confirmed("card", true), confirmed("unique_pin", true), confirmed("customer_qr", true), confirmed("face")],
});
const stranger = { auth: null, door: namingDoor } as const;

check([
  ["an unknown card is asked about where the vendor names people by it", stranger, asks("card", true)],
  ["an unknown mobile card is asked about as a card", { ...stranger, proven: ["MOBILE"] }, asks("card", true)],
  ["an unknown unique PIN is asked about", { ...stranger, proven: ["UNIQUE_PIN"] }, asks("unique_pin", true)],
  ["an unknown QR code is asked about as the customer's own", { ...stranger, proven: ["QR"] }, asks("customer_qr", true)],
  ["an unknown face is denied as unknown although faces are confirmed", { ...stranger, proven: ["FACE"] }, denied("unknown")],
  ["an unknown PIN after a user id is denied as unknown", { ...stranger, proven: ["PIN"] }, denied("unknown")],
  ["an unknown credential without a factor is denied as unknown", { ...stranger, proven: [] }, denied("unknown")],
  [
    "an unknown card is denied as unknown where the vendor only confirms those that are known",
    { auth: null, door: doorWith({ confirmations: [confirmed("card")] }) },
    denied("unknown"),
  ],
  [
    "an unknown QR code is denied as unknown where only CLUe's are mapped",
    { auth: null, door: doorWith({ confirmations: [confirmed("qr", true)] }), proven: ["QR"] },
    denied("unknown"),
  ],
  ["the vendor's yes to a stranger opens, without any auth or clock", { ...stranger, confirmation: "confirmed", nowMs: null }, BY_VENDOR],
  ["the vendor's no to a stranger denies as vendor_refused", { ...stranger, confirmation: "refused" }, denied("vendor_refused")],
  [
    "the vendor's silence never opens to a stranger, whatever the door's policy",
    { auth: null, door: { ...namingDoor, whenVendorSilent: "allow" }, confirmation: "silent" },
    denied("vendor_silent"),
  ],
  [
    "a stranger who presents less than the door's minimum is denied before the vendor is asked",
    { auth: null, door: { ...namingDoor, chains: [["CARD", "FACE"]] } },
    denied("factor_not_allowed"),
  ],
  [
    "a stranger who presents the door's minimum is asked about",
    { auth: null, door: { ...namingDoor, chains: [["CARD"], ["FACE"]] } },
    asks("card", true),
  ],
  [
    "a stranger at a locked door is denied without asking the vendor",
    { ...stranger, mode: { kind: "locked", by: "lockdown" } },
    denied("lockdown"),
  ],
  [
    "a stranger at a door that stands unlocked passes without asking the vendor",
    { ...stranger, mode: { kind: "unlocked", by: "fire" } },
    { kind: "unlocked", because: "fire" },
  ],
  [
    "a stranger is denied as belief_too_old before the vendor is asked",
    { auth: null, door: { ...namingDoor, beliefAgeMsMax: 60_000 }, beliefAgeMs: null },
    denied("belief_too_old"),
  ],
]);

const issued = { isQrIssued: true, proven: ["QR"] } as const;

check([
  ["a QR that was issued to a person opens beside what their auth holds", { ...issued }, GRANTED],
  ["a QR that nobody of ours issued is none of a person's own credentials", { proven: ["QR"] }, denied("factor_not_allowed")],
  [
    "a door that wants more than an issued QR waits for it",
    { ...issued, auth: authWith({ chains: [["CARD", "PIN"]] }), door: doorWith({ chains: [["QR", "PIN"]] }) },
    { kind: "wait_factor", wanted: ["PIN"] },
  ],
  ["an issued QR gives no right that the auth has not", { ...issued, auth: authWith({ status: "INACTIVE" }) }, denied("inactive")],
  ["an issued QR is confirmed where it is mapped", { ...issued, door: doorWith({ confirmations: [confirmed("qr")] }) }, asks("qr")],
  [
    "an issued QR of somebody without an auth is asked about where it is mapped",
    { ...issued, auth: null, door: doorWith({ confirmations: [confirmed("qr")] }) },
    asks("qr", true),
  ],
  [
    "an issued QR of somebody without an auth is unknown where only the customer's own are mapped",
    { ...issued, auth: null, door: doorWith({ confirmations: [confirmed("customer_qr", true)] }) },
    denied("unknown"),
  ],
]);

/** Everything wrong at once, strongest first: each is mended in turn, and then the next must show. */
const LAYERS: readonly (readonly [Decision, Partial<AccessFacts>])[] = [
  [denied("door_unknown"), { door: doorWith({ id: 9, beliefAgeMsMax: 60_000, chains: [["FACE"]], confirmations: [confirmed("card")] }) }],
  [denied("unknown"), { auth: authWith({ status: "INACTIVE", doors: [1], scheduleId: 333 }) }],
  [denied("lockdown"), { mode: { kind: "credentials" } }],
  [denied("belief_too_old"), { beliefAgeMs: 60_000 }],
  [denied("inactive"), { auth: authWith({ doors: [1], scheduleId: 333 }) }],
  [denied("no_clock"), { nowMs: START_MS - 1 }],
  [denied("not_started"), { nowMs: END_MS }],
  [denied("ended"), { nowMs: NOW_MS }],
  [denied("wrong_door"), { auth: authWith({ doors: [9], scheduleId: 333 }) }],
  [denied("schedule_missing"), { schedules: only(neverSchedule) }],
  [denied("no_clock"), { utcTransitions: [{ fromMs: 0, offsetSeconds: 0 }] }],
  [denied("outside_schedule"), { schedules: only(alwaysSchedule) }],
  [denied("factor_not_allowed"), { auth: authWith({ doors: [9], scheduleId: 333, chains: [["CARD"], ["FACE"]] }) }],
  [{ kind: "wait_factor", wanted: ["FACE"] }, { proven: ["CARD", "FACE"] }],
  [denied("vendor_refused"), { confirmation: "silent" }],
  [denied("vendor_silent"), { confirmation: "not_asked" }],
  [asks("card"), { confirmation: "confirmed" }],
  [BY_VENDOR, {}],
];

test("of everything that is wrong at once, the first in the order of the decision is the reason", () => {
  let facts = factsWith({
    door: null,
    auth: null,
    mode: { kind: "locked", by: "lockdown" },
    beliefAgeMs: null,
    nowMs: null,
    utcTransitions: [],
    confirmation: "refused",
  });
  for (const [expected, mended] of LAYERS) {
    assert.deepEqual(decideAccess(facts), expected);
    facts = { ...facts, ...mended };
  }
});

test("a person whose auth changed while a factor was awaited is judged by the auth as it is now", () => {
  const waiting = factsWith({ auth: authWith({ chains: [["CARD", "PIN"]] }) });
  assert.equal(decideAccess(waiting).kind, "wait_factor");
  const proven = { ...waiting, proven: ["CARD", "PIN"] } as const;
  assert.deepEqual(decideAccess({ ...proven, auth: authWith({ chains: [["CARD", "PIN"]], status: "INACTIVE" }) }), denied("inactive"));
  assert.deepEqual(decideAccess({ ...proven, auth: null }), denied("unknown"));
  assert.deepEqual(decideAccess({ ...proven, nowMs: END_MS }), denied("ended"));
  assert.deepEqual(decideAccess(proven), GRANTED);
});

test("a decision leaves its facts as they were", () => {
  const facts = factsWith({
    door: everyTypeDoor,
    auth: authWith({ scheduleId: 333, chains: [["CARD", "PIN"], ["FACE"]] }),
    schedules: only(alwaysSchedule),
  });
  const before = structuredClone(facts);
  decideAccess(facts);
  assert.deepEqual(facts, before);
});
