import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthReceipts, Receipt, Revocation, RosterFrame } from "@postern/contract";
import { REVOCATIONS_KEPT_MS } from "../../../src/roster/limits.ts";
import { dropOldRevocations } from "../../../src/roster/revocation-store.ts";
import { changeRoster } from "../../../src/roster/roster-store.ts";
import { type GatewayWorld, startGatewayWorld } from "../../support/gateway-world.ts";
import { Replica } from "../../support/held-roster.ts";
import { giveKey, LinkClient, type LinkIdentity } from "../../support/link-client.ts";
import { csn } from "../support/create-bodies.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

/** The front doors' controller, and the one of the back door. */
const [FRONT, BACK] = [178, 900];
const [FRONT_DOORS, BACK_DOORS] = [[234, 235], [236]];

let server: FeatureServer;
let world: GatewayWorld;
let front: DoorOfTest;
let back: DoorOfTest;
before(async () => {
  server = await startFeatureServer();
  const { database } = server.test;
  world = await startGatewayWorld(database);
  const text = "insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, '900000900', 'back', 0)";
  await database.execute(text, [BACK, PLACE_ID]);
  await database.execute("update doors set controller_id = $1 where door_id = any($2)", [BACK, BACK_DOORS]);
  front = new DoorOfTest(await giveKey(database, FRONT), FRONT_DOORS);
  back = new DoorOfTest(await giveKey(database, BACK), BACK_DOORS);
});
after(async () => {
  for (const door of [front, back]) await door.leave();
  await world.stop();
  await server[Symbol.asyncDispose]();
});

/** A controller whose replica outlives its connections. */
class DoorOfTest {
  readonly #identity: LinkIdentity;
  readonly replica: Replica;
  link: LinkClient | null = null;
  #session = 0;

  constructor(identity: LinkIdentity, doorIds: readonly number[]) {
    this.#identity = identity;
    this.replica = new Replica(doorIds);
  }

  async come(): Promise<void> {
    this.link = await LinkClient.connect(world.url, this.#identity);
    const { urgentTo, completeTo, items } = this.replica;
    const { session } = await this.link.hello({ roster: { urgentTo, completeTo, itemCount: items.size } });
    this.#session = session;
  }

  /** Takes what the server has and says so, until nothing is missing. */
  async follow(): Promise<void> {
    const wanted = await head();
    world.feeds.hint(PLACE_ID);
    while (this.replica.completeTo < wanted) {
      const frame = await this.link?.roster();
      assert.ok(frame !== undefined);
      this.replica.take(frame);
      await this.say(frame);
    }
    await confirmed(this.replica.completeTo, this.#identity.serial);
  }

  async say(frame: RosterFrame): Promise<void> {
    await this.link?.send("synced", this.replica.synced(this.#session, frame));
  }

  async leave(): Promise<void> {
    if (this.link === null) return;
    const { serial } = this.#identity;
    await this.link.end();
    this.link = null;
    await until(async () => (await controllerOf(serial))?.connected === null);
  }
}

interface ControllerRow {
  readonly connected: number | null;
  readonly confirmed: number;
}

async function controllerOf(serial: string): Promise<ControllerRow | undefined> {
  await world.confirmations.flush();
  const text = "select connected_instance as connected, confirmed_revision as confirmed from controllers where serial = $1";
  return (await server.test.database.query<ControllerRow>(text, [serial]))[0];
}

const confirmed = (revision: number, serial: string): Promise<void> =>
  until(async () => ((await controllerOf(serial))?.confirmed ?? 0) >= revision);

/** Each look waits for the database: no sleeping. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 2_000; look += 1) if (await isSo()) return;
  assert.fail("it did not come to be so");
}

async function head(): Promise<number> {
  const [row] = await server.test.database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [PLACE_ID]);
  return row?.revision ?? 0;
}

let count = 0;
async function enrol(changes: object = {}): Promise<{ authId: number; userId: number; userKey: string }> {
  count += 1;
  const body = {
    ...{ userKey: `guest-${count}`, name: `Grace ${count}`, startAt: 0, endAt: 2_000_000_000_000, doors: "all" },
    ...{ credentials: { cards: [csn(String(60_000 + count))] }, ...changes },
  };
  const { status, body: made } = await server.call("POST", `/v2/places/${PLACE_ID}/auths`, { body });
  assert.equal(status, 201, JSON.stringify(made));
  return made as { authId: number; userId: number; userKey: string };
}

async function done(answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer;
  assert.ok(status < 300, JSON.stringify(body));
}

async function receiptsOf(authId: number): Promise<AuthReceipts["revocations"]> {
  await world.confirmations.flush();
  const { status, body } = await server.call("GET", `/v2/auths/${authId}/receipts`);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as AuthReceipts).revocations;
}

const statesOf = (receipts: readonly Receipt[]): string[] => receipts.map(({ controllerId, state }) => `${controllerId} ${state}`);

test("a revocation has a receipt of each door that held it, and one that is off owes it until it is back", async () => {
  const { authId } = await enrol();
  for (const door of [front, back]) {
    await door.come();
    await door.follow();
  }
  await back.leave();
  const held = { digest: front.replica.digest(), revision: front.replica.completeTo };
  const askedAt = server.nowMs;
  await done(server.call("DELETE", `/v2/auths/${authId}`));
  const asked = await receiptsOf(authId);
  assert.deepEqual(statesOf(asked[0]?.receipts ?? []), [`${FRONT} owed`, `${BACK} owed`]);
  await front.follow();
  const [revocation] = await receiptsOf(authId);
  assert.ok(revocation !== undefined);
  const [proven, owed] = revocation.receipts;
  assert.ok(proven !== undefined && owed !== undefined);
  assert.deepEqual([revocation.because, revocation.askedAt, revocation.revision], ["removed", askedAt, await head()]);
  assert.deepEqual(
    [proven.state, proven.connected, proven.doorIds, proven.serial],
    ["confirmed", true, FRONT_DOORS, server.demo.controllerSerial],
  );
  assert.deepEqual([proven.digestBefore, proven.revisionBefore], [held.digest, held.revision]);
  assert.equal(front.replica.items.has(`auth:${authId}`), false);
  assert.deepEqual([proven.digestAfter, proven.revisionAfter], [front.replica.digest(), revocation.revision]);
  assert.deepEqual([owed.state, owed.connected, owed.doorIds, owed.confirmedAt, owed.digestAfter], ["owed", false, BACK_DOORS, null, null]);
  await back.come();
  await back.follow();
  const [complete] = await receiptsOf(authId);
  assert.deepEqual(statesOf(complete?.receipts ?? []), [`${FRONT} confirmed`, `${BACK} confirmed`]);
  assert.equal(complete?.receipts[1]?.digestAfter, back.replica.digest());
});

test("nobody owes a receipt for what was never at its doors, nor a door that was away for as long as it was there", async () => {
  await back.leave();
  const elsewhere = await enrol({ doors: FRONT_DOORS });
  const everywhere = await enrol();
  await front.follow();
  for (const { authId } of [elsewhere, everywhere]) await done(server.call("DELETE", `/v2/auths/${authId}`));
  for (const { authId } of [elsewhere, everywhere])
    assert.deepEqual(statesOf((await receiptsOf(authId))[0]?.receipts ?? []), [`${FRONT} owed`]);
  await front.follow();
  await back.come();
  await back.follow();
  for (const { authId } of [elsewhere, everywhere])
    assert.deepEqual(statesOf((await receiptsOf(authId))[0]?.receipts ?? []), [`${FRONT} confirmed`]);
});

test("a door that greets while an auth is being taken away is sent it no more, so that it need not owe what it was not asked", async () => {
  await back.leave();
  const { authId } = await enrol();
  const { database } = server.test;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const revoking = database.transaction(async (tx) => {
    await changeRoster(tx, PLACE_ID, { changes: [{ key: `auth:${authId}`, item: null }], nowMs: server.nowMs });
    begin();
    await held;
  });
  await begun;
  let isWelcome = false;
  const coming = back.come().then(() => {
    isWelcome = true;
  });
  await until(async () => {
    const text =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%asked(serial, public_key%' and datname = current_database()";
    return isWelcome || (await database.query(text)).length > 0;
  });
  assert.equal(isWelcome, false);
  release();
  await revoking;
  await coming;
  await back.follow();
  await front.follow();
  assert.deepEqual(statesOf((await receiptsOf(authId))[0]?.receipts ?? []), [`${FRONT} confirmed`]);
});

test("suspending, ending and taking doors away are receipted by the doors that lost something, and a lost card or a new name is none", async () => {
  const { authId } = await enrol();
  const change = (body: object): Promise<void> => done(server.call("PATCH", `/v2/auths/${authId}`, { body }));
  await change({ name: "Ada" });
  await change({ credentials: { cards: [] } });
  assert.deepEqual(await receiptsOf(authId), []);
  await change({ doors: FRONT_DOORS });
  await change({ status: "INACTIVE" });
  await change({ status: "ACTIVE" });
  await change({ endAt: server.nowMs });
  for (const door of [front, back]) await door.follow();
  const told = (await receiptsOf(authId)).map(({ because, receipts }) => [because, ...statesOf(receipts)]);
  assert.deepEqual(told, [
    ["ended", `${FRONT} confirmed`],
    ["inactive", `${FRONT} confirmed`],
    ["doors_lost", `${BACK} confirmed`],
  ]);
});

test("receipts of an erased person are read by the number of the auth, and name nobody", async () => {
  const { authId, userId, userKey } = await enrol();
  for (const door of [front, back]) await door.follow();
  await done(server.call("DELETE", `/v2/people/${userId}`));
  const owed = await receiptsOf(authId);
  assert.deepEqual(
    owed.map(({ because }) => because),
    ["erased"],
  );
  for (const door of [front, back]) await door.follow();
  const { body } = await server.call("GET", `/v2/auths/${authId}/receipts`);
  assert.deepEqual(statesOf((body as AuthReceipts).revocations[0]?.receipts ?? []), [`${FRONT} confirmed`, `${BACK} confirmed`]);
  assert.doesNotMatch(JSON.stringify(body), new RegExp(`Grace|${userKey}|userId`));
  const rows = await server.test.database.query(
    "select revocations::text as kept from revocations union select receipts::text from receipts",
  );
  assert.doesNotMatch(JSON.stringify(rows), /Grace|guest/);
  assert.equal((await server.call("GET", `/v2/auths/${authId}/receipts`, { key: "second" })).status, 404);
  assert.equal((await server.call("GET", `/v2/auths/${authId}/receipts`, { key: "events" })).status, 403);
  assert.equal((await server.call("GET", "/v2/auths/999999/receipts")).status, 404);
});

test("a place's revocations come page by page, and those that a door still owes alone", async () => {
  await back.leave();
  const { authId } = await enrol({ doors: BACK_DOORS });
  await back.come();
  await back.follow();
  await back.leave();
  await done(server.call("DELETE", `/v2/auths/${authId}`));
  await front.follow();
  const list = async (query: string) =>
    (await server.call("GET", `/v2/places/${PLACE_ID}/revocations?${query}`)).body as { items: Revocation[]; next?: string };
  const { items: owed } = await list("owed=true");
  assert.deepEqual(
    owed.map((one) => [one.authId, one.because, one.confirmedBy, one.owedBy]),
    [[authId, "removed", [], [BACK]]],
  );
  const all = (await list("limit=200")).items;
  const first = await list("limit=1");
  const second = await list(`limit=1&after=${first.next ?? ""}`);
  assert.deepEqual([...first.items, ...second.items], all.slice(0, 2));
  assert.deepEqual(all.at(-1), owed[0]);
  await back.come();
  await back.follow();
  assert.deepEqual((await list("owed=true")).items, []);
});

test("a digest that differs is no receipt", async () => {
  const { authId } = await enrol({ doors: FRONT_DOORS });
  await front.follow();
  await done(server.call("DELETE", `/v2/auths/${authId}`));
  world.feeds.hint(PLACE_ID);
  const frame = await front.link?.roster();
  assert.ok(frame !== undefined);
  // It says that it is there, and holds the auth all the same.
  front.replica.take({ ...frame, items: [] });
  await front.say(frame);
  assert.ok((await front.link?.roster())?.compare !== undefined, "it is asked for its buckets");
  assert.deepEqual(statesOf((await receiptsOf(authId))[0]?.receipts ?? []), [`${FRONT} owed`]);
});

test("revocations and receipts older than a year are dropped, and younger ones are not", async () => {
  const { database } = server.test;
  const countOf = async (): Promise<number[]> => {
    const text = "select (select count(*)::int from revocations) as one, (select count(*)::int from receipts) as two";
    const [row] = await database.query<{ one: number; two: number }>(text);
    return [row?.one ?? 0, row?.two ?? 0];
  };
  const [revocations = 0, receipts = 0] = await countOf();
  assert.ok(revocations > 5 && receipts > 5);
  await dropOldRevocations(database, server.nowMs - REVOCATIONS_KEPT_MS);
  assert.deepEqual(await countOf(), [revocations, receipts]);
  await dropOldRevocations(database, Date.now() + 1);
  assert.deepEqual(await countOf(), [0, 0]);
});
