import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type AuthItem, pinVerifier, seededRandom, uniquePinKey } from "@postern/core";
import type { Credential, Outcome, TypedPin } from "../../src/drivers/driver.ts";
import { aDoor, anAuth, aPlace, gone, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PIN = await pinVerifier("4711", seededRandom(1));
const UNIQUE_PIN = await uniquePinKey("471147", aPlace().uniquePinSalt);
const ADA = anAuth({ chains: [["CODE", "PIN"], ["CARD", "PIN"], ["UNIQUE_PIN"]], pin: PIN, uniquePin: UNIQUE_PIN });

const code = (userId: number): Credential => ({ kind: "code", factor: "CODE", userId });
const pin = (digits: string): TypedPin => ({ kind: "pin", digits });
const uniquePin = (digits: string): TypedPin => ({ kind: "unique_pin", digits });

function start(context: TestContext, auth: AuthItem = ADA): Promise<DoorWorld> {
  return DoorWorld.start(context, [wire(auth, 2)]);
}

async function type(world: DoorWorld, ...things: readonly (Credential | TypedPin)[]): Promise<string[]> {
  const said: string[] = [];
  for (const thing of things) said.push(told(await world.driver.present(234, "entry", thing)));
  return said;
}

function told(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "refused":
      return outcome.reason;
    case "wait_factor":
      return `${outcome.wanted.join(" or ")} of ${outcome.person === null ? "somebody" : outcome.person.authId}`;
    default:
      return outcome.outcome;
  }
}

/** What the log says of who was let in or refused, with the reason. */
function logged(world: DoorWorld): string[] {
  return world
    .events()
    .filter((event) => event.eventType.includes("_AUTH_"))
    .map(({ eventType, authId, detail }) => [eventType, authId ?? "nobody", detail?.["reason"] ?? ""].join(" ").trim());
}

test("a user id and its PIN open, and the event names both", async (context) => {
  const world = await start(context);
  assert.deepEqual(await type(world, code(2000), pin("4711")), ["PIN of somebody", "opened"]);
  assert.equal(world.isOpen(), true);
  assert.deepEqual(logged(world), ["DEV_CODE_THEN_PIN_AUTH_SUCCESS 1000"]);
});

test("a card, then the PIN opens; the card alone does not", async (context) => {
  const world = await start(context);
  assert.deepEqual(await type(world, aCard()), ["PIN of 1000"]);
  assert.equal(world.isOpen(), false);
  assert.deepEqual(await type(world, pin("4711")), ["opened"]);
  assert.deepEqual(logged(world), ["DEV_CARD_THEN_PIN_AUTH_SUCCESS 1000"]);
});

test("a unique PIN opens alone, and one that is nobody's does not", async (context) => {
  const world = await start(context);
  assert.deepEqual(await type(world, uniquePin("471147"), uniquePin("471148")), ["opened", "unknown"]);
  assert.deepEqual(logged(world), ["DEV_UNIQUE_PIN_AUTH_SUCCESS 1000", "DEV_UNIQUE_PIN_AUTH_FAIL nobody unknown"]);
});

test("a wrong PIN is refused with the person in the log, and the next try begins anew", async (context) => {
  const world = await start(context);
  assert.deepEqual(await type(world, code(2000), pin("4712"), pin("4711")), ["PIN of somebody", "factor_failed", "unknown"]);
  assert.deepEqual(logged(world), ["DEV_PIN_AUTH_FAIL 1000 factor_failed", "DEV_PIN_AUTH_FAIL nobody unknown"]);
  assert.equal(world.isOpen(), false);
});

test("a keypad says the same of a code that is nobody's, of one without a right and of a wrong PIN; only the log knows", async (context) => {
  const world = await start(context, { ...ADA, status: "INACTIVE" });
  assert.deepEqual(await type(world, code(999), pin("4711"), code(2000), pin("4711")), [
    "PIN of somebody",
    "factor_failed",
    "PIN of somebody",
    "factor_failed",
  ]);
  assert.deepEqual(logged(world), ["DEV_PIN_AUTH_FAIL nobody unknown", "DEV_PIN_AUTH_FAIL 1000 inactive"]);
  assert.equal(world.isOpen(), false);
});

test("a right that ends while its PIN is being checked opens nothing", async (context) => {
  const world = await start(context);
  await type(world, code(2000));
  const typed = world.driver.present(234, "entry", pin("4711"));
  world.change(gone("auth:1000", 3));
  assert.equal(told(await typed), "factor_failed");
  assert.equal(world.isOpen(), false);
});

test("a PIN that is replaced while the old one is being checked opens nothing", async (context) => {
  const replacement = await pinVerifier("0815", seededRandom(2));
  const world = await start(context);
  await type(world, code(2000));
  const typed = world.driver.present(234, "entry", pin("4711"));
  world.change(wire({ ...ADA, pin: replacement }, 3));
  assert.equal(told(await typed), "factor_failed");
  assert.deepEqual(await type(world, code(2000), pin("0815")), ["PIN of somebody", "opened"]);
});

test("three wrong PINs hold back that person's PIN and nothing else, until the pause has passed", async (context) => {
  const world = await start(context);
  for (let guess = 0; guess < 3; guess += 1) await type(world, code(2000), pin("0000"));
  assert.deepEqual(await type(world, code(2000), pin("4711")), ["PIN of somebody", "factor_delayed"]);
  assert.deepEqual(await type(world, uniquePin("471147")), ["opened"]);
  world.time.advance(5_000);
  assert.deepEqual(await type(world, code(2000), pin("4711")), ["PIN of somebody", "opened"]);
});

test("taking the power away gives nobody tries anew, and the right PIN clears them for the next start too", async (context) => {
  const folder = temporaryFolder(context);
  const again = (): Promise<DoorWorld> => DoorWorld.start(context, [wire(ADA, 2)], { folder });
  const before = await again();
  for (let guess = 0; guess < 3; guess += 1) await type(before, code(2000), pin("0000"));
  before.close();
  const held = await again();
  assert.deepEqual(await type(held, code(2000), pin("4711")), ["PIN of somebody", "factor_delayed"]);
  held.time.advance(6_000);
  assert.deepEqual(await type(held, code(2000), pin("4711")), ["PIN of somebody", "opened"]);
  held.close();
  assert.deepEqual(await type(await again(), code(2000), pin("0000"), code(2000), pin("4711")), [
    "PIN of somebody",
    "factor_failed",
    "PIN of somebody",
    "opened",
  ]);
});

test("unknown unique PINs hold back the device's unique PINs and never a card", async (context) => {
  const world = await DoorWorld.start(context, [wire(ADA, 2), wire(anAuth({ id: 1_001, userId: 2_001, cards: ["CSN:777"] }), 3)]);
  await type(world, uniquePin("000000"), uniquePin("000001"), uniquePin("000002"));
  assert.deepEqual(await type(world, uniquePin("471147"), aCard("777")), ["factor_delayed", "opened"]);
});

test("the door's own time for the next factor holds, and its running out names the person", async (context) => {
  const world = await start(context);
  world.change(wire(aDoor({ factorMs: 4_000 }), 3));
  await type(world, aCard());
  world.time.advance(4_000);
  assert.deepEqual(logged(world), ["DEV_PIN_AUTH_FAIL 1000 factor_timeout"]);
});

test("more PINs at once than a door can check are refused without being looked at", async (context) => {
  const world = await start(context);
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => world.driver.present(234, "entry", uniquePin("471147"))));
  assert.deepEqual(outcomes.map(told).toSorted(), ["busy", "busy", "opened", "opened"]);
});

test("no event holds a digit of what was typed", async (context) => {
  const world = await start(context);
  await type(world, code(2000), pin("98765"), uniquePin("13579246"));
  const text = JSON.stringify(world.events());
  for (const digits of ["98765", "13579246"]) assert.ok(!text.includes(digits));
});
