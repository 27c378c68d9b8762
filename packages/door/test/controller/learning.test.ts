import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CommandFrame } from "@postern/contract";
import { parseCard } from "@postern/core";
import { aDoor, aMode, anAuth, NOW_MS, rosterFrame, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { ManualTime } from "../support/manual-time.ts";

const DOORS = [{ doorId: 234, entryDeviceId: 434, exitDeviceId: 534 }];

const learn = (changes: Partial<CommandFrame & { command: "LEARN_CARD" }> = {}): CommandFrame => ({
  commandId: 9,
  command: "LEARN_CARD",
  deviceId: 434,
  notAfter: NOW_MS + 10_000,
  ...changes,
});

function start(context: TestContext, time?: ManualTime): Promise<DoorWorld> {
  const options = time === undefined ? {} : { time };
  return DoorWorld.start(context, [wire(aDoor({ exitDeviceId: 534 }), 2), wire(anAuth(), 2)], { ...options, doors: DOORS });
}

test("learning: the next card at the device is told as CLUe writes it, opens nothing, and stands in no log", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  assert.deepEqual(await world.present("0012345"), { outcome: "learnt", person: null });
  assert.deepEqual(await learnt, { outcome: "done", card: { cardNumber: "12345", formatType: "CSN" } });
  assert.equal(world.isOpen(), false);
  assert.deepEqual(world.events(), []);
  assert.equal(world.controller.doors()[0]?.last, null);
});

test("learning: only one card is learnt, and a repeat of the command is answered as the first was", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  await world.present("77");
  assert.deepEqual(await world.controller.obey(learn()), await learnt);
  assert.equal((await world.present()).outcome, "opened");
});

const LAYOUTS: readonly Parameters<typeof parseCard>[0][] = [
  { cardNumber: "12-123", formatType: "WIEGAND", formatData: "26" },
  { cardNumber: "65535-65535", formatType: "WIEGAND", formatData: "34" },
  { cardNumber: "0-34359738367", formatType: "WIEGAND", formatData: "37" },
  { cardNumber: "12-123", formatType: "WIEGAND", formatData: "37F" },
  { cardNumber: "1099511627775", formatType: "WIEGAND", formatData: "RAW:40" },
  { cardNumber: "1208925819614629174706175", formatType: "CSN" },
];

for (const text of LAYOUTS) {
  test(`learning: ${text.cardNumber} of ${text.formatData ?? text.formatType} comes back as it has to be written to enrol it`, async (context) => {
    const world = await start(context);
    const learnt = world.controller.obey(learn());
    const read = parseCard(text);
    assert.ok(read.kind === "card");
    await world.driver.present(234, "entry", { kind: "card", factor: "CARD", card: read.card });
    assert.deepEqual(await learnt, { outcome: "done", card: text });
  });
}

test("learning: the other device and other factors go on as ever", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  assert.equal((await world.driver.present(234, "exit", aCard())).outcome, "opened");
  const face = { kind: "matched", factor: "FACE", authId: 1000 } as const;
  assert.equal((await world.driver.present(234, "entry", face)).outcome, "refused");
  assert.equal((await world.present("77")).outcome, "learnt");
  assert.equal((await learnt).outcome, "done");
});

test("learning: a lockdown ends it at once, and while one holds no card is swallowed from the log", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  world.change(wire(aMode({ lockdown: true }), 3));
  assert.deepEqual(await learnt, { outcome: "refused", reason: "lockdown" });
  assert.deepEqual(await world.controller.obey(learn({ commandId: 10 })), { outcome: "refused", reason: "lockdown" });
  assert.equal((await world.present("77")).outcome, "refused");
  assert.deepEqual(
    world.types().filter((type) => type.includes("CARD")),
    ["DEV_CARD_AUTH_FAIL"],
  );
});

test("learning: a lockdown that has not been judged yet swallows no card either", async (context) => {
  const world = await start(context);
  void world.controller.obey(learn());
  world.replica.applyFrame(rosterFrame([wire(aMode({ lockdown: true }), 3)]));
  assert.equal((await world.present("77")).outcome, "refused");
});

test("learning: when no card comes in time it ends, and the next card is judged", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  world.time.advance(10_001);
  assert.equal((await world.present()).outcome, "opened", "a card after the last millisecond is judged");
  world.time.advance(1_000);
  assert.deepEqual(await learnt, { outcome: "failed", reason: "card_not_presented" });
  assert.deepEqual(await world.controller.obey(learn({ commandId: 11 })), { outcome: "too_late", reason: "command_too_late" });
});

test("learning: nothing is learnt at a device that is not here, without a clock, or by a controller that stops", async (context) => {
  const world = await start(context);
  assert.deepEqual(await world.controller.obey(learn({ deviceId: 7 })), { outcome: "failed", reason: "device_unknown" });
  const learnt = world.controller.obey(learn({ commandId: 10, deviceId: 534 }));
  await world.controller.stop();
  assert.deepEqual(await learnt, { outcome: "failed", reason: "device_released" });
  const timeless = await start(context, new ManualTime(1_000));
  assert.deepEqual(await timeless.controller.obey(learn()), { outcome: "refused", reason: "no_clock" });
});

test("learning: a relay that does not work keeps nobody from learning a card", async (context) => {
  const world = await start(context);
  world.driver.setFault(234, "relay", true);
  await world.present();
  const learnt = world.controller.obey(learn());
  await world.present("77");
  assert.equal((await learnt).outcome, "done");
});

test("learning: a newer wish at the device ends the older one, and the next card is told to the newer alone", async (context) => {
  const world = await start(context);
  const older = world.controller.obey(learn());
  const newer = world.controller.obey(learn({ commandId: 10 }));
  const elsewhere = world.controller.obey(learn({ commandId: 11, deviceId: 534 }));
  assert.deepEqual(await older, { outcome: "failed", reason: "learning_replaced" });
  await world.present("77");
  assert.equal((await newer).outcome, "done");
  await world.driver.present(234, "exit", aCard("78"));
  assert.equal((await elsewhere).card?.cardNumber, "78", "the other device goes on");
});

const FINGER = { template: Buffer.from("a thumb").toString("base64"), score: 50 };
const learnFinger = (changes: Partial<CommandFrame & { command: "LEARN_FINGER" }> = {}): CommandFrame => ({
  commandId: 9,
  command: "LEARN_FINGER",
  deviceId: 434,
  scoreMin: 50,
  notAfter: NOW_MS + 10_000,
  ...changes,
});

test("learning: the next finger is told with its score and whom the reader knows by it, opens nothing, and stands in no log", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learnFinger());
  assert.equal((await world.present()).outcome, "opened", "a card is judged meanwhile");
  const before = world.events().length;
  world.driver.holdFingers(1000, [FINGER.template]);
  assert.deepEqual(await world.driver.presentFinger(234, "entry", FINGER), { outcome: "learnt", person: null });
  assert.deepEqual(await learnt, { outcome: "done", finger: { template: FINGER.template, authIds: [1000] }, score: 50 });
  assert.equal(world.events().length, before);
  const unknown = world.controller.obey(learnFinger({ commandId: 10 }));
  await world.driver.presentFinger(234, "entry", { ...FINGER, template: "AAAA" });
  assert.deepEqual((await unknown).finger, { template: "AAAA", authIds: [] });
});

test("learning: a finger that is read badly ends it with its score and without its template", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learnFinger());
  await world.driver.presentFinger(234, "entry", { ...FINGER, score: 49 });
  assert.deepEqual(await learnt, { outcome: "failed", reason: "finger_low_quality", score: 49 });
});

test("learning: a finger that does not come in time is said to, and a finger that the reader tells nothing of is judged", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learnFinger());
  const matched = { kind: "matched", factor: "FINGERPRINT", authId: null } as const;
  assert.equal((await world.driver.present(234, "entry", matched)).outcome, "refused");
  world.time.advance(11_001);
  assert.deepEqual(await learnt, { outcome: "failed", reason: "finger_not_presented" });
});

test("learning: one that is cancelled ends, and the next card is judged", async (context) => {
  const world = await start(context);
  const learnt = world.controller.obey(learn());
  const end = { commandId: 10, command: "END_LEARNING", deviceId: 434, notAfter: NOW_MS + 10_000 } as const;
  world.driver.setFault(234, "relay", true);
  assert.deepEqual(await world.controller.obey(end), { outcome: "done" }, "whatever the relay does");
  assert.deepEqual(await learnt, { outcome: "failed", reason: "learning_cancelled" });
  world.driver.setFault(234, "relay", false);
  assert.notEqual((await world.present("77")).outcome, "learnt");
});
