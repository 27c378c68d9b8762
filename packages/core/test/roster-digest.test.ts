import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  AssertionFailure,
  type AuthItem,
  addSums,
  BUCKET_COUNT,
  bucketOf,
  hashToSum,
  itemHash,
  itemKey,
  type RosterItem,
  rosterDigest,
  SUM_MODULUS,
  subtractSums,
  sumToHex,
} from "../src/index.ts";
import { authWith, doorWith, modeWith } from "./access-facts-builder.ts";

const auth: fc.Arbitrary<AuthItem> = fc
  .record({
    id: fc.integer({ min: 1, max: 1_000_000 }),
    name: fc.string({ unit: "grapheme", maxLength: 10 }),
    status: fc.constantFrom("ACTIVE", "INACTIVE"),
    startMs: fc.maxSafeNat(),
    cards: fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 }),
  })
  .map(authWith);
const auths = fc.uniqueArray(auth, { selector: ({ id }) => id, maxLength: 12 });
const sum = fc.bigInt({ min: 0n, max: SUM_MODULUS - 1n });

function sumOf(items: readonly RosterItem[]): bigint {
  return items.reduce((total, item) => addSums(total, hashToSum(itemHash(item))), 0n);
}

test("the hash of an item is SHA-256 over its key and its canonical content, cut to 128 bits", () => {
  const text = 'mode:234\n{"id":234,"kind":"mode","lockdown":true,"operator":"none"}';
  assert.equal(itemHash(modeWith({ lockdown: true })), createHash("sha256").update(text, "utf8").digest("hex").slice(0, 32));
});

test("the hash does not depend on the order in which an item's fields were written", () => {
  const item = doorWith({ chains: [["CARD", "PIN"]] });
  const reordered = Object.fromEntries(Object.entries(item).reverse()) as unknown as RosterItem;
  assert.equal(itemHash(reordered), itemHash(item));
});

test("every field of an auth shows in its hash", () => {
  const item = authWith();
  const changes: readonly Partial<AuthItem>[] = [
    { id: 2 },
    { userId: 2 },
    { name: "Bob" },
    { status: "INACTIVE" },
    { startMs: item.startMs + 1 },
    { endMs: item.endMs + 1 },
    { doors: [234] },
    { scheduleId: 333 },
    { grants: [{ doors: [234], scheduleId: null }] },
    { pin: { salt: "c2FsdA==", hash: "aGFzaA==" } },
    { uniquePin: "aGFzaA==" },
    { fingerprints: ["AAAA"] },
    { chains: [["FACE"]] },
    { chains: [] },
    { cards: [] },
    { cards: ["CSN:12346"] },
  ];
  assert.deepEqual(new Set(changes.flatMap((change) => Object.keys(change))), new Set(Object.keys(item).filter((name) => name !== "kind")));
  const hashes = changes.map((change) => itemHash({ ...item, ...change }));
  assert.equal(new Set([itemHash(item), ...hashes]).size, changes.length + 1);
});

test("a change of any item shows in the sum", () => {
  fc.assert(
    fc.property(auths, fc.nat(), (items, anywhere) => {
      fc.pre(items.length > 0);
      const position = anywhere % items.length;
      const changed = items.map((item, index) => (index === position ? { ...item, endMs: item.endMs + 1 } : item));
      assert.notEqual(sumOf(changed), sumOf(items));
    }),
  );
});

test("the sum does not depend on the order of the items", () => {
  fc.assert(
    fc.property(
      auths.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length }))),
      ([items, shuffled]) => {
        assert.equal(sumOf(shuffled), sumOf(items));
      },
    ),
  );
});

test("taking an item away undoes adding it", () => {
  fc.assert(fc.property(sum, sum, (total, added) => assert.equal(subtractSums(addSums(total, added), added), total)));
});

test("a sum stays below its modulus", () => {
  fc.assert(
    fc.property(sum, sum, (left, right) => {
      for (const total of [addSums(left, right), subtractSums(left, right)]) assert.ok(total >= 0n && total < SUM_MODULUS);
    }),
  );
  assert.equal(addSums(SUM_MODULUS - 1n, 1n), 0n);
  assert.equal(subtractSums(0n, 1n), SUM_MODULUS - 1n);
});

type Step = { readonly kind: "put"; readonly item: AuthItem } | { readonly kind: "remove"; readonly id: number };

test("a sum kept change by change is the one computed afresh from what is left", () => {
  const id = fc.integer({ min: 1, max: 6 });
  const put = fc.tuple(auth, id).map(([item, itemId]): Step => ({ kind: "put", item: { ...item, id: itemId } }));
  const remove = id.map((itemId): Step => ({ kind: "remove", id: itemId }));
  fc.assert(
    fc.property(fc.array(fc.oneof(put, remove), { maxLength: 30 }), (steps) => {
      const held = new Map<number, AuthItem>();
      let kept = 0n;
      for (const step of steps) {
        const itemId = step.kind === "put" ? step.item.id : step.id;
        const before = held.get(itemId);
        if (before !== undefined) kept = subtractSums(kept, hashToSum(itemHash(before)));
        held.delete(itemId);
        if (step.kind === "put") {
          held.set(itemId, step.item);
          kept = addSums(kept, hashToSum(itemHash(step.item)));
        }
      }
      assert.equal(kept, sumOf([...held.values()]));
    }),
  );
});

test("a sum is written as 32 hexadecimal digits and reads back as itself", () => {
  assert.equal(sumToHex(0n), "0".repeat(32));
  assert.equal(sumToHex(SUM_MODULUS - 1n), "f".repeat(32));
  fc.assert(
    fc.property(sum, (total) => {
      assert.match(sumToHex(total), /^[0-9a-f]{32}$/);
      assert.equal(hashToSum(sumToHex(total)), total);
    }),
  );
});

test("writing what is no sum is our bug", () => {
  assert.throws(() => sumToHex(-1n), AssertionFailure);
  assert.throws(() => sumToHex(SUM_MODULUS), AssertionFailure);
});

test("the digest does not depend on the order of the scopes", () => {
  const scopes = fc.uniqueArray(fc.record({ scope: fc.nat({ max: 300 }), sum }), { selector: ({ scope }) => scope, maxLength: 8 });
  fc.assert(
    fc.property(
      scopes.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        assert.equal(rosterDigest(shuffled), rosterDigest(all));
      },
    ),
  );
});

test("the digest shows which scope holds what", () => {
  const digests = [
    rosterDigest([]),
    rosterDigest([{ scope: 0, sum: 0n }]),
    rosterDigest([{ scope: 0, sum: 1n }]),
    rosterDigest([{ scope: 1, sum: 1n }]),
    rosterDigest([
      { scope: 0, sum: 0n },
      { scope: 1, sum: 1n },
    ]),
    rosterDigest([
      { scope: 0, sum: 1n },
      { scope: 1, sum: 0n },
    ]),
  ];
  assert.equal(new Set(digests).size, digests.length);
  for (const digest of digests) assert.match(digest, /^[0-9a-f]{64}$/);
});

test("computing a digest leaves the scopes in their order", () => {
  const scopes = [
    { scope: 9, sum: 1n },
    { scope: 0, sum: 2n },
  ];
  rosterDigest(scopes);
  assert.deepEqual(
    scopes.map(({ scope }) => scope),
    [9, 0],
  );
});

test("consecutive items fall into different buckets, and each into one that exists", () => {
  const buckets = Array.from({ length: BUCKET_COUNT }, (_unused, step) => bucketOf(itemKey({ kind: "auth", id: 1_000 + step })));
  assert.equal(new Set(buckets).size, BUCKET_COUNT);
  fc.assert(
    fc.property(fc.maxSafeNat(), (id) => {
      const bucket = bucketOf(itemKey({ kind: "auth", id }));
      assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKET_COUNT);
    }),
  );
});
