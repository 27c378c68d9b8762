import assert from "node:assert/strict";
import { test } from "node:test";
import { addSums, hashToSum, type ItemKey, itemHash, itemKey, itemScopes, type RosterItem } from "@postern/core";
import fc from "fast-check";
import { type ChangePlan, type HeldItem, heldOf, planChange, type RosterChange } from "../../src/roster/plan-change.ts";
import { authItem, doorItem } from "./builders.ts";

const held = (...items: RosterItem[]): Map<ItemKey, HeldItem> =>
  new Map(items.map((item) => [itemKey(item), heldOf(item, { hash: itemHash(item), addedRevision: 1 })]));
const put = (item: RosterItem): RosterChange => ({ key: itemKey(item), item });
const remove = (item: RosterItem): RosterChange => ({ key: itemKey(item), item: null });

test("each changed item gets a revision of its own, in order, without a hole", () => {
  const plan = planChange(41, new Map(), [put(doorItem(1)), put(authItem(1)), put(authItem(2))]);
  assert.deepEqual(
    plan.rows.map((row) => row.revision),
    [42, 43, 44],
  );
  assert.equal(plan.revision, 44);
});

test("an item that stays as it was gets no revision", () => {
  const plan = planChange(41, held(authItem(1)), [put(authItem(1))]);
  assert.deepEqual(plan, { revision: 41, rows: [], deltas: [] });
});

test("taking away what never was changes nothing", () => {
  assert.equal(planChange(41, new Map(), [remove(authItem(1))]).revision, 41);
});

test("settings travel in the first lane, changes and tombstones in the second, new auths in the third", () => {
  const plan = planChange(0, held(authItem(1), authItem(2)), [
    put(doorItem(1)),
    put(authItem(1, { status: "INACTIVE" })),
    remove(authItem(2)),
    put(authItem(3)),
  ]);
  assert.deepEqual(
    plan.rows.map((row) => row.lane),
    [1, 2, 2, 3],
  );
});

test("an auth that moves from one door to another leaves the first door's sum and enters the second's", () => {
  const before = authItem(1, { doors: [234] });
  const after = authItem(1, { doors: [235] });
  const plan = planChange(0, held(before), [put(after)]);
  const sum = (scope: number): bigint | undefined => plan.deltas.find((delta) => delta.scope === scope)?.delta;
  assert.equal(addSums(sum(234) ?? 0n, hashToSum(itemHash(before))), 0n);
  assert.equal(sum(235), hashToSum(itemHash(after)));
});

test("an enrolment for all doors costs one sum, however many doors there are", () => {
  assert.equal(planChange(0, new Map(), [put(authItem(1))]).deltas.length, 1);
});

const someItem = fc.oneof(
  fc
    .record({
      id: fc.integer({ min: 1, max: 6 }),
      doors: fc.constantFrom<"all" | number[]>("all", [1], [1, 2], [2]),
      name: fc.constantFrom("a", "b"),
    })
    .map(({ id, doors, name }) => authItem(id, { doors, name })),
  fc.record({ id: fc.integer({ min: 1, max: 3 }), name: fc.constantFrom("a", "b") }).map(({ id, name }) => doorItem(id, { name })),
);
const someChange = fc.tuple(someItem, fc.boolean()).map(([item, isRemoval]) => (isRemoval ? remove(item) : put(item)));

test("the sums that changes add up to are the sums of what is held at the end", () => {
  fc.assert(
    fc.property(fc.array(fc.array(someChange, { maxLength: 5 }), { maxLength: 8 }), (transactions) => {
      const world = new Map<ItemKey, RosterItem>();
      const known = new Map<ItemKey, HeldItem>();
      const sums = new Map<string, bigint>();
      let revision = 0;
      for (const changes of transactions) {
        const plan = planChange(revision, known, changes);
        revision = plan.revision;
        apply(plan, world, known, sums);
      }
      assert.deepEqual(nonZero(sums), nonZero(sumsOf(world)));
    }),
  );
});

function apply(plan: ChangePlan, world: Map<ItemKey, RosterItem>, known: Map<ItemKey, HeldItem>, sums: Map<string, bigint>): void {
  for (const row of plan.rows) {
    known.set(row.key, heldOf(row.item, row));
    if (row.item === null) world.delete(row.key);
    else world.set(row.key, row.item);
  }
  for (const { scope, bucket, delta } of plan.deltas) sums.set(`${scope}/${bucket}`, addSums(sums.get(`${scope}/${bucket}`) ?? 0n, delta));
}

/** The slow way: from what is held, item by item. */
function sumsOf(world: ReadonlyMap<ItemKey, RosterItem>): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const item of world.values()) {
    for (const scope of itemScopes(item)) {
      const name = `${scope}/${item.id % 256}`;
      sums.set(name, addSums(sums.get(name) ?? 0n, hashToSum(itemHash(item))));
    }
  }
  return sums;
}

function nonZero(sums: ReadonlyMap<string, bigint>): [string, bigint][] {
  return [...sums].filter(([, sum]) => sum !== 0n).sort(([left], [right]) => left.localeCompare(right));
}
