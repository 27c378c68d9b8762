import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import { type Confirmation, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { type RunningController, startController } from "../../src/app.ts";
import type { Outcome } from "../../src/drivers/driver.ts";
import { VirtualDriver } from "../../src/drivers/virtual/virtual-driver.ts";
import { aDoor, anAuth, basicRoster, rosterFrame, wire } from "../support/builders.ts";
import { claimedFolder } from "../support/claimed-folder.ts";
import { aCard } from "../support/door-world.ts";
import { type LinkPeer, LinkServer } from "../support/link-server.ts";

const CONFIRMED: readonly Confirmation[] = [{ credential: "card", identifies: false }];
const PERSON = { authId: 1000, userId: 2000 };

interface World {
  readonly server: LinkServer;
  readonly peer: LinkPeer;
  readonly controller: RunningController;
  present(cardNumber?: string): Promise<Outcome>;
}

/** A controller that is greeted, and whose door wants every card confirmed. */
async function start(context: TestContext): Promise<World> {
  const server = await LinkServer.start(context);
  const { dataDir } = claimedFolder(context, { mqttUrl: server.url });
  const driver = new VirtualDriver(systemClock, systemTimers);
  const ports = { clock: systemClock, timers: systemTimers, random: systemRandom, log: silentLog };
  const controller = await startController({ dataDir, mqttUrl: server.url, driver, ...ports });
  context.after(() => controller.stop());
  context.after(() => assert.deepEqual(server.problems, []));
  const peer = await greet(server, 1);
  const forEver = { startMs: 0, endMs: Date.UTC(2037, 0, 1) };
  const other = anAuth({ id: 1001, userId: 2001, cards: ["CSN:501"], ...forEver });
  const items: WireItem[] = [
    wire(aDoor({ confirmations: CONFIRMED, vendorBudgetMs: 10_000 }), 2),
    wire(anAuth(forEver), 2),
    wire(other, 2),
  ];
  peer.roster(rosterFrame([...basicRoster(), ...items], { urgentTo: 2, completeTo: 2 }));
  await peer.next("synced");
  return { server, peer, controller, present: (cardNumber) => driver.present(234, "entry", aCard(cardNumber)) };
}

async function greet(server: LinkServer, session: number): Promise<LinkPeer> {
  const peer = await server.peer();
  await peer.next("hello");
  peer.welcome({ session });
  return peer;
}

test("link: a door's ask goes up with the session, and its answer opens with the message that came", async (context) => {
  const { peer, present } = await start(context);
  const told = present();
  const { askId, ...ask } = await peer.next("ask");
  assert.deepEqual(ask, {
    ...{ session: 1, doorId: 234, deviceId: 434, credential: "card", identify: false },
    ...{ ...PERSON, presented: "12345", budgetMs: 9_000 },
  });
  peer.send("answer", { askId, verdict: "confirmed", detail: { vendorStatus: 200 }, message: "Welcome" });
  assert.deepEqual(await told, { outcome: "opened", person: PERSON, message: "Welcome" });
});

test("link: answers that come in another order reach those who asked, and the ids of asks rise", async (context) => {
  const { peer, present } = await start(context);
  const told = [present(), present("501")];
  const first = await peer.next("ask");
  const second = await peer.next("ask");
  assert.ok(second.askId > first.askId);
  peer.send("answer", { askId: second.askId, verdict: "confirmed" });
  assert.equal((await told[1])?.outcome, "opened");
  peer.send("answer", { askId: first.askId, verdict: "refused" });
  assert.deepEqual(await told[0], { outcome: "refused", reason: "vendor_refused", person: PERSON });
});

test("link: an answer to nothing, a second one and an empty one change nothing, and the session lives", async (context) => {
  const { peer, present } = await start(context);
  peer.send("answer", { askId: 77, verdict: "confirmed" });
  peer.send("answer", "");
  const told = present();
  const { askId } = await peer.next("ask");
  peer.send("answer", { askId, verdict: "refused" });
  peer.send("answer", { askId, verdict: "confirmed" });
  assert.deepEqual(await told, { outcome: "refused", reason: "vendor_refused", person: PERSON });
  void present("501");
  assert.equal((await peer.next("ask")).session, 1);
});

test("link: a connection that ends is the end of waiting, and the next session asks anew with a higher id", async (context) => {
  const { server, peer, controller, present } = await start(context);
  const told = present();
  const { askId } = await peer.next("ask");
  peer.drop();
  assert.deepEqual(await told, { outcome: "refused", reason: "vendor_silent", person: PERSON });
  assert.deepEqual(await present(), { outcome: "refused", reason: "vendor_silent", person: PERSON }, "at once, while there is none");
  const next = await greet(server, 2);
  await controller.whenLive();
  void present("501");
  const again = await next.next("ask");
  assert.equal(again.session, 2);
  assert.ok(again.askId > askId);
});

test("link: a malformed answer closes the connection, and opens nothing", async (context) => {
  const { peer, present } = await start(context);
  const told = present();
  const { askId } = await peer.next("ask");
  peer.send("answer", { askId, verdict: "yes" });
  assert.deepEqual(await told, { outcome: "refused", reason: "vendor_silent", person: PERSON });
});
