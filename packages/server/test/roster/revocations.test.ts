import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuthItem, itemHash, itemKey } from "@postern/core";
import { heldOf, planChange } from "../../src/roster/plan-change.ts";
import { type MayHold, owedBy, type Revocation, revocationsOf } from "../../src/roster/revocations.ts";
import { authItem, doorItem } from "./builders.ts";

const NOW_MS = 1_000_000;
const ADDED = 7;

/** What a change of one auth takes away. */
function revoked(before: AuthItem, after: AuthItem | null, isErased?: true): readonly Revocation[] {
  const key = itemKey(before);
  const held = new Map([[key, heldOf(before, { hash: itemHash(before), addedRevision: ADDED })]]);
  const change = { key, item: after, ...(isErased === undefined ? {} : { isErased }) };
  return revocationsOf(planChange(40, held, [change]).rows, NOW_MS);
}

const becauseOf = (before: AuthItem, after: AuthItem | null, isErased?: true): string | null =>
  revoked(before, after, isErased)[0]?.because ?? null;

test("an auth that goes, is suspended, reaches its end by a change or loses a door is revoked, and says why", () => {
  const auth = authItem(1, { doors: [234, 235], endMs: NOW_MS + 1 });
  assert.equal(becauseOf(auth, null), "removed");
  assert.equal(becauseOf(auth, null, true), "erased");
  assert.equal(becauseOf(auth, { ...auth, status: "INACTIVE" }), "inactive");
  assert.equal(becauseOf(auth, { ...auth, endMs: NOW_MS }), "ended", "the end is exclusive");
  assert.equal(becauseOf(auth, { ...auth, doors: [235] }), "doors_lost");
  assert.equal(becauseOf(authItem(1, { doors: "all" }), authItem(1, { doors: [234] })), "doors_lost");
  const throughGroup = authItem(1, { doors: [234], grants: [{ doors: [236], scheduleId: null }] });
  assert.equal(becauseOf(throughGroup, { ...throughGroup, grants: [] }), "doors_lost");
});

test("what gives as much as before, or more, or had ended already, is no revocation", () => {
  const auth = authItem(1, { doors: [234], endMs: NOW_MS + 1_000 });
  assert.equal(becauseOf(auth, { ...auth, endMs: NOW_MS + 1 }), null);
  assert.equal(becauseOf(auth, { ...auth, cards: ["CSN:9"] }), null);
  assert.equal(becauseOf(auth, { ...auth, doors: [234, 235] }), null);
  assert.equal(becauseOf(auth, { ...auth, doors: "all" }), null);
  assert.equal(becauseOf({ ...auth, status: "INACTIVE" }, { ...auth, name: "other", status: "INACTIVE" }), null);
  assert.equal(becauseOf({ ...auth, endMs: NOW_MS - 1 }, { ...auth, endMs: NOW_MS - 2 }), null);
  const door = doorItem(234);
  const rows = planChange(1, new Map([["door:234", heldOf(door, { hash: itemHash(door), addedRevision: 1 })]]), [
    { key: "door:234", item: null },
  ]).rows;
  assert.deepEqual(revocationsOf(rows, NOW_MS), []);
});

test("an auth that is made and taken away in one change leaves a revocation that nobody owes", () => {
  const auth = authItem(1);
  const changes = [
    { key: itemKey(auth), item: auth },
    { key: itemKey(auth), item: null },
  ];
  const [one] = revocationsOf(planChange(40, new Map(), changes).rows, NOW_MS);
  assert.ok(one !== undefined);
  assert.deepEqual([one.revision, one.addedRevision], [42, 41]);
  assert.deepEqual(owedBy(one, [{ controllerId: 1, doorIds: [234], offeredTo: 40 }]), []);
});

test("owing are the controllers of the doors that lost it, unless they were away for as long as it was there", () => {
  const controller = (controllerId: number, doorIds: number[], offeredTo: number | null = null): MayHold => ({
    ...{ controllerId, doorIds, offeredTo },
  });
  const [lost] = revoked(authItem(1, { doors: [234, 235] }), authItem(1, { doors: [235] }));
  const [gone] = revoked(authItem(1, { doors: "all" }), null);
  assert.ok(lost !== undefined && gone !== undefined);
  const controllers = [
    controller(1, [234]),
    controller(2, [235]),
    controller(3, [234, 235], ADDED),
    controller(4, [234], ADDED - 1),
    controller(5, []),
  ];
  assert.deepEqual(owedBy(lost, controllers), [1, 3]);
  assert.deepEqual(owedBy(gone, controllers), [1, 2, 3]);
});
