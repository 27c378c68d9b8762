import assert from "node:assert/strict";
import { test } from "node:test";
import { runCrowd } from "../src/run-crowd.ts";

/** A thousand take four times as long and show no more: `npm run sim -- --crowd 1000`. */
const COUNT = 250;

/** After five seconds without a server nobody pauses for longer than eight; the rest is for greeting, and for what was changed meanwhile. */
const BACK_MS_MAX = 15_000;

/** Of the thousand who may wait for the database before the next one is sent away. */
const WAITING_MAX = 50;

test("hundreds of doors that come back at once are all back within seconds, each with one session, and nobody is sent away", async () => {
  const { violations, backMs, waitingMost, countRefused, countSessions } = await runCrowd(COUNT, 1);
  assert.deepEqual(violations, []);
  assert.ok(backMs !== null && backMs <= BACK_MS_MAX, `all are back after ${backMs} ms`);
  assert.equal(countSessions, COUNT);
  assert.equal(countRefused, 0);
  assert.ok(waitingMost <= WAITING_MAX, `${waitingMost} wait for the database at once`);
});
