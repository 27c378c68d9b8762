import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CodedError } from "@postern/core";
import { Batcher } from "../../src/platform/batcher.ts";
import { platformError } from "../../src/platform/platform-errors.ts";

/** Batches as they came, each answered when the test says so. */
function heldBatches() {
  const batches: number[][] = [];
  const releases: (() => void)[] = [];
  const answer = async (questions: readonly number[]): Promise<number[]> => {
    batches.push([...questions]);
    await new Promise<void>((resolve) => releases.push(resolve));
    return questions.map((question) => question * 10);
  };
  const releaseNext = async (): Promise<void> => {
    while (releases.length === 0) await nextTurn();
    releases.shift()?.();
  };
  return { batches, answer, releaseNext };
}

test("what is asked while a batch is on its way is the next batch, and each gets its own answer", async () => {
  const { batches, answer, releaseNext } = heldBatches();
  const batcher = new Batcher({ answer, weightMax: 10, waitingMax: 10 });
  const first = batcher.ask(1);
  const others = [batcher.ask(2), batcher.ask(3)];
  await releaseNext();
  assert.equal(await first, 10);
  await releaseNext();
  assert.deepEqual(await Promise.all(others), [20, 30]);
  assert.deepEqual(batches, [[1], [2, 3]]);
});

test("a batch takes no more than its weight, and one that is heavier goes alone", async () => {
  const batches: number[][] = [];
  const answer = async (questions: readonly number[]): Promise<readonly number[]> => {
    batches.push([...questions]);
    return questions;
  };
  const batcher = new Batcher({ answer, weightOf: (question) => question, weightMax: 5, waitingMax: 10 });
  await Promise.all([9, 2, 3, 1, 8].map((question) => batcher.ask(question)));
  assert.deepEqual(batches, [[9], [2, 3], [1], [8]]);
});

test("one that the database refuses as data harms nobody else", async () => {
  const answer = async (questions: readonly number[]): Promise<readonly number[]> => {
    if (questions.includes(3)) throw platformError("statement_refused", { context: { sqlState: "22021" } });
    return questions;
  };
  const batcher = new Batcher({ answer, weightMax: 10, waitingMax: 10 });
  const answered = await Promise.allSettled([1, 2, 3, 4].map((question) => batcher.ask(question)));
  assert.deepEqual(
    answered.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
});

test("a database that is away is asked once for a batch, and all of it is told", async () => {
  let count = 0;
  const answer = async (): Promise<readonly number[]> => {
    count += 1;
    throw platformError("database_away");
  };
  const batcher = new Batcher<number, number>({ answer, weightMax: 10, waitingMax: 10 });
  const first = batcher.ask(1).catch(() => undefined);
  const answered = await Promise.allSettled([2, 3, 4].map((question) => batcher.ask(question)));
  await first;
  assert.ok(answered.every(({ status }) => status === "rejected"));
  assert.equal(count, 2);
});

test("more than may wait are refused at once, and those that wait are answered all the same", async () => {
  const { answer, releaseNext } = heldBatches();
  const batcher = new Batcher({ answer, weightMax: 10, waitingMax: 2 });
  const taken = [batcher.ask(1), batcher.ask(2), batcher.ask(3)];
  await assert.rejects(batcher.ask(4), (failure) => failure instanceof CodedError && failure.code === "database_busy");
  await releaseNext();
  assert.equal(await taken[0], 10);
  await releaseNext();
  assert.deepEqual(await Promise.all(taken), [10, 20, 30]);
});
