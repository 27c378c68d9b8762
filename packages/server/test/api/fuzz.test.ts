import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { ask, FuzzRun } from "./fuzz-run.ts";
import { createFuzzWorld, type FuzzWorld } from "./fuzz-world.ts";
import { faultOf } from "./judge-answer.ts";
import { requestsOf } from "./requests.ts";
import { fingerprintOf } from "./row-fingerprint.ts";

/** In one run, half of them from seeds that never change. `POSTERN_FUZZ_REQUESTS` and `POSTERN_FUZZ_SEED` ask for others. */
const REQUESTS_COUNT = Number(process.env["POSTERN_FUZZ_REQUESTS"] ?? 20_000);
const GIVEN_SEED = process.env["POSTERN_FUZZ_SEED"];

/** Rounds add to a seed, so that these are far from each other. A test for each, so that none nears the runner's limit on a busy machine. */
const SEEDS = GIVEN_SEED === undefined ? [20_261_125, 52_161_102, randomInt(2 ** 30), randomInt(2 ** 30)] : [Number(GIVEN_SEED)];

/** So many requests meet every operation both ways. */
const REACHING_COUNT = 15_000;

let world: FuzzWorld;
let run: FuzzRun;

before(async () => {
  world = await createFuzzWorld();
  const hints = world.pools.hints();
  run = new FuzzRun(world, fc.oneof(...world.operations.map((operation) => requestsOf(operation, hints))));
});
after(() => world[Symbol.asyncDispose]());

for (const seed of SEEDS) {
  test(`whatever is asked (seed ${seed}), nothing is our fault, refusals change nothing, and answers are of their schemas`, async (t) => {
    const count = Math.ceil(REQUESTS_COUNT / SEEDS.length);
    const beganMs = performance.now();
    await run.send(seed, count);
    const seconds = (performance.now() - beganMs) / 1_000;
    t.diagnostic(`${count} requests in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)}/s`);
    assert.deepEqual(await run.takeFaults(), {}, `POSTERN_FUZZ_SEED=${seed} POSTERN_FUZZ_REQUESTS=${count} asks the same again`);
  });
}

/** Nobody here knows the code of a claim, nobody writes the file of an export, and nobody has the proof of a test. */
const NEVER_DONE: ReadonlySet<string> = new Set(["v2 claimController", "v2 downloadExport", "v2 createVendorApi"]);

/** There is nothing to get wrong, or whatever is named may be gone already. */
const NEVER_REFUSED: ReadonlySet<string> = new Set(["v2 readVendorMapping", "v2 readLedgerKey", "v2 deleteDynamicQrs"]);

test("every operation was done at least once, and refused at least once", (t) => {
  const tallies = [...run.tallies];
  for (const [name, { done, refused }] of tallies) t.diagnostic(`${name}: ${done} done, ${refused} refused`);
  if (REQUESTS_COUNT < REACHING_COUNT) return;
  assert.equal(tallies.length, world.operations.length);
  const onesided = tallies.filter(
    ([name, { done, refused }]) => (done === 0 && !NEVER_DONE.has(name)) || (refused === 0 && !NEVER_REFUSED.has(name)),
  );
  assert.deepEqual(Object.fromEntries(onesided), {});
});

test("what the watch over the database calls no change leaves every row of every table as it was", async () => {
  const { database } = world.api.keys.test;
  const hints = world.pools.hints();
  const requests = fc.oneof(...world.operations.map((operation) => requestsOf(operation, hints)));
  await world.refresh();
  let before = await fingerprintOf(database);
  let unchangedCount = 0;
  for (const request of fc.sample(requests, { seed: 7, numRuns: 300 })) {
    const { changes } = await ask(world, request);
    const now = await fingerprintOf(database);
    if (changes.length === 0) assert.deepEqual(now, before, `${request.operation.id} ${request.url} ${request.text}`);
    if (changes.length === 0) unchangedCount += 1;
    before = now;
  }
  assert.ok(unchangedCount > 100, `${unchangedCount} changed nothing`);
});

test("a fault is told with its seed and the shortest request that shows it", async () => {
  const operation = world.operations.find(({ id }) => id === "createPlaceGroup");
  assert.ok(operation !== undefined);
  const planted = new FuzzRun(world, requestsOf(operation, {}), ({ text = "" }, answer, changes) =>
    /"name":"[^"]{6,}"/u.test(text) ? "six letters" : faultOf({ operation, text, url: "", headers: {} }, answer, changes),
  );
  await planted.send(11, 40);
  const told = Object.entries(await planted.takeFaults());
  assert.deepEqual(
    told.map(([fault]) => fault),
    ["v2 createPlaceGroup: six letters"],
  );
  const [, shortest = ""] = told[0] ?? [];
  assert.match(shortest, /^seed 11, request \d+: .*"url":"\/v2\/place-groups".* answered 201 \{[^}]*\}$/);
  const [, name = ""] = /"text":"\{\\"name\\":\\"([^"\\]*)\\"\}"/.exec(shortest) ?? [];
  assert.equal([...name].length, 6, shortest);
  assert.deepEqual(await planted.takeFaults(), {});
});
