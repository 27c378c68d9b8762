import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { VENDOR_ASKS_PER_DOOR_MAX, type WireItem } from "@postern/contract";
import { type AuthItem, type Confirmation, type DoorItem, fingerMark, pinVerifier, seededRandom } from "@postern/core";
import type { VendorAnswer } from "../../src/controller/vendor-wait.ts";
import type { Outcome } from "../../src/drivers/driver.ts";
import { VENDOR_JOINED_COUNT_MAX, VENDOR_REST_MS } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, gone, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PERSON = { authId: 1000, userId: 2000 };
const CARD: readonly Confirmation[] = [{ credential: "card", identifies: false }];
const NAMING: readonly Confirmation[] = [{ credential: "card", identifies: true }];
const CONFIRMED: VendorAnswer = { verdict: "confirmed", detail: { vendorStatus: 200 }, message: "Welcome" };
const REFUSED: VendorAnswer = { verdict: "refused", detail: { vendorStatus: 403 } };
const SILENT: VendorAnswer = { verdict: "silent", detail: { vendorReason: "unreachable" } };

interface Options {
  readonly auth?: Partial<AuthItem>;
  readonly door?: Partial<DoorItem>;
  readonly others?: readonly WireItem[];
  readonly folder?: string;
}

const askingDoor = (changes: Partial<DoorItem> = {}): DoorItem => aDoor({ confirmations: CARD, ...changes });

async function start(context: TestContext, { auth = {}, door = {}, others = [], folder }: Options = {}): Promise<DoorWorld> {
  const exitDeviceId = door.exitDeviceId ?? null;
  const doors = [{ doorId: 234, entryDeviceId: 434, exitDeviceId }];
  const items = [wire(anAuth(auth), 2), wire(askingDoor(door), 2), ...others];
  const world = await DoorWorld.start(context, items, { doors, ...(folder === undefined ? {} : { folder }) });
  world.isServerReachable = true;
  return world;
}

/** Another person with a card of their own. */
const person = (number: number): WireItem => wire(anAuth({ id: 1000 + number, userId: 2000 + number, cards: [`CSN:${500 + number}`] }), 2);

const asked = (world: DoorWorld, count: number): Promise<void> => eventually(`ask ${count}`, () => world.vendor.asks.length === count);

/** Presents the card, lets something happen while the customer is asked, and gives the answer. */
async function during(world: DoorWorld, happen: () => unknown, answer: VendorAnswer = CONFIRMED): Promise<Outcome> {
  const told = world.present();
  await asked(world, 1);
  await happen();
  world.vendor.answer(0, answer);
  return told;
}

const last = (world: DoorWorld): unknown => {
  const { eventType, detail } = world.events().at(-1) ?? {};
  return [eventType, detail];
};

const CHANGES: readonly {
  readonly name: string;
  readonly door?: Partial<DoorItem>;
  readonly items: readonly WireItem[];
  readonly reason: string;
}[] = [
  { name: "a lockdown", items: [wire(aMode({ lockdown: true }), 3)], reason: "lockdown" },
  { name: "an operator who locks the door", items: [wire(aMode({ operator: "locked" }), 3)], reason: "locked_by_operator" },
  { name: "the end of the person's right", items: [gone("auth:1000", 3)], reason: "unknown" },
  { name: "a right that is suspended", items: [wire(anAuth({ status: "INACTIVE" }), 3)], reason: "inactive" },
  { name: "a right that is given other doors", items: [wire(anAuth({ doors: [235] }), 3)], reason: "wrong_door" },
  { name: "a card that is taken away", items: [wire(anAuth({ cards: [] }), 3)], reason: "unknown" },
  {
    name: "a card that is given to somebody else",
    items: [wire(anAuth({ cards: [] }), 3), wire(anAuth({ id: 1001, userId: 2001 }), 3)],
    reason: "unknown",
  },
  {
    name: "the end of a right, where the customer would name the person by the card",
    door: { confirmations: NAMING },
    items: [gone("auth:1000", 3)],
    reason: "unknown",
  },
  { name: "the end of the door's settings", items: [gone("door:234", 3)], reason: "door_unknown" },
  {
    name: "a door that comes to want a PIN too",
    items: [wire(askingDoor({ chains: [["CARD", "PIN"]] }), 3)],
    reason: "factor_not_allowed",
  },
];

for (const { name, door = {}, items, reason } of CHANGES)
  test(`while the customer is asked, ${name} is the last word: their yes opens nothing, and the log says why`, async (context) => {
    const world = await start(context, { door });
    const told = await during(world, () => world.change(...items));
    assert.deepEqual(told, { outcome: "refused", reason, person: PERSON });
    assert.equal(world.isOpen(), false);
    const fail = world.events().find(({ eventType }) => eventType === "VENDOR_AUTH_FAIL");
    assert.deepEqual(fail?.detail, { vendorStatus: 200, vendorVerdict: "confirmed", reason });
    assert.equal(fail.authId, PERSON.authId);
    assert.equal(world.types().includes("VENDOR_AUTH_SUCCESS"), false);
  });

test("a card that becomes somebody's while the customer is asked whose it is opens nothing by their answer", async (context) => {
  const world = await start(context, { auth: { cards: [] }, door: { confirmations: NAMING } });
  const told = await during(world, () => world.change(wire(anAuth(), 3)));
  assert.deepEqual(told, { outcome: "refused", reason: "unknown", person: null });
});

test("whom the customer refused a door lets in no more where it has ceased to ask meanwhile", async (context) => {
  const world = await start(context);
  const told = await during(world, () => world.change(wire(aDoor(), 3)), REFUSED);
  assert.deepEqual(told, { outcome: "refused", reason: "vendor_refused", person: PERSON });
});

test("whom the customer confirmed a door that has ceased to ask lets in, and the log says both", async (context) => {
  const world = await start(context);
  assert.equal((await during(world, () => world.change(wire(aDoor(), 3)))).outcome, "opened");
  assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS", "VENDOR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
});

test("a confirmation of another kind than is wanted by now counts as silence", async (context) => {
  const world = await start(context, { auth: { chains: [["CARD", "QR"]] } });
  assert.equal((await world.present()).outcome, "wait_factor");
  const told = world.driver.present(234, "entry", { kind: "matched", factor: "QR", authId: 1000 });
  await asked(world, 1);
  world.change(wire(askingDoor({ confirmations: [{ credential: "qr", identifies: false }] }), 4));
  world.vendor.answer(0, CONFIRMED);
  assert.deepEqual(await told, { outcome: "refused", reason: "vendor_silent", person: PERSON });
});

test("a door that comes to stand unlocked while the customer is asked says so, and moves no bolt for anybody", async (context) => {
  const world = await start(context);
  const told = await during(world, () => world.change(wire(aMode({ operator: "unlocked" }), 3)), REFUSED);
  assert.deepEqual(told, { outcome: "unlocked", because: "operator", person: PERSON });
  assert.deepEqual(last(world), ["VENDOR_AUTH_FAIL", { vendorStatus: 403, reason: "vendor_refused" }]);
});

test("a door that is given up while the customer is asked opens for nobody, whatever its policy", async (context) => {
  const world = await start(context, { door: { whenVendorSilent: "allow" } });
  const told = await during(world, () => world.controller.serve([]));
  assert.deepEqual(told, { outcome: "refused", reason: "vendor_silent", person: PERSON });
  assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS", "VENDOR_AUTH_FAIL"]);
  assert.deepEqual(last(world), ["VENDOR_AUTH_FAIL", { vendorReason: "stopping", reason: "vendor_silent" }]);
  assert.equal(world.vendor.isGivenUp(0), true);
});

test("the customer has three seconds in all where the door says nothing else; what they answer later changes nothing", async (context) => {
  for (const vendorBudgetMs of [undefined, 800]) {
    const world = await start(context, { door: vendorBudgetMs === undefined ? {} : { vendorBudgetMs } });
    const told = world.present();
    await asked(world, 1);
    const budgetMs = vendorBudgetMs ?? 3_000;
    assert.equal(world.vendor.asks[0]?.budgetMs, budgetMs * 0.9);
    world.time.advance(budgetMs - 1);
    assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS"]);
    world.time.advance(1);
    assert.deepEqual(await told, { outcome: "refused", reason: "vendor_silent", person: PERSON });
    assert.equal(world.vendor.isGivenUp(0), true);
    const said = world.types();
    world.vendor.answer(0, CONFIRMED);
    await Promise.resolve();
    assert.deepEqual(world.types(), said);
    assert.equal(world.isOpen(), false);
    assert.deepEqual(world.time.running(), ["door modes"]);
  }
});

test("without a link nobody is asked and nobody is kept waiting", async (context) => {
  const world = await start(context);
  world.isServerReachable = false;
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "vendor_silent", person: PERSON });
  assert.deepEqual(world.vendor.asks, []);
  const fail = world.events().find(({ eventType }) => eventType === "VENDOR_AUTH_FAIL");
  assert.deepEqual(fail?.detail, { vendorReason: "link_down", reason: "vendor_silent" });
});

test("several people at one door are asked about at once, and each is answered by their own answer", async (context) => {
  const world = await start(context, { others: [person(1), person(2)] });
  const told = [world.present(), world.present("501"), world.present("502")];
  await asked(world, 3);
  world.vendor.answer(2, CONFIRMED);
  assert.equal((await told[2])?.outcome, "opened");
  world.vendor.answer(0, REFUSED);
  world.vendor.answer(1, SILENT);
  assert.deepEqual(await told[0], { outcome: "refused", reason: "vendor_refused", person: PERSON });
  assert.deepEqual(await told[1], { outcome: "refused", reason: "vendor_silent", person: { authId: 1001, userId: 2001 } });
  const verdicts = world.events().filter(({ eventType }) => eventType.startsWith("VENDOR_AUTH"));
  assert.deepEqual(
    verdicts.map(({ eventType, authId }) => [eventType, authId]),
    [
      ["VENDOR_AUTH_SUCCESS", 1002],
      ["VENDOR_AUTH_FAIL", 1000],
      ["VENDOR_AUTH_FAIL", 1001],
    ],
  );
});

test("two people whom one reader knows by their fingers are two questions", async (context) => {
  const fingers = { chains: [["FINGERPRINT"]], fingerprints: [fingerMark("Zmluzw==")] } as const;
  const hers = { ...wire(anAuth(fingers), 3), templates: ["Zmluzw=="] };
  const his = { ...wire(anAuth({ ...fingers, id: 1001, userId: 2001, cards: [] }), 2), templates: ["Zmluzw=="] };
  const world = await start(context, { door: { confirmations: [{ credential: "fingerprint", identifies: false }] }, others: [hers, his] });
  const lay = (authId: number): Promise<Outcome> => world.driver.present(234, "entry", { kind: "matched", factor: "FINGERPRINT", authId });
  const told = [lay(1000), lay(1001)];
  await asked(world, 2);
  world.vendor.answer(0, REFUSED);
  world.vendor.answer(1, CONFIRMED);
  assert.deepEqual(
    (await Promise.all(told)).map(({ outcome }) => outcome),
    ["refused", "opened"],
  );
});

test("beyond what a door may ask at once people are refused as busy, and an answer makes room", async (context) => {
  const others = Array.from({ length: VENDOR_ASKS_PER_DOOR_MAX + 1 }, (_, index) => person(index + 1));
  const world = await start(context, { others });
  const waiting = Array.from({ length: VENDOR_ASKS_PER_DOOR_MAX }, (_, index) => world.present(`${501 + index}`));
  await asked(world, VENDOR_ASKS_PER_DOOR_MAX);
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "busy", person: PERSON });
  assert.deepEqual(last(world), ["DEV_CARD_AUTH_FAIL", { reason: "busy" }]);
  world.vendor.answer(0, CONFIRMED);
  await waiting[0];
  void world.present();
  await asked(world, VENDOR_ASKS_PER_DOOR_MAX + 1);
});

test("one card held up a hundred times while the customer is asked is one call, one answer and one passage", async (context) => {
  const world = await start(context);
  const told = Array.from({ length: 100 }, () => world.present());
  await asked(world, 1);
  world.vendor.answer(0, CONFIRMED);
  const outcomes = (await Promise.all(told)).map((one) => (one.outcome === "refused" ? one.reason : one.outcome));
  assert.deepEqual(outcomes, [...Array(VENDOR_JOINED_COUNT_MAX).fill("opened"), ...Array(100 - VENDOR_JOINED_COUNT_MAX).fill("busy")]);
  assert.equal(world.vendor.asks.length, 1);
  assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS", "VENDOR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
});

test("a refused card is answered alike at that device for a moment, without a call; then the customer is asked again", async (context) => {
  const world = await start(context, { door: { exitDeviceId: 435 }, others: [person(1)] });
  const first = await during(world, () => undefined, { ...REFUSED, message: "No membership" });
  const said = world.types();
  world.time.advance(VENDOR_REST_MS - 1);
  assert.deepEqual(await world.present(), first, "with the same message");
  assert.deepEqual(world.types(), said);
  assert.equal(world.vendor.asks.length, 1);
  void world.driver.present(234, "exit", aCard());
  await asked(world, 2);
  void world.present("501");
  await asked(world, 3);
  world.time.advance(1);
  void world.present();
  await asked(world, 4);
});

test("a refusal that rests does not stand before a reason of our own", async (context) => {
  const world = await start(context);
  await during(world, () => undefined, REFUSED);
  world.change(wire(aMode({ lockdown: true }), 3));
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "lockdown", person: PERSON });
});

test("neither a yes nor a silence rests: the next presentation asks again", async (context) => {
  const world = await start(context);
  await during(world, () => undefined, SILENT);
  const told = world.present();
  await asked(world, 2);
  world.vendor.answer(1, CONFIRMED);
  assert.equal((await told).outcome, "opened");
  void world.present();
  await asked(world, 3);
});

test("the customer's silence is recorded once, and its end with the first answer, yes or no", async (context) => {
  for (const answer of [CONFIRMED, REFUSED]) {
    const world = await start(context);
    await during(world, () => undefined, SILENT);
    const second = world.present();
    await asked(world, 2);
    world.vendor.answer(1, SILENT);
    await second;
    const third = world.present();
    await asked(world, 3);
    world.vendor.answer(2, answer);
    await third;
    const silence = world.types().filter((type) => type.startsWith("VENDOR_SILENCE"));
    assert.deepEqual(silence, ["VENDOR_SILENCE_BEGIN", "VENDOR_SILENCE_END"]);
    assert.deepEqual(world.outbox.openAlarms(), []);
  }
});

test("no disk, no call: what cannot be written down is refused, and the customer is not asked", async (context) => {
  const world = await start(context);
  world.isDiskBroken = true;
  assert.deepEqual(await world.present(), { outcome: "refused", reason: "not_recorded", person: PERSON });
  assert.deepEqual(world.vendor.asks, []);
  world.isDiskBroken = false;
  void world.present();
  await asked(world, 1);
});

test("no disk, no opening: a yes that cannot be written down moves no bolt", async (context) => {
  const world = await start(context);
  const told = await during(world, () => {
    world.isDiskBroken = true;
  });
  assert.deepEqual(told, { outcome: "refused", reason: "not_recorded", person: PERSON });
  assert.equal(world.isOpen(), false);
  world.isDiskBroken = false;
  world.time.advance(1_000);
  assert.deepEqual(world.types(), ["DEV_CARD_AUTH_SUCCESS", "VENDOR_AUTH_FAIL", "DRIVER_FAILED"]);
  assert.deepEqual(world.events()[1]?.detail, { vendorStatus: 200, vendorVerdict: "confirmed", reason: "not_recorded" });
});

test("at the moment the bolt moves the customer's yes is on the disk", async (context) => {
  const world = await start(context);
  const ports = world.driver.connect({ doorId: 900, entryDeviceId: 901, exitDeviceId: null });
  const disk = new DatabaseSync(world.path);
  const seen: unknown[] = [];
  const pulse = ports.relay.pulse.bind(ports.relay);
  ports.relay.pulse = (unlockMs) => {
    seen.push(disk.prepare("select body from events order by number desc limit 1").get());
    return pulse(unlockMs);
  };
  world.driver.connect = () => ports;
  world.change(wire(askingDoor({ id: 900, entryDeviceId: 901 }), 2));
  await world.controller.serve([{ doorId: 900, entryDeviceId: 901, exitDeviceId: null }]);
  const told = world.driver.present(900, "entry", aCard());
  await asked(world, 1);
  world.vendor.answer(0, CONFIRMED);
  await told;
  disk.close();
  assert.match(JSON.stringify(seen), /VENDOR_AUTH_SUCCESS/);
});

test("a card taken away before its PIN is typed opens nothing with that PIN", async (context) => {
  const pin = await pinVerifier("4711", seededRandom(1));
  const world = await start(context, { auth: { chains: [["CARD", "PIN"]], pin }, door: { confirmations: [] } });
  assert.equal((await world.present()).outcome, "wait_factor");
  world.change(wire(anAuth({ chains: [["CARD", "PIN"]], pin, cards: [] }), 3));
  const told = await world.driver.present(234, "entry", { kind: "pin", digits: "4711" });
  assert.deepEqual(told, { outcome: "refused", reason: "unknown", person: PERSON });
});

test("a PIN that only the customer knows stands in no file of the controller", async (context) => {
  const folder = temporaryFolder(context);
  const world = await start(context, { folder, door: { confirmations: [{ credential: "unique_pin", identifies: true }] } });
  const told = world.driver.present(234, "entry", { kind: "unique_pin", digits: "86420975" });
  await asked(world, 1);
  world.vendor.answer(0, CONFIRMED);
  assert.equal((await told).outcome, "opened");
  for (const name of readdirSync(folder)) assert.equal(readFileSync(`${folder}/${name}`).includes("86420975"), false, name);
});
