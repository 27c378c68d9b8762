import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { VENDOR_PRESENTED_LENGTH_MAX, type WireItem } from "@postern/contract";
import { QR_STEP_MS, qrStepAt } from "@postern/core";
import type { Outcome } from "../../src/drivers/driver.ts";
import { QR_USE_MS_MAX, QR_USES_PER_DOOR_MAX } from "../../src/limits.ts";
import { aDoor, aMode, anAuth, DAY_MS, gone, NOW_MS, wire } from "../support/builders.ts";
import { aCard, DoorWorld } from "../support/door-world.ts";
import { aQr, QrPhone } from "../support/qr-phone.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PERSON = { authId: 1_000, userId: 2_000 };
const TWO_DOORS = [
  { doorId: 234, entryDeviceId: 434, exitDeviceId: null },
  { doorId: 235, entryDeviceId: 435, exitDeviceId: null },
];

function refused(reason: string, person: Outcome["person"] = PERSON): unknown {
  return { outcome: "refused", reason, person };
}

async function open(
  context: TestContext,
  items: (phone: QrPhone) => WireItem[] = () => [],
  options: Parameters<typeof DoorWorld.start>[2] = {},
): Promise<{ world: DoorWorld; phone: QrPhone; show: (payload?: string, doorId?: number) => Promise<Outcome> }> {
  const phone = new QrPhone();
  const world = await DoorWorld.start(context, [wire(anAuth(), 2), phone.item(), ...items(phone)], options);
  const show = (payload = phone.codeAt(world.time.nowMs()), doorId = 234): Promise<Outcome> =>
    world.driver.present(doorId, "entry", aQr(payload));
  return { world, phone, show };
}

/** Lets what was answered be taken over. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a phone's code opens for the person it was issued to, beside what their auth holds, and the log says which QR it was", async (context) => {
  const { world, show } = await open(context);
  assert.deepEqual(await show(), { outcome: "opened", person: PERSON });
  assert.equal(world.isOpen(), true);
  const [success] = world.events();
  assert.deepEqual([success?.eventType, success?.authId, success?.userId], ["DEV_QR_AUTH_SUCCESS", 1_000, 2_000]);
  assert.deepEqual(success?.detail, { qrId: 1_500, qrStep: qrStepAt(NOW_MS) });
  assert.deepEqual(world.types(), ["DEV_QR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
});

test("a code opens once, at any door of the controller, and none that is older than it opens after it", async (context) => {
  const { world, phone, show } = await open(context, () => [wire(aDoor({ id: 235, entryDeviceId: 435 }), 2), wire(aMode({ id: 235 }), 2)], {
    doors: TWO_DOORS,
  });
  const before = phone.codeAt(NOW_MS - QR_STEP_MS);
  const code = phone.codeAt(NOW_MS);
  assert.equal((await show(code)).outcome, "opened");
  assert.deepEqual(await show(code), refused("qr_used"));
  assert.deepEqual(await show(code, 235), refused("qr_used"));
  assert.deepEqual(await show(before), refused("qr_used"));
  const [failure] = world.events().slice(-1);
  assert.deepEqual([failure?.eventType, failure?.detail], ["DEV_QR_AUTH_FAIL", { reason: "qr_used", qrId: 1_500 }]);
  world.time.advance(QR_STEP_MS);
  assert.equal((await show()).outcome, "opened");
});

test("a code that opened opens no more after the controller was killed and started again", async (context) => {
  const folder = temporaryFolder(context);
  const { world, phone, show } = await open(context, () => [], { folder });
  const code = phone.codeAt(NOW_MS);
  assert.equal((await show(code)).outcome, "opened");
  world.close();
  const again = await DoorWorld.start(context, [], { folder, time: world.time });
  assert.deepEqual(await again.driver.present(234, "entry", aQr(code)), refused("qr_used"));
});

test("what could not be written down neither opens nor uses the code up", async (context) => {
  const { world, phone, show } = await open(context);
  const code = phone.codeAt(NOW_MS);
  world.isDiskBroken = true;
  assert.deepEqual(await show(code), refused("not_recorded"));
  assert.equal(world.isOpen(), false);
  world.isDiskBroken = false;
  assert.equal((await show(code)).outcome, "opened");
});

test("a copy that comes too late, one of another phone, and one whose QR was taken away open nothing", async (context) => {
  const { world, phone, show } = await open(context);
  const copy = phone.codeAt(NOW_MS);
  world.time.advance(2 * QR_STEP_MS);
  assert.deepEqual(await show(copy), refused("qr_stale"));
  const other = new QrPhone(phone.qid);
  assert.deepEqual(await show(other.codeAt(world.time.nowMs())), refused("qr_forged", null), "nobody is named by what anybody can make");
  world.change(gone("qr:1500", 3));
  assert.deepEqual(await show(), refused("unknown", null));
  assert.ok(world.types().every((type) => type === "DEV_QR_AUTH_FAIL"));
  assert.equal(world.isOpen(), false);
});

test("a door that allows a phone's clock more takes a code of those steps, and of no other", async (context) => {
  const { phone, show } = await open(context, () => [wire(aDoor({ qrStepsOff: 3 }), 3)]);
  assert.deepEqual(await show(phone.codeAt(NOW_MS - 4 * QR_STEP_MS)), refused("qr_stale"));
  assert.equal((await show(phone.codeAt(NOW_MS - 3 * QR_STEP_MS))).outcome, "opened");
  assert.equal((await show(phone.codeAt(NOW_MS + 3 * QR_STEP_MS))).outcome, "opened");
  assert.deepEqual(await show(phone.codeAt(NOW_MS + 4 * QR_STEP_MS)), refused("qr_stale"));
});

test("a code opens within its QR's period alone, by the door's clock, and never without one", async (context) => {
  const { world, phone, show } = await open(context);
  world.change(phone.item({ fromMs: NOW_MS + 1 }, 3));
  assert.deepEqual(await show(), refused("not_started"));
  world.change(phone.item({ toMs: NOW_MS }, 4));
  assert.deepEqual(await show(), refused("ended"));
  world.change(phone.item({ fromMs: NOW_MS, toMs: NOW_MS + 1 }, 5));
  assert.equal((await show()).outcome, "opened");
});

test("what the person's auth does not give, a code does not give either", async (context) => {
  const { world, phone, show } = await open(context);
  world.change(wire(anAuth({ status: "INACTIVE" }), 3));
  assert.deepEqual(await show(), refused("inactive"));
  world.change(wire(anAuth({ doors: [999] }), 4));
  const shownThere = await show();
  assert.equal(shownThere.outcome, "refused");
  world.change(wire(anAuth({ endMs: NOW_MS }), 5));
  assert.deepEqual(await show(), refused("ended"));
  // None of that used the code up.
  world.change(wire(anAuth(), 6));
  assert.equal((await show(phone.codeAt(NOW_MS))).outcome, "opened");
});

test("at a door that is held locked a code is refused with CLUe's own event, and in a lockdown with its reason", async (context) => {
  const { world, show } = await open(context);
  world.change(wire(aMode({ operator: "locked" }), 3));
  assert.deepEqual(await show(), refused("locked_by_operator"));
  world.change(wire(aMode({ lockdown: true }), 4));
  assert.deepEqual(await show(), refused("lockdown"));
  world.change(wire(aMode(), 5), wire(aDoor({ scheduledLockId: 333 }), 5));
  assert.deepEqual(await show(), refused("locked_by_schedule"));
  const qrEvents = world.events().filter(({ eventType }) => eventType.includes("_QR_"));
  assert.deepEqual(
    qrEvents.map(({ eventType, authId }) => [eventType, authId]),
    [
      ["DEV_QR_ACCESS_DENIED_ON_OPERATOR_LOCK", 1_000],
      ["DEV_QR_AUTH_FAIL", 1_000],
      ["DEV_QR_ACCESS_DENIED_ON_SCHEDULE_LOCK", 1_000],
    ],
  );
});

test("a door that wants more than a code waits for it, and a code used elsewhere meanwhile does not count any more", async (context) => {
  const { world, phone, show } = await open(
    context,
    () => [wire(aDoor({ chains: [["QR", "CARD"]] }), 2), wire(aDoor({ id: 235, entryDeviceId: 435 }), 2), wire(aMode({ id: 235 }), 2)],
    { doors: TWO_DOORS },
  );
  assert.deepEqual(await show(), { outcome: "wait_factor", wanted: ["CARD"], person: PERSON });
  assert.deepEqual(await world.driver.present(234, "entry", aCard()), { outcome: "opened", person: PERSON });
  assert.equal(world.events()[0]?.detail?.["chain"], "QR,CARD");
  world.time.advance(QR_STEP_MS);
  const code = phone.codeAt(world.time.nowMs());
  assert.equal((await show(code)).outcome, "wait_factor");
  assert.equal((await show(code, 235)).outcome, "opened");
  assert.deepEqual(await world.driver.present(234, "entry", aCard()), refused("qr_used"));
});

test("a code of somebody without a right here is asked of the customer's server by their id where QRs are mapped, and denied elsewhere", async (context) => {
  const { world, phone, show } = await open(context, () => [gone("auth:1000", 3)]);
  assert.deepEqual(await show(), refused("unknown", null));
  world.change(wire(aDoor({ confirmations: [{ credential: "qr", identifies: false }] }), 3));
  world.isServerReachable = true;
  const shown = show();
  await settled();
  assert.deepEqual(world.vendor.asks[0]?.qr, { id: 1_500, step: qrStepAt(NOW_MS) });
  world.vendor.answer(0, { verdict: "confirmed" });
  await settled();
  const { presented, userId, identify, credential } = world.vendor.asks[1] ?? {};
  assert.deepEqual({ presented, userId, identify, credential }, { presented: undefined, userId: 2_000, identify: true, credential: "qr" });
  world.vendor.answer(1, { verdict: "confirmed", detail: { vendorStatus: 200 } });
  assert.deepEqual(await shown, { outcome: "opened", person: null });
  assert.deepEqual(world.types().slice(-3), ["DEV_QR_AUTH_SUCCESS", "VENDOR_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"]);
  assert.deepEqual(await show(phone.codeAt(NOW_MS)), refused("qr_used", null));
});

test("a QR that was taken away while the customer's server was asked opens nothing, whatever it answers", async (context) => {
  const { world, show } = await open(context, () => [
    gone("auth:1000", 3),
    wire(aDoor({ confirmations: [{ credential: "qr", identifies: false }] }), 3),
  ]);
  world.isServerReachable = true;
  const shown = show();
  world.vendor.answer(0, { verdict: "silent" });
  await settled();
  world.change(gone("qr:1500", 4));
  world.vendor.answer(1, { verdict: "confirmed" });
  assert.deepEqual(await shown, refused("unknown", null));
  assert.equal(world.isOpen(), false);
});

test("while there is a link the server says whether a code was used elsewhere, before anything comes of it", async (context) => {
  const { world, show } = await open(context);
  world.isServerReachable = true;
  const shown = show();
  await settled();
  assert.deepEqual([world.isOpen(), world.types()], [false, []]);
  world.vendor.answer(0, { verdict: "refused" });
  assert.deepEqual(await shown, refused("qr_used"));
  assert.deepEqual(world.types(), ["DEV_QR_AUTH_FAIL"]);
  world.time.advance(QR_STEP_MS);
  const next = show();
  await settled();
  world.vendor.answer(1, { verdict: "confirmed" });
  assert.equal((await next).outcome, "opened");
});

test("a server that does not say so in time does not keep anybody out", async (context) => {
  const { world, show } = await open(context);
  world.isServerReachable = true;
  const shown = show();
  await settled();
  world.time.advance(QR_USE_MS_MAX);
  assert.equal((await shown).outcome, "opened");
});

test("of two who show the same code at two doors while the server is silent, one is let in", async (context) => {
  const { world, phone, show } = await open(context, () => [wire(aDoor({ id: 235, entryDeviceId: 435 }), 2), wire(aMode({ id: 235 }), 2)], {
    doors: TWO_DOORS,
  });
  world.isServerReachable = true;
  const code = phone.codeAt(NOW_MS);
  const both = [show(code), show(code, 235)];
  await settled();
  world.time.advance(QR_USE_MS_MAX);
  assert.deepEqual((await Promise.all(both)).map(({ outcome }) => outcome).sort(), ["opened", "refused"]);
});

test("a right, or a QR, that was taken away while the server was asked opens nothing", async (context) => {
  const { world, show } = await open(context);
  world.isServerReachable = true;
  const first = show();
  await settled();
  world.change(wire(anAuth({ status: "INACTIVE" }), 3));
  world.vendor.answer(0, { verdict: "confirmed" });
  assert.deepEqual(await first, refused("inactive"));
  world.change(wire(anAuth(), 4));
  const second = show();
  await settled();
  world.change(gone("qr:1500", 5));
  world.vendor.answer(1, { verdict: "confirmed" });
  assert.deepEqual(await second, refused("unknown"));
  assert.equal(world.isOpen(), false);
});

test("a QR that ends while the server is asked opens nothing", async (context) => {
  const { world, phone, show } = await open(context);
  world.isServerReachable = true;
  world.change(phone.item({ toMs: NOW_MS + 10 }, 3));
  const shown = show();
  await settled();
  world.time.advance(10);
  world.vendor.answer(0, { verdict: "confirmed" });
  assert.deepEqual(await shown, refused("ended"));
});

test("a QR that was taken away while the door waited for what follows it opens nothing with what follows", async (context) => {
  const { world, show } = await open(context, () => [wire(aDoor({ chains: [["QR", "CARD"]] }), 2)]);
  assert.equal((await show()).outcome, "wait_factor");
  world.change(gone("qr:1500", 3));
  assert.deepEqual(await world.driver.present(234, "entry", aCard()), refused("unknown"));
  assert.equal(world.isOpen(), false);
});

test("more codes than a door can ask about at once are refused and not kept", async (context) => {
  const { world, show } = await open(context);
  world.isServerReachable = true;
  const waiting = Array.from({ length: QR_USES_PER_DOOR_MAX }, () => show());
  assert.deepEqual(await show(), refused("busy"));
  await world.controller.stop();
  for (const outcome of await Promise.all(waiting)) assert.deepEqual(outcome, refused("busy"));
  assert.ok(world.types().every((type) => type === "DEV_QR_AUTH_FAIL"));
});

test("any other code is the customer's: asked of their server as it is where that names people, denied elsewhere", async (context) => {
  const { world, show } = await open(context);
  assert.deepEqual(await show("TICKET-42"), refused("unknown", null));
  world.change(wire(aDoor({ confirmations: [{ credential: "customer_qr", identifies: true }] }), 3));
  world.isServerReachable = true;
  const shown = show("TICKET-42");
  const other = show("TICKET-43");
  await settled();
  assert.deepEqual(
    world.vendor.asks.map(({ credential, presented, identify, qr }) => ({ credential, presented, identify, qr })),
    ["TICKET-42", "TICKET-43"].map((presented) => ({ credential: "customer_qr", presented, identify: true, qr: undefined })),
    "two tickets are two questions",
  );
  world.vendor.answer(0, { verdict: "confirmed" });
  world.vendor.answer(1, { verdict: "refused" });
  assert.deepEqual([await shown, await other], [{ outcome: "opened", person: null }, refused("vendor_refused", null)]);
  assert.doesNotMatch(JSON.stringify(world.events()), /TICKET/, "what a code says stands in no event");
  assert.deepEqual(await show("x".repeat(VENDOR_PRESENTED_LENGTH_MAX + 1)), refused("unknown", null));
});

test("a code of ours that nobody holds here is never sent to a customer", async (context) => {
  const { world, show } = await open(context, () => [wire(aDoor({ confirmations: [{ credential: "customer_qr", identifies: true }] }), 3)]);
  world.isServerReachable = true;
  const stranger = new QrPhone("11111111-1111-4111-8111-111111111111");
  assert.deepEqual(await show(stranger.codeAt(NOW_MS)), refused("unknown", null));
  assert.deepEqual(world.vendor.asks, []);
});

test("a disk that does not tell what was used lets nobody in by a code", async (context) => {
  const { world, show } = await open(context);
  const disk = new DatabaseSync(world.path);
  disk.exec("alter table used_qrs rename to lost");
  disk.close();
  assert.deepEqual(await show(), refused("qr_used"));
});

test("a code is remembered as used for as long as it could be shown again", async (context) => {
  const { world, phone, show } = await open(context, (phone) => [
    phone.item({ toMs: NOW_MS + 60 * DAY_MS }, 3),
    wire(anAuth({ endMs: NOW_MS + 60 * DAY_MS }), 3),
  ]);
  const code = phone.codeAt(NOW_MS);
  await show(code);
  world.outbox.trim(NOW_MS + DAY_MS);
  assert.equal(world.outbox.qrUsedStep(1_500), qrStepAt(NOW_MS));
  world.outbox.trim(NOW_MS + 40 * DAY_MS);
  assert.equal(world.outbox.qrUsedStep(1_500), null, "a code of a month ago is stale by any clock");
});
