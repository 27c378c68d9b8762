import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HASHES_PER_FRAME_MAX, type RosterFrame } from "@postern/contract";
import { BUCKET_COUNT, COMMON_SCOPE, itemHash, silentLog } from "@postern/core";
import { Replica } from "../../src/replica/replica.ts";
import { anAuth, rosterFrame, SERVED, wire } from "../support/builders.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function replicaOf(context: TestContext, ids: readonly number[]): Replica {
  const replica = Replica.open(join(temporaryFolder(context), "replica.db"), silentLog);
  context.after(() => replica.close());
  replica.welcomed({ doors: SERVED, epoch: "one" });
  replica.applyFrame(
    rosterFrame(
      ids.map((id) => wire(anAuth({ id, cards: [] }), 1)),
      { completeTo: 1 },
    ),
  );
  return replica;
}

/** The sums as the server sends them for a scope that holds these auths. */
function sumsOf(ids: readonly number[]): string {
  const sums = Array.from({ length: BUCKET_COUNT }, () => 0n);
  for (const id of ids) {
    const bucket = id % BUCKET_COUNT;
    sums[bucket] = ((sums[bucket] ?? 0n) + BigInt(`0x${itemHash(anAuth({ id, cards: [] }))}`)) % (1n << 128n);
  }
  return Buffer.from(sums.map((sum) => sum.toString(16).padStart(32, "0")).join(""), "hex").toString("base64");
}

function compareFrame(ids: readonly number[], scope = COMMON_SCOPE): RosterFrame {
  return rosterFrame([], { batch: 4, compare: [{ scope, sums: sumsOf(ids) }] });
}

test("replica: a comparison names the items of the buckets that differ and of no other", (context) => {
  const replica = replicaOf(context, [1, 2, 3, 257]);
  const answers = replica.applyFrame(compareFrame([1, 2, 3]));
  assert.equal(answers.length, 1);
  const [bucket, ...others] = answers[0]?.hashes ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual([bucket?.scope, bucket?.bucket], [COMMON_SCOPE, 1]);
  assert.deepEqual(new Map(bucket?.items), new Map([1, 257].map((id) => [`auth:${id}`, itemHash(anAuth({ id, cards: [] }))])));
  assert.equal(answers[0]?.more, undefined);
});

test("replica: a bucket that is empty here and not there is named as empty", (context) => {
  const answers = replicaOf(context, [1]).applyFrame(compareFrame([1, 9]));
  assert.deepEqual(answers[0]?.hashes, [{ scope: COMMON_SCOPE, bucket: 9, items: [] }]);
});

test("replica: equal sums are answered with no bucket", (context) => {
  const answers = replicaOf(context, [1, 2]).applyFrame(compareFrame([2, 1]));
  assert.deepEqual(
    answers.map((answer) => answer.hashes),
    [[]],
  );
});

test("replica: a scope that is not served here counts as empty", (context) => {
  const answers = replicaOf(context, [1]).applyFrame(compareFrame([5], 999));
  assert.deepEqual(answers[0]?.hashes, [{ scope: 999, bucket: 5, items: [] }]);
});

test("replica: a comparison of many items comes in bounded frames, each bucket whole, and only the last without more", (context) => {
  const ids = Array.from({ length: 5_000 }, (_, index) => index + 1);
  const answers = replicaOf(context, ids).applyFrame(compareFrame([]));
  assert.ok(answers.length >= 3);
  assert.deepEqual(
    answers.map((answer) => answer.more === true),
    answers.map((_, index) => index < answers.length - 1),
  );
  const buckets = answers.flatMap((answer) => answer.hashes ?? []);
  assert.equal(new Set(buckets.map((bucket) => bucket.bucket)).size, buckets.length);
  assert.equal(buckets.flatMap((bucket) => bucket.items).length, ids.length);
  for (const answer of answers) assert.ok((answer.hashes ?? []).flatMap((bucket) => bucket.items).length <= HASHES_PER_FRAME_MAX);
});
