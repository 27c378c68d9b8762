import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { WireItem } from "@postern/contract";
import { type AuthItem, itemHash, silentLog } from "@postern/core";
import fc from "fast-check";
import { Replica } from "../../src/replica/replica.ts";
import { anAuth, gone, rosterFrame, SERVED, wire } from "../support/builders.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REVISIONS_MAX = 40;

/** A history: at each revision one of a few auths changes, becomes unreadable or goes. */
const history = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 6 }),
    change: fc.constantFrom("set" as const, "gone" as const, "bad" as const),
    doors: fc.constantFrom("all" as const, [234], [999], [234, 999]),
    cards: fc.subarray(["CSN:1", "CSN:2", "CSN:3"]),
  }),
  { minLength: 1, maxLength: REVISIONS_MAX },
);

type Change = { readonly id: number; readonly change: "set" | "gone" | "bad"; readonly doors: "all" | number[]; readonly cards: string[] };

function toAuth({ id, doors, cards }: Change): AuthItem {
  return anAuth({ id, doors, cards });
}

function toWire(change: Change, revision: number): WireItem {
  const key = `auth:${change.id}`;
  if (change.change === "gone") return gone(key, revision);
  return change.change === "bad" ? { key, revision, item: { kind: "auth" } } : wire(toAuth(change), revision);
}

/** The last word on each auth. */
function expectedItems(changes: readonly Change[]): AuthItem[] {
  const last = new Map<number, Change>();
  for (const change of changes) last.set(change.id, change);
  return [...last.values()].filter((change) => change.change === "set").map(toAuth);
}

test("replica: any order and any repetition of the same items, over restarts too, ends at the same contents, indexes and digest", (context) => {
  const folder = temporaryFolder(context);
  let run = 0;
  fc.assert(
    fc.property(history, fc.infiniteStream(fc.nat()), (changes, stream) => {
      const draw = (below: number): number => (stream.next().value ?? 0) % below;
      const items = changes.map((change, index) => toWire(change, index + 1));
      const shuffled = [...items, ...items.filter(() => draw(2) === 0)]
        .map((item) => ({ item, at: draw(1_000) }))
        .sort((left, right) => left.at - right.at);
      run += 1;
      const path = join(folder, `${run}.db`);
      let replica = open(path);
      for (let index = 0; index < shuffled.length; ) {
        const count = 1 + draw(4);
        replica.applyFrame(rosterFrame(shuffled.slice(index, index + count).map(({ item }) => item)));
        index += count;
        if (draw(8) === 0) {
          replica.applyFrame(rosterFrame([], { completeTo: 1 }));
          replica.close();
          replica = open(path);
        }
      }
      const expected = expectedItems(changes);
      const straight = open(join(folder, `${run}-straight.db`));
      straight.applyFrame(rosterFrame(expected.map((item) => wire(item, 1))));
      assert.equal(replica.contents.digest(), straight.contents.digest());
      assert.equal(replica.contents.itemCount, expected.length);
      for (const card of ["CSN:1", "CSN:2", "CSN:3"]) {
        const holders = expected.filter((auth) => auth.cards.includes(card));
        const held = replica.contents.authByCard(card);
        assert.equal(held === null, holders.length === 0);
        if (held !== null) assert.ok(holders.some((holder) => itemHash(holder) === itemHash(held)));
      }
      replica.close();
      straight.close();
    }),
    { numRuns: 60 },
  );
});

function open(path: string): Replica {
  const replica = Replica.open(path, silentLog);
  replica.welcomed({ doors: SERVED, epoch: "one" });
  return replica;
}
