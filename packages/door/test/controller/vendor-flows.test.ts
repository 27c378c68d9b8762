import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import {
  type AuthItem,
  type Confirmation,
  type ConfirmedCredential,
  type DoorItem,
  type Factor,
  faceMark,
  fingerMark,
  pinVerifier,
  seededRandom,
  uniquePinKey,
} from "@postern/core";
import type { VendorAnswer } from "../../src/controller/vendor-wait.ts";
import type { Credential, Outcome, TypedPin } from "../../src/drivers/driver.ts";
import { aDoor, anAuth, aPlace, NOW_MS, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { eventually } from "../support/eventually.ts";

const FINGER = "Zmluzw==";
const FACE = "a face";
const ADA = anAuth({
  chains: [["CARD"], ["MOBILE"], ["FACE"], ["FINGERPRINT"], ["UNIQUE_PIN"], ["QR"], ["CARD", "PIN"]],
  pin: await pinVerifier("4711", seededRandom(1)),
  uniquePin: await uniquePinKey("471147", aPlace().uniquePinSalt),
  fingerprints: [fingerMark(FINGER)],
  faces: [faceMark(FACE)],
});
const PERSON = { authId: 1000, userId: 2000 };
const ALL: readonly Confirmation[] = (["card", "face", "fingerprint", "unique_pin", "qr", "customer_qr"] as const).map((credential) => ({
  credential,
  identifies: credential === "card" || credential === "unique_pin" || credential === "customer_qr",
}));

const matched = (factor: Factor): Credential => ({ kind: "matched", factor, authId: 1000 });
const uniquePin = (digits: string): TypedPin => ({ kind: "unique_pin", digits });

/** How each factor is shown, what the customer's server is asked about it, and what its events are called. */
const FACTORS: readonly {
  readonly name: string;
  readonly shown: readonly (Credential | TypedPin)[];
  readonly credential: ConfirmedCredential;
  readonly presented?: string;
  readonly success: string;
  readonly fail: string;
}[] = [
  {
    name: "a card",
    shown: [aCard()],
    credential: "card",
    presented: "12345",
    success: "DEV_CARD_AUTH_SUCCESS",
    fail: "DEV_CARD_AUTH_FAIL",
  },
  {
    name: "a card on a phone",
    shown: [{ ...aCard(), factor: "MOBILE" } as Credential],
    ...{ credential: "card", presented: "12345", success: "DEV_CARD_AUTH_SUCCESS", fail: "DEV_MOBILE_CARD_AUTH_FAIL" },
  },
  {
    name: "a unique PIN",
    shown: [uniquePin("471147")],
    ...{ credential: "unique_pin", presented: "471147", success: "DEV_UNIQUE_PIN_AUTH_SUCCESS", fail: "DEV_UNIQUE_PIN_AUTH_FAIL" },
  },
  { name: "a QR code", shown: [matched("QR")], credential: "qr", success: "DEV_QR_AUTH_SUCCESS", fail: "DEV_QR_AUTH_FAIL" },
  {
    name: "a finger",
    shown: [matched("FINGERPRINT")],
    ...{ credential: "fingerprint", success: "DEV_FINGERPRINT_AUTH_SUCCESS", fail: "DEV_FINGERPRINT_AUTH_FAIL" },
  },
  { name: "a face", shown: [matched("FACE")], credential: "face", success: "DEV_FACE_AUTH_SUCCESS", fail: "DEV_FACE_AUTH_FAIL" },
];

const TRACE = { vendorApiId: 7, vendorMs: 40 };
const CONFIRMED: VendorAnswer = { verdict: "confirmed", detail: { ...TRACE, vendorStatus: 200 }, message: "Welcome" };
const REFUSED: VendorAnswer = { verdict: "refused", detail: { ...TRACE, vendorStatus: 403 }, message: "No membership" };
const SILENT: VendorAnswer = { verdict: "silent", detail: { ...TRACE, vendorReason: "unreachable" } };

interface Flow {
  readonly says: string;
  readonly auth?: Partial<AuthItem>;
  readonly door?: Partial<DoorItem>;
  readonly knownSinceMs?: number;
  /** null: the customer's server must not be asked. */
  readonly answer: VendorAnswer | null;
  readonly outcome: Outcome;
  /** `success` and `fail` stand for the factor's own. */
  readonly events: readonly (readonly [string, object?])[];
}

const refused = (reason: "vendor_refused" | "vendor_silent" | "inactive", message?: string): Outcome => ({
  ...{ outcome: "refused", reason, person: PERSON },
  ...(message === undefined ? {} : { message }),
});
const SILENCE: readonly [string, object][] = [["VENDOR_SILENCE_BEGIN", { policy: "deny" }]];
const knownDoor = { whenVendorSilent: "allow_known", vendorKnownMs: 3_600_000 } as const;

/** CLUe §2.3. */
const FLOWS: readonly Flow[] = [
  {
    says: "confirmed by the customer it opens",
    answer: CONFIRMED,
    outcome: { outcome: "opened", person: PERSON, message: "Welcome" },
    events: [["success"], ["VENDOR_AUTH_SUCCESS", { ...TRACE, vendorStatus: 200 }], ["DEV_DOOR_RELAY_ON"], ["DEV_DOOR_RELAY_OFF"]],
  },
  {
    says: "refused by the customer it opens nothing, and the log says what was answered",
    answer: REFUSED,
    outcome: refused("vendor_refused", "No membership"),
    events: [["success"], ["VENDOR_AUTH_FAIL", { ...TRACE, vendorStatus: 403, reason: "vendor_refused" }]],
  },
  {
    says: "refused by us the customer is not asked",
    auth: { status: "INACTIVE" },
    answer: null,
    outcome: refused("inactive"),
    events: [["fail", { reason: "inactive" }]],
  },
  {
    says: "in the customer's silence a door that denies opens nothing",
    answer: SILENT,
    outcome: refused("vendor_silent"),
    events: [["success"], ["VENDOR_AUTH_FAIL", { ...TRACE, vendorReason: "unreachable", reason: "vendor_silent" }], ...SILENCE],
  },
  {
    says: "in the customer's silence a door that allows opens, and the log says that nobody confirmed it",
    door: { whenVendorSilent: "allow" },
    answer: SILENT,
    outcome: { outcome: "opened", person: PERSON },
    events: [
      ["success"],
      ["VENDOR_AUTH_WAIVED", { ...TRACE, vendorReason: "unreachable" }],
      ["DEV_DOOR_RELAY_ON"],
      ["VENDOR_SILENCE_BEGIN", { policy: "allow" }],
      ["DEV_DOOR_RELAY_OFF"],
    ],
  },
  {
    says: "in the customer's silence a door that allows whom it knows opens nothing for somebody it does not",
    door: knownDoor,
    answer: SILENT,
    outcome: refused("vendor_silent"),
    events: [
      ["success"],
      ["VENDOR_AUTH_FAIL", { ...TRACE, vendorReason: "unreachable", reason: "vendor_silent" }],
      ["VENDOR_SILENCE_BEGIN", { policy: "allow_known" }],
    ],
  },
  {
    says: "in the customer's silence a door that allows whom it knows opens for whom the customer confirmed lately",
    door: knownDoor,
    knownSinceMs: 3_600_000,
    answer: SILENT,
    outcome: { outcome: "opened", person: PERSON },
    events: [
      ["success"],
      ["VENDOR_AUTH_WAIVED", { ...TRACE, vendorReason: "unreachable" }],
      ["DEV_DOOR_RELAY_ON"],
      ["VENDOR_SILENCE_BEGIN", { policy: "allow_known" }],
      ["DEV_DOOR_RELAY_OFF"],
    ],
  },
];

async function start(context: TestContext, auth: Partial<AuthItem> = {}, door: Partial<DoorItem> = {}): Promise<DoorWorld> {
  const item: WireItem = { ...wire({ ...ADA, ...auth }, 2), templates: [FINGER], faceTemplates: [FACE] };
  const world = await DoorWorld.start(context, [item, wire(aDoor({ confirmations: ALL, ...door }), 2)]);
  world.isServerReachable = true;
  return world;
}

for (const factor of FACTORS)
  for (const flow of FLOWS)
    test(`${factor.name}: ${flow.says}`, async (context) => {
      const world = await start(context, flow.auth, flow.door);
      if (flow.knownSinceMs !== undefined)
        world.outbox.append([
          { eventAt: NOW_MS - flow.knownSinceMs, eventType: "VENDOR_AUTH_SUCCESS", doorId: 234, authId: PERSON.authId },
        ]);
      const before = world.events().length;
      const [shown] = factor.shown;
      assert.ok(shown !== undefined);
      const told = world.driver.present(234, "entry", shown);
      if (flow.answer !== null) {
        await eventually("the ask", () => world.vendor.asks.length === 1);
        assert.equal(world.isOpen(), false, "nobody passes while the customer is asked");
        assert.deepEqual(world.types().slice(before), [factor.success], "and that is written down by then");
        world.vendor.answer(0, flow.answer);
      }
      assert.deepEqual(await told, flow.outcome);
      assert.equal(world.isOpen(), flow.outcome.outcome === "opened");
      assert.equal(world.time.running().includes("vendor answer"), false);
      world.time.advance(3_000);
      const events = world.events().slice(before);
      assert.deepEqual(
        events.map(({ eventType, detail }) => (detail === undefined ? [eventType] : [eventType, detail])),
        flow.events.map(([type, ...detail]) => [type === "success" ? factor.success : type === "fail" ? factor.fail : type, ...detail]),
      );
      for (const { eventType, authId } of events) if (eventType.includes("_AUTH_")) assert.equal(authId, PERSON.authId, eventType);
      if (flow.answer === null) return assert.deepEqual(world.vendor.asks, []);
      const { credential, presented } = factor;
      const asked = { doorId: 234, deviceId: 434, credential, identify: false, ...PERSON, budgetMs: 2_700 };
      assert.deepEqual(world.vendor.asks, [presented === undefined ? asked : { ...asked, presented }]);
      if (presented !== undefined) assert.ok(!JSON.stringify(events).includes(presented), "what was presented stands in no event");
    });

test("a card, then the PIN: the customer is asked once, about the card, and the event names the chain", async (context) => {
  const world = await start(context, { chains: [["CARD", "PIN"]] });
  assert.equal((await world.present()).outcome, "wait_factor");
  assert.equal(world.vendor.asks.length, 0, "only once all factors are proven");
  const told = world.driver.present(234, "entry", { kind: "pin", digits: "4711" });
  await eventually("the ask", () => world.vendor.asks.length === 1);
  world.vendor.answer(0, CONFIRMED);
  assert.equal((await told).outcome, "opened");
  assert.deepEqual(world.types(), ["DEV_CARD_THEN_PIN_AUTH_SUCCESS", "VENDOR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
  const { credential, presented } = world.vendor.asks[0] ?? {};
  assert.deepEqual([credential, presented], ["card", "12345"]);
});

test("a user id and its PIN ask the customer nothing", async (context) => {
  const world = await start(context, { chains: [["CODE", "PIN"]] });
  await world.driver.present(234, "entry", { kind: "code", factor: "CODE", userId: 2000 });
  assert.equal((await world.driver.present(234, "entry", { kind: "pin", digits: "4711" })).outcome, "opened");
  assert.deepEqual(world.vendor.asks, []);
});

/** Who is known by nothing here. */
const STRANGERS = [
  { name: "card", shown: aCard("777"), presented: "777", success: "DEV_CARD_AUTH_SUCCESS", fail: "DEV_CARD_AUTH_FAIL" },
  {
    name: "unique_pin",
    shown: uniquePin("990011"),
    ...{ presented: "990011", success: "DEV_UNIQUE_PIN_AUTH_SUCCESS", fail: "DEV_UNIQUE_PIN_AUTH_FAIL" },
  },
] as const;

for (const { name, shown, presented, success, fail } of STRANGERS) {
  test(`a ${name} that nobody here is known by is the customer's to confirm: the events carry no person and no number`, async (context) => {
    const world = await start(context);
    const told = world.driver.present(234, "entry", shown);
    await eventually("the ask", () => world.vendor.asks.length === 1);
    world.vendor.answer(0, CONFIRMED);
    assert.deepEqual(await told, { outcome: "opened", person: null, message: "Welcome" });
    assert.deepEqual(world.types(), [success, "VENDOR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
    for (const event of world.events()) assert.equal("authId" in event || "userId" in event, false);
    assert.ok(!JSON.stringify(world.events()).includes(presented));
    const asked = { doorId: 234, deviceId: 434, credential: name, identify: true, presented, budgetMs: 2_700 };
    assert.deepEqual(world.vendor.asks, [asked]);
  });

  test(`a ${name} that nobody here is known by opens nothing in the customer's silence, whatever the door allows`, async (context) => {
    const world = await start(context, {}, { whenVendorSilent: "allow" });
    const told = world.driver.present(234, "entry", shown);
    await eventually("the ask", () => world.vendor.asks.length === 1);
    world.vendor.answer(0, SILENT);
    assert.deepEqual(await told, { outcome: "refused", reason: "vendor_silent", person: null });
    assert.equal(world.isOpen(), false);
  });

  test(`a ${name} that nobody here is known by is refused at once where the customer does not name people by it`, async (context) => {
    const world = await start(context, {}, { confirmations: [{ credential: name, identifies: false }] });
    assert.deepEqual(await world.driver.present(234, "entry", shown), { outcome: "refused", reason: "unknown", person: null });
    assert.deepEqual(world.types(), [fail]);
    assert.deepEqual(world.vendor.asks, []);
  });
}

test("a PIN that only the customer knows slows nobody down, and one that the customer refuses does", async (context) => {
  const world = await start(context);
  const type = async (digits: string, answer: VendorAnswer): Promise<string> => {
    const { length } = world.vendor.asks;
    const told = world.driver.present(234, "entry", uniquePin(digits));
    await eventually("the ask", () => world.vendor.asks.length > length);
    world.vendor.answer(length, answer);
    return (await told).outcome;
  };
  for (let count = 0; count < 5; count += 1) assert.equal(await type("990011", CONFIRMED), "opened");
  for (let count = 0; count < 3; count += 1) assert.equal(await type(`99002${count}`, REFUSED), "refused");
  const { length } = world.vendor.asks;
  const delayed = await world.driver.present(234, "entry", uniquePin("990024"));
  assert.deepEqual(delayed, { outcome: "refused", reason: "factor_delayed", person: null });
  assert.equal(world.vendor.asks.length, length);
});
