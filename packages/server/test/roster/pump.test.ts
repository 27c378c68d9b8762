import assert from "node:assert/strict";
import { test } from "node:test";
import type { RosterFrame, SyncedFrame } from "@postern/contract";
import { type ItemKey, itemKey, type RosterItem } from "@postern/core";
import fc from "fast-check";
import {
  type PumpStart,
  type PumpState,
  type PumpStep,
  pumpMended,
  pumpPage,
  pumpSums,
  pumpSynced,
  pumpWake,
  startPump,
} from "../../src/gateway/pump.ts";
import { laneFor, pageOf, type StoredRow } from "../../src/roster/page.ts";
import { type HeldItem, heldOf, planChange, type RosterChange } from "../../src/roster/plan-change.ts";
import { authItem, doorItem } from "./builders.ts";

/** A roster in memory, a pump that reads it, and a replica that keeps what the pump sends: no network, no clock. */
class World {
  readonly rows = new Map<ItemKey, StoredRow>();
  readonly known = new Map<ItemKey, HeldItem>();
  readonly replica = new Map<ItemKey, { revision: number; item: unknown }>();
  readonly frames: RosterFrame[] = [];
  readonly doorIds: readonly number[];
  readonly pageCountMax: number;
  head = 0;
  state: PumpState | null = null;
  replicaCursors = { urgentTo: 0, completeTo: 0 };
  #unanswered: RosterFrame[] = [];
  #wantsPage: Parameters<typeof pageOf>[2] | null = null;

  constructor(doorIds: readonly number[], pageCountMax = 128) {
    this.doorIds = doorIds;
    this.pageCountMax = pageCountMax;
  }

  change(...changes: RosterChange[]): void {
    const plan = planChange(this.head, this.known, changes);
    this.head = plan.revision;
    for (const row of plan.rows) {
      this.known.set(row.key, heldOf(row.item, row));
      this.rows.set(row.key, { key: row.key, revision: row.revision, lane: row.lane, scopes: row.scopes, item: row.item });
    }
    if (this.state !== null) this.#take(pumpWake(this.state));
  }

  connect(): void {
    this.#unanswered = [];
    this.#wantsPage = null;
    const itemCount = [...this.replica.values()].filter((held) => held.item !== null).length;
    const start: PumpStart = { head: this.head, doorIds: this.doorIds, ...this.replicaCursors, itemCount, mustCompare: false };
    this.#take(startPump(start));
  }

  /** One page read, or one frame answered. False when there is nothing to do. */
  step(prefer: "page" | "answer" = "page"): boolean {
    const canRead = this.#wantsPage !== null;
    if (canRead && (prefer === "page" || this.#unanswered.length === 0)) return this.#readPage();
    return this.#answer() || (canRead && this.#readPage());
  }

  settle(): void {
    for (let count = 0; this.step(); count += 1) assert.ok(count < 10_000, "the pump comes to rest");
  }

  #readPage(): boolean {
    const request = this.#wantsPage;
    if (request === null || this.state === null) return false;
    this.#wantsPage = null;
    this.#take(pumpPage(this.state, pageOf([...this.rows.values()], this.head, { ...request, countMax: this.pageCountMax })));
    return true;
  }

  #answer(): boolean {
    const frame = this.#unanswered.shift();
    if (frame === undefined || this.state === null) return false;
    for (const { key, revision, item } of frame.items) {
      const held = this.replica.get(key as ItemKey);
      if (held === undefined || revision > held.revision) this.replica.set(key as ItemKey, { revision, item: item ?? null });
    }
    this.replicaCursors = {
      urgentTo: frame.urgentTo ?? this.replicaCursors.urgentTo,
      completeTo: frame.completeTo ?? this.replicaCursors.completeTo,
    };
    const synced: SyncedFrame = { session: 1, batch: frame.batch, ...this.replicaCursors, failures: [] };
    this.#take(pumpSynced(this.state, synced));
    return true;
  }

  #take(step: PumpStep): void {
    this.state = step.state;
    for (const effect of step.effects) {
      if (effect.kind === "send") {
        this.frames.push(effect.frame);
        this.#unanswered.push(effect.frame);
      }
      if (effect.kind === "read_page") this.#wantsPage = effect.request;
    }
  }

  held(): Map<ItemKey, unknown> {
    return new Map([...this.replica].filter(([, held]) => held.item !== null).map(([key, held]) => [key, held.item]));
  }

  wanted(): Map<ItemKey, unknown> {
    const isMine = (row: StoredRow): boolean => row.scopes.some((scope) => scope === 0 || this.doorIds.includes(scope));
    return new Map([...this.rows.values()].filter((row) => row.item !== null && isMine(row)).map((row) => [row.key, row.item]));
  }
}

const put = (item: RosterItem): RosterChange => ({ key: itemKey(item), item });
const remove = (item: RosterItem): RosterChange => ({ key: itemKey(item), item: null });
const sorted = (items: ReadonlyMap<ItemKey, unknown>): [ItemKey, unknown][] =>
  [...items].sort(([left], [right]) => left.localeCompare(right));

test("pump: an item that changed twice is sent once", () => {
  const world = new World([1]);
  world.change(put(authItem(1, { name: "before" })));
  world.change(put(authItem(1, { name: "after" })));
  world.connect();
  world.settle();
  assert.deepEqual(
    world.frames.flatMap((frame) => frame.items.map((item) => item.key)),
    ["auth:1"],
  );
  assert.deepEqual(world.held().get("auth:1"), authItem(1, { name: "after" }));
});

test("pump: a revocation overtakes ten thousand additions", () => {
  const world = new World([1]);
  world.change(put(doorItem(1)), put(authItem(1)));
  world.connect();
  world.settle();
  world.change(...Array.from({ length: 10_000 }, (_, index) => put(authItem(index + 2))));
  for (let count = 0; count < 6; count += 1) world.step("answer");
  const sentBefore = world.frames.length;
  world.change(remove(authItem(1)));
  while (world.held().has("auth:1")) assert.ok(world.step(), "the pump goes on");
  assert.ok(world.frames.length - sentBefore <= 3, `the revocation waited for ${world.frames.length - sentBefore} frames`);
  assert.ok(world.held().size < 2_000, "most additions still wait");
});

test("pump: a revocation overtakes the first filling of an empty replica", () => {
  const world = new World([1]);
  world.change(put(doorItem(1)), ...Array.from({ length: 5_000 }, (_, index) => put(authItem(index + 1))));
  world.connect();
  for (let count = 0; count < 6; count += 1) world.step("answer");
  assert.ok(world.held().has("auth:1"));
  world.change(remove(authItem(1)));
  const sentBefore = world.frames.length;
  while (world.held().has("auth:1")) assert.ok(world.step(), "the pump goes on");
  assert.ok(world.frames.length - sentBefore <= 3);
});

test("pump: settings come before everything else", () => {
  const world = new World([1]);
  world.change(...Array.from({ length: 300 }, (_, index) => put(authItem(index + 1))), put(doorItem(1)));
  world.connect();
  world.settle();
  assert.equal(world.frames[0]?.items[0]?.key, "door:1");
});

test("pump: completeTo is never sent before the last addition", () => {
  const world = new World([1]);
  world.change(...Array.from({ length: 1_000 }, (_, index) => put(authItem(index + 1))));
  world.connect();
  while (world.step()) {
    if (world.replicaCursors.completeTo > 0) assert.equal(world.held().size, 1_000);
  }
  assert.equal(world.replicaCursors.completeTo, world.head);
});

test("pump: no more than two frames are on their way at once", () => {
  const world = new World([1]);
  world.change(...Array.from({ length: 2_000 }, (_, index) => put(authItem(index + 1))));
  world.connect();
  while (world.step("page")) assert.ok((world.state?.inFlight.length ?? 0) <= 2);
});

test("pump: an empty replica is not told of what it never held", () => {
  const world = new World([1]);
  world.change(...Array.from({ length: 50 }, (_, index) => put(authItem(index + 1, { doors: [2] }))), put(authItem(99, { doors: [1] })));
  world.change(remove(authItem(1)));
  world.connect();
  world.settle();
  assert.deepEqual(
    world.frames.flatMap((frame) => frame.items.map((item) => item.key)),
    ["auth:99"],
  );
});

test("pump: an auth taken from this door is gone here", () => {
  const world = new World([1]);
  world.change(put(authItem(1, { doors: [1, 2] })));
  world.connect();
  world.settle();
  world.change(put(authItem(1, { doors: [2] })));
  world.settle();
  assert.deepEqual([...world.held().keys()], []);
});

const someItem = fc.oneof(
  fc
    .record({
      id: fc.integer({ min: 1, max: 8 }),
      doors: fc.constantFrom<"all" | number[]>("all", [1], [1, 2], [2]),
      name: fc.constantFrom("a", "b"),
    })
    .map(({ id, doors, name }) => authItem(id, { doors, name })),
  fc.constantFrom(1, 2).chain((id) => fc.constantFrom("a", "b").map((name) => doorItem(id, { name }))),
);
type Action = { kind: "change"; changes: RosterChange[] } | { kind: "step"; prefer: "page" | "answer" } | { kind: "reconnect" };
const someAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.tuple(someItem, fc.boolean()).map(([item, gone]) => (gone ? remove(item) : put(item))),
        { maxLength: 6 },
      )
      .map((changes) => ({ kind: "change" as const, changes })),
  },
  { weight: 6, arbitrary: fc.constantFrom("page" as const, "answer" as const).map((prefer) => ({ kind: "step" as const, prefer })) },
  { weight: 1, arbitrary: fc.constant({ kind: "reconnect" as const }) },
);

test("pump: after any changes, cuts and orders of answers the replica holds exactly what concerns its doors", () => {
  fc.assert(
    fc.property(fc.array(someAction, { maxLength: 60 }), (actions) => {
      const world = new World([1], 3);
      world.connect();
      for (const action of actions) {
        if (action.kind === "change") world.change(...action.changes);
        else if (action.kind === "step") world.step(action.prefer);
        else world.connect();
      }
      world.settle();
      assert.deepEqual(sorted(world.held()), sorted(world.wanted()));
      assert.equal(world.replicaCursors.completeTo, world.head);
    }),
    { numRuns: 500 },
  );
});

test("after a restore a change of what is held goes before additions, however far the controller says it was", () => {
  const started = startPump({ head: 353, doorIds: [1], urgentTo: 2_334, completeTo: 2_334, itemCount: 5, mustCompare: true });
  const asked = pumpSums(started.state, []);
  const synced: SyncedFrame = { session: 1, batch: 1, urgentTo: 0, completeTo: 0, failures: [], hashes: [] };
  const { effects } = pumpMended(pumpSynced(asked.state, synced).state, [], true);
  const [page] = effects.flatMap((effect) => (effect.kind === "read_page" ? [effect.request] : []));
  assert.ok(page !== undefined);
  const moved: StoredRow = { key: "auth:2003", revision: 702, lane: 2, scopes: [1], item: null };
  assert.equal(laneFor(moved, page), 2);
});
