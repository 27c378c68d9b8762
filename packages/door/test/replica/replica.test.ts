import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import {
  COMMON_SCOPE,
  cardKey,
  hashToSum,
  itemHash,
  itemScopes,
  type RosterItem,
  rosterDigest,
  SUM_MODULUS,
  silentLog,
} from "@postern/core";
import { Replica } from "../../src/replica/replica.ts";
import { aDoor, anAuth, aPlace, basicRoster, gone, rosterFrame, SERVED, wire } from "../support/builders.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CARD = cardKey({ kind: "CSN", number: "12345" });

function openReplica(context: TestContext, folder = temporaryFolder(context)): { replica: Replica; path: string } {
  const path = join(folder, "replica.db");
  const replica = Replica.open(path, silentLog);
  context.after(() => replica.close());
  replica.welcomed({ doors: SERVED, epoch: "one" });
  return { replica, path };
}

/** The digest as anybody would compute it from the items alone. */
function digestOf(items: readonly RosterItem[], doorIds: readonly number[] = [234]): string {
  const scopes = [COMMON_SCOPE, ...doorIds].map((scope) => {
    const hashes = items.filter((item) => itemScopes(item).includes(scope)).map((item) => hashToSum(itemHash(item)));
    return { scope, sum: hashes.reduce((sum, hash) => (sum + hash) % SUM_MODULUS, 0n) };
  });
  return rosterDigest(scopes);
}

test("replica: an older item never replaces a newer one", (context) => {
  const { replica } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth({ status: "INACTIVE" }), 5)]));
  replica.applyFrame(rosterFrame([wire(anAuth({ status: "ACTIVE" }), 4)]));
  assert.equal(replica.contents.auth(1000)?.status, "INACTIVE");
});

test("replica: a tombstone keeps an older item from coming back, also after a restart", (context) => {
  const { replica, path } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth(), 4)]));
  replica.applyFrame(rosterFrame([gone("auth:1000", 5)], { completeTo: 5 }));
  replica.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  again.welcomed({ doors: SERVED, epoch: "one" });
  again.applyFrame(rosterFrame([wire(anAuth(), 4)]));
  assert.equal(again.contents.authByCard(CARD), null);
});

test("replica: within one frame the higher revision of an item wins in either order", (context) => {
  for (const items of [
    [wire(anAuth(), 1), gone("auth:1000", 2)],
    [gone("auth:1000", 2), wire(anAuth(), 1)],
  ]) {
    const { replica } = openReplica(context);
    replica.applyFrame(rosterFrame(items));
    assert.equal(replica.contents.auth(1000), null);
  }
});

test("replica: a frame marked replace takes over an older revision", (context) => {
  const { replica } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth({ name: "new" }), 9)]));
  replica.applyFrame(rosterFrame([wire(anAuth({ name: "restored" }), 3)], { replace: true }));
  assert.equal(replica.contents.auth(1000)?.name, "restored");
  replica.applyFrame(rosterFrame([gone("auth:1000", 2)], { replace: true }));
  assert.equal(replica.contents.auth(1000), null);
});

test("replica: one malformed item blocks no other", (context) => {
  const { replica } = openReplica(context);
  const bad = { key: "auth:7", revision: 3, item: { kind: "auth", id: 7, doors: "everywhere" } };
  const disguised = { key: "auth:8", revision: 3, item: anAuth({ id: 9 }) };
  const [answer] = replica.applyFrame(rosterFrame([bad, ...basicRoster(), disguised, wire(anAuth(), 3)], { completeTo: 3 }));
  assert.deepEqual(answer?.failures, [
    { key: "auth:7", revision: 3, code: "item_malformed" },
    { key: "auth:8", revision: 3, code: "item_malformed" },
  ]);
  assert.equal(replica.contents.authByCard(CARD)?.id, 1000);
  assert.equal(replica.contents.itemCount, 5);
});

test("replica: an item of a kind that this release does not know fails alone, also after a restart, and goes when it is taken away", (context) => {
  const { replica, path } = openReplica(context);
  const failures = [{ key: "hologram:7", revision: 3, code: "item_unsupported" }];
  const unknown = { key: "hologram:7", revision: 3, item: { kind: "hologram", id: 7 } };
  const [answer] = replica.applyFrame(rosterFrame([unknown, ...basicRoster(), wire(anAuth(), 3)], { completeTo: 3 }));
  assert.deepEqual(answer?.failures, failures);
  assert.equal(replica.contents.authByCard(CARD)?.id, 1000);
  replica.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  again.welcomed({ doors: SERVED, epoch: "one" });
  assert.deepEqual(again.applyFrame(rosterFrame([]))[0]?.failures, failures);
  assert.deepEqual(again.applyFrame(rosterFrame([gone("hologram:7", 4)]))[0]?.failures, []);
});

test("replica: a malformed change leaves nothing in force of what it replaced", (context) => {
  const { replica } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth(), 3)]));
  replica.applyFrame(rosterFrame([{ key: "auth:1000", revision: 4, item: { kind: "auth" } }]));
  assert.equal(replica.contents.authByCard(CARD), null);
  const [after] = replica.applyFrame(rosterFrame([wire(anAuth(), 3)]));
  assert.equal(replica.contents.auth(1000), null);
  assert.equal(after?.failures.length, 1, "a failure is reported until it is mended");
});

test("replica: a failure is remembered over a restart and forgotten once mended", (context) => {
  const { replica, path } = openReplica(context);
  replica.applyFrame(rosterFrame([{ key: "auth:1000", revision: 4 }], { completeTo: 4 }));
  replica.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  assert.equal(again.greeting().roster.itemCount, 0);
  again.welcomed({ doors: SERVED, epoch: "one" });
  assert.equal(again.applyFrame(rosterFrame([]))[0]?.failures.length, 1);
  assert.deepEqual(again.applyFrame(rosterFrame([wire(anAuth(), 5)]))[0]?.failures, []);
});

test("replica: the digest is that of the contents held, and only of the doors served", (context) => {
  const { replica } = openReplica(context);
  const here = anAuth({ id: 1, doors: [234, 999], cards: ["CSN:1"] });
  const everywhere = anAuth({ id: 2, cards: ["CSN:2"] });
  const items = [aPlace(), aDoor(), here, everywhere];
  const [answer] = replica.applyFrame(
    rosterFrame(
      items.map((item) => wire(item, 1)),
      { completeTo: 1 },
    ),
  );
  assert.equal(answer?.digest, digestOf(items));
  replica.applyFrame(rosterFrame([wire({ ...here, name: "Grace" }, 2), gone("auth:2", 2)]));
  assert.equal(replica.contents.digest(), digestOf([aPlace(), aDoor(), { ...here, name: "Grace" }]));
});

test("replica: a flipped bit on disk changes the digest", (context) => {
  const { replica, path } = openReplica(context);
  replica.applyFrame(rosterFrame([...basicRoster(), wire(anAuth(), 1)], { completeTo: 1 }));
  const digest = replica.contents.digest();
  replica.close();
  const flips: [string, string][] = [
    [`"ACTIVE"`, `"CCTIVE"`],
    [`"name":"Ada"`, `"name":"Adc"`],
    [`CSN:12345`, `CSN:12344`],
  ];
  for (const [from, to] of flips) {
    const disk = new DatabaseSync(path);
    const { changes } = disk.prepare("update items set content = replace(content, ?, ?) where key = 'auth:1000'").run(from, to);
    assert.equal(changes, 1);
    const again = Replica.open(path, silentLog);
    assert.notEqual(again.greeting().roster.digest, digest, `${from} became ${to}`);
    assert.equal(again.greeting().roster.completeTo, 1);
    again.close();
    disk.prepare("insert or replace into items values('auth:1000', 1, ?, null)").run(JSON.stringify(anAuth()));
    disk.close();
  }
  const mended = Replica.open(path, silentLog);
  context.after(() => mended.close());
  assert.equal(mended.greeting().roster.digest, digest);
});

test("replica: an unreadable item is not held and comes back when it is sent again", (context) => {
  const { replica, path } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth(), 4)], { completeTo: 4 }));
  replica.close();
  const disk = new DatabaseSync(path);
  disk.exec("update items set content = '{broken'");
  disk.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  assert.equal(again.contents.itemCount, 0);
  const check = new DatabaseSync(path);
  assert.deepEqual(check.prepare("select key from items").all(), [], "what cannot be read is not kept");
  check.close();
  again.welcomed({ doors: SERVED, epoch: "one" });
  again.applyFrame(rosterFrame([wire(anAuth(), 4)]));
  assert.equal(again.contents.auth(1000)?.id, 1000);
});

test("replica: a file that is no database is set aside and filled anew", (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "replica.db"), "this was a database once, and is none any more; ".repeat(100));
  const { replica, path } = openReplica(context, folder);
  assert.deepEqual(replica.greeting(), { epoch: null, roster: { urgentTo: 0, completeTo: 0, digest: digestOf([]), itemCount: 0 } });
  assert.ok(existsSync(`${path}.damaged`));
});

test("replica: cursors of another epoch are reported only once its fill is complete", (context) => {
  const { replica, path } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth(), 90)], { urgentTo: 90, completeTo: 90 }));
  assert.equal(replica.greeting().epoch, "one");
  replica.welcomed({ doors: SERVED, epoch: "two" });
  const [answer] = replica.applyFrame(rosterFrame([wire(anAuth({ id: 1001, cards: [] }), 3)], { urgentTo: 12 }));
  assert.deepEqual([answer?.urgentTo, answer?.completeTo], [12, 0]);
  assert.equal(replica.greeting().epoch, "one");
  assert.equal(replica.contents.authByCard(CARD)?.id, 1000, "a door goes on deciding on what it holds");
  replica.applyFrame(rosterFrame([], { completeTo: 12 }));
  replica.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  const { epoch, roster } = again.greeting();
  assert.deepEqual([epoch, roster.urgentTo, roster.completeTo, roster.itemCount], ["two", 12, 12, 2]);
});

test("replica: a revocation in a restored server's lower revisions is obeyed at once", (context) => {
  const { replica } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth(), 500), gone("auth:5", 500)], { completeTo: 500 }));
  replica.welcomed({ doors: SERVED, epoch: "restored" });
  replica.applyFrame(rosterFrame([wire(anAuth({ status: "INACTIVE" }), 401), wire(anAuth({ id: 5, cards: [] }), 300)]));
  assert.equal(replica.contents.auth(1000)?.status, "INACTIVE");
  assert.equal(replica.contents.auth(5)?.id, 5);
});

test("replica: serving other doors changes what counts, and drops what concerns none of them", (context) => {
  const { replica, path } = openReplica(context);
  const items = [
    aPlace(),
    aDoor(),
    aDoor({ id: 235 }),
    anAuth({ doors: [234], cards: ["CSN:1"] }),
    anAuth({ id: 2, doors: [235], cards: ["CSN:2"] }),
  ];
  replica.welcomed({ doors: [...SERVED, { doorId: 235, entryDeviceId: 435, exitDeviceId: null }], epoch: "one" });
  replica.applyFrame(
    rosterFrame(
      items.map((item) => wire(item, 1)),
      { completeTo: 1 },
    ),
  );
  assert.equal(replica.contents.digest(), digestOf(items, [234, 235]));
  replica.welcomed({ doors: [{ doorId: 235, entryDeviceId: 435, exitDeviceId: null }], epoch: "one" });
  const expected = digestOf(items, [235]);
  assert.equal(replica.contents.digest(), expected);
  assert.equal(replica.contents.authByCard("CSN:1"), null);
  replica.close();
  const again = Replica.open(path, silentLog);
  context.after(() => again.close());
  assert.equal(again.greeting().roster.digest, expected);
  assert.equal(again.contents.itemCount, 3);
});

test("replica: while a card moves between two people it is the newer holder's, and the older's again when that one goes", (context) => {
  const { replica } = openReplica(context);
  replica.applyFrame(rosterFrame([wire(anAuth({ id: 1 }), 8), wire(anAuth({ id: 2 }), 5)]));
  assert.equal(replica.contents.authByCard(CARD)?.id, 1);
  replica.applyFrame(rosterFrame([gone("auth:1", 9)]));
  assert.equal(replica.contents.authByCard(CARD)?.id, 2);
  replica.applyFrame(rosterFrame([wire(anAuth({ id: 2, cards: ["CSN:777"] }), 10)]));
  assert.equal(replica.contents.authByCard(CARD), null);
});
