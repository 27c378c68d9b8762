import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireItem } from "@postern/contract";
import { type AuthItem, fingerMark, silentLog } from "@postern/core";
import { Replica } from "../../src/replica/replica.ts";
import { anAuth, gone, rosterFrame, SERVED, wire } from "../support/builders.ts";
import { DoorWorld } from "../support/door-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const THUMB = Buffer.from("the left thumb").toString("base64");
const INDEX = Buffer.from("the right index finger").toString("base64");

const holder = (templates: readonly string[], changes: Partial<AuthItem> = {}): AuthItem =>
  anAuth({ id: 1_000, userId: 2_000, cards: [], chains: [["FINGERPRINT"]], fingerprints: templates.map(fingerMark), ...changes });
const enrolled = (templates: readonly string[], revision: number): WireItem => ({
  ...wire(holder(templates), revision),
  templates: [...templates],
});

async function start(context: TestContext, ...items: WireItem[]): Promise<DoorWorld> {
  return DoorWorld.start(context, items);
}

const lay = async (world: DoorWorld, template: string): Promise<string> =>
  (await world.driver.presentFinger(234, "entry", { template, score: 90 })).outcome;

test("a finger that was enrolled opens, and the log says whose it was", async (context) => {
  const world = await start(context, enrolled([THUMB, INDEX], 2));
  assert.equal(await lay(world, INDEX), "opened");
  assert.deepEqual(
    world
      .events()
      .slice(0, 1)
      .map(({ eventType, authId }) => [eventType, authId]),
    [["DEV_FINGERPRINT_AUTH_SUCCESS", 1_000]],
  );
});

test("a finger that nobody enrolled opens nothing", async (context) => {
  const world = await start(context, enrolled([THUMB], 2));
  assert.equal(await lay(world, INDEX), "refused");
  assert.deepEqual(world.types(), ["DEV_FINGERPRINT_AUTH_FAIL"]);
});

test("a finger that was taken away, replaced or revoked opens nothing from the next presentation on", async (context) => {
  const world = await start(context, enrolled([THUMB], 2));
  world.change(enrolled([INDEX], 3));
  assert.deepEqual([await lay(world, THUMB), await lay(world, INDEX)], ["refused", "opened"]);
  world.change(gone("auth:1000", 4));
  assert.equal(await lay(world, INDEX), "refused");
});

test("a reader that still matches a finger that was taken away is not believed", async (context) => {
  const world = await start(context, wire(holder([], { chains: [["FINGERPRINT"], ["CARD"]] }), 2));
  const { outcome } = await world.driver.present(234, "entry", { kind: "matched", factor: "FINGERPRINT", authId: 1_000 });
  assert.equal(outcome, "refused");
});

test("templates that are not those of the item are a failure of that item, and block no other", async (context) => {
  const world = await start(context);
  const other = wire(anAuth({ id: 1_001, userId: 2_001, cards: ["CSN:777"] }), 3);
  const wrong = [
    { ...enrolled([THUMB], 2), templates: [INDEX] },
    { ...wire(holder([THUMB]), 2) },
    { ...enrolled([THUMB], 2), templates: [THUMB, THUMB] },
  ];
  for (const item of wrong) {
    const [answer] = world.replica.applyFrame(rosterFrame([item, other], { replace: true }));
    assert.deepEqual(answer?.failures, [{ key: "auth:1000", revision: 2, code: "item_malformed" }]);
    assert.equal(await lay(world, THUMB), "refused");
    assert.notEqual(world.replica.contents.auth(1_001), null);
  }
});

test("fingers outlive a restart, and nothing that rotted on the disk is handed to a reader", (context) => {
  const folder = temporaryFolder(context);
  const open = (): Replica => Replica.open(`${folder}/replica.db`, silentLog);
  const first = open();
  first.welcomed({ doors: [...SERVED], epoch: "one" });
  first.applyFrame(rosterFrame([enrolled([THUMB], 2)]));
  first.close();
  const second = open();
  const held: unknown[] = [];
  second.contents.watchFingers((authId, templates) => held.push([authId, templates]));
  assert.deepEqual(held, [[1_000, [THUMB]]]);
  second.close();
});
