import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type AuthItem,
  addSums,
  hashToSum,
  itemHash,
  itemKey,
  itemScopes,
  type RosterItem,
  rosterDigest,
  seededRandom,
} from "@postern/core";
import { readBucketItems, readBucketSums } from "../../src/roster/digest-store.ts";
import { type PageRequest, pageOf, type StoredRow } from "../../src/roster/page.ts";
import { readChangesSince, readLanes } from "../../src/roster/page-store.ts";
import { PlaceFeed } from "../../src/roster/place-feed.ts";
import type { RosterChange } from "../../src/roster/plan-change.ts";
import { changeRoster } from "../../src/roster/roster-store.ts";
import { createTestDatabase, createTestPlace, type TestDatabase } from "../support/index.ts";
import { authItem, doorItem } from "./builders.ts";

let test_: TestDatabase;
before(async () => {
  test_ = await createTestDatabase();
});
after(() => test_.drop());

const put = (item: RosterItem): RosterChange => ({ key: itemKey(item), item });
const remove = (item: RosterItem): RosterChange => ({ key: itemKey(item), item: null });
let nextPlaceId = 600;

async function newPlace(): Promise<{ placeId: number; change: (...changes: RosterChange[]) => Promise<number> }> {
  nextPlaceId += 1;
  const { placeId } = await createTestPlace(test_.database, { placeId: nextPlaceId });
  return { placeId, change: (...changes) => test_.database.transaction((tx) => changeRoster(tx, placeId, { changes, nowMs: Date.now() })) };
}

test("roster: revisions follow the commits without a hole, however many change at once", async () => {
  const { placeId, change } = await newPlace();
  const revisions = await Promise.all(Array.from({ length: 40 }, (_, index) => change(put(authItem(index + 1)))));
  assert.deepEqual(
    [...revisions].sort((left, right) => left - right),
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
  const { head, rows } = await readChangesSince(test_.database, placeId, 0, 100);
  assert.equal(head, 40);
  assert.equal(rows.length, 40);
});

test("a transaction that fails leaves the roster as it was", async () => {
  const { placeId, change } = await newPlace();
  await change(put(authItem(1)));
  const failing = test_.database.transaction(async (tx) => {
    await changeRoster(tx, placeId, { changes: [put(authItem(2))], nowMs: Date.now() });
    await tx.query("select 1 / 0");
  });
  await assert.rejects(failing);
  const { head, rows } = await readChangesSince(test_.database, placeId, 0, 100);
  assert.deepEqual([head, rows.length], [1, 1]);
});

test("a deletion leaves a tombstone of its own revision", async () => {
  const { placeId, change } = await newPlace();
  await change(put(authItem(1)));
  await change(remove(authItem(1)));
  const { rows } = await readChangesSince(test_.database, placeId, 0, 100);
  assert.deepEqual(
    rows.map((row) => [row.key, row.revision, row.item]),
    [["auth:1", 2, null]],
  );
});

test("one transaction may change the same item twice", async () => {
  const { placeId, change } = await newPlace();
  assert.equal(await change(put(authItem(1, { name: "a" })), put(authItem(1, { name: "b" }))), 2);
  const { rows } = await readChangesSince(test_.database, placeId, 0, 100);
  assert.deepEqual(
    rows.map((row) => [row.revision, (row.item as AuthItem).name]),
    [[2, "b"]],
  );
});

function randomItem(random: ReturnType<typeof seededRandom>, doorIds: readonly number[]): RosterItem {
  const doors = ["all" as const, ...doorIds.map((id) => [id]), [...doorIds]][random.int(doorIds.length + 2)] ?? "all";
  const name = `name ${random.int(3)}`;
  return random.int(5) === 0 ? doorItem(doorIds[random.int(doorIds.length)] ?? 1, { name }) : authItem(1 + random.int(30), { doors, name });
}

function digestOf(rows: readonly StoredRow[], doorIds: readonly number[]): string {
  const sums = new Map([0, ...doorIds].map((scope) => [scope, 0n]));
  for (const row of rows) {
    if (row.item === null) continue;
    const item = row.item as RosterItem;
    for (const scope of itemScopes(item)) {
      const sum = sums.get(scope);
      if (sum !== undefined) sums.set(scope, addSums(sum, hashToSum(itemHash(item))));
    }
  }
  return rosterDigest([...sums].map(([scope, sum]) => ({ scope, sum })));
}

test("the digest the server expects is the digest of the contents it holds, at the head and at every earlier revision it saw", async () => {
  const { placeId, change } = await newPlace();
  const doorIds = [11, 12];
  const random = seededRandom(42);
  const feed = new PlaceFeed(test_.database, placeId);
  const seen = new Map<number, string>();
  for (let step = 0; step < 60; step += 1) {
    const item = randomItem(random, doorIds);
    await change(random.int(4) === 0 ? remove(item) : put(item));
    if (step % 3 === 0) await feed.refresh();
    const { head, rows } = await readChangesSince(test_.database, placeId, 0, 1_000);
    seen.set(head, digestOf(rows, [11]));
    if (step === 0) await feed.refresh();
  }
  await feed.refresh();
  for (const [revision, digest] of seen) assert.equal(feed.digestAt(revision, [11]), digest, `revision ${revision}`);
  assert.equal(feed.digestAt(10_000, [11]), null);
});

test("bucket sums and bucket items tell the same as the contents", async () => {
  const { placeId, change } = await newPlace();
  await change(put(authItem(1, { doors: [11] })), put(authItem(257, { doors: [11, 12] })), put(authItem(2, { doors: "all" })));
  await change(remove(authItem(1)));
  const sums = await readBucketSums(test_.database, placeId, [0, 11, 12]);
  assert.equal(sums.get(11)?.[1], hashToSum(itemHash(authItem(257, { doors: [11, 12] }))));
  assert.equal(sums.get(0)?.[2], hashToSum(itemHash(authItem(2))));
  const items = await readBucketItems(test_.database, placeId, 11, 1);
  assert.deepEqual(
    items.map((item) => item.key),
    ["auth:257"],
  );
});

test("a page read from the tables is the page the rows themselves give", async () => {
  const { placeId, change } = await newPlace();
  const random = seededRandom(7);
  for (let step = 0; step < 80; step += 1) {
    const item = randomItem(random, [11, 12]);
    await change(random.int(4) === 0 ? remove(item) : put(item));
  }
  const all = await readChangesSince(test_.database, placeId, 0, 1_000);
  for (let round = 0; round < 200; round += 1) {
    const cursor = (): number => random.int(all.head + 1);
    const request: PageRequest = {
      cursors: { settingsTo: cursor(), urgentTo: cursor(), additionsTo: cursor() },
      urgentFrom: cursor(),
      emptyUntil: random.int(2) === 0 ? 0 : cursor(),
      doorIds: [11],
      countMax: 1 + random.int(20),
    };
    const { head, rows } = await readLanes(test_.database, placeId, request);
    assert.deepEqual(pageOf(rows, head, request), pageOf(all.rows, all.head, request), `seed 7, round ${round}`);
  }
});

test("a feed's page from memory is the page the tables give", async () => {
  const { placeId, change } = await newPlace();
  const feed = new PlaceFeed(test_.database, placeId);
  await change(put(doorItem(11)));
  await feed.refresh();
  const random = seededRandom(9);
  for (let step = 0; step < 50; step += 1) {
    const item = randomItem(random, [11, 12]);
    await change(random.int(4) === 0 ? remove(item) : put(item));
  }
  await feed.refresh();
  for (let from = 1; from <= feed.head; from += 1) {
    const request: PageRequest = {
      cursors: { settingsTo: from, urgentTo: from, additionsTo: from },
      urgentFrom: from,
      emptyUntil: 0,
      doorIds: [11],
      countMax: 7,
    };
    const { head, rows } = await readLanes(test_.database, placeId, request);
    assert.deepEqual(await feed.page(request), pageOf(rows, head, request), `from ${from}`);
  }
});
