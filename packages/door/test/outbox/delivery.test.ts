import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { OUTBOX_KEPT_MS } from "../../src/limits.ts";
import type { LogCursor } from "../../src/outbox/log-generation.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { NOW_MS } from "../support/builders.ts";
import { ModelLedger } from "../support/model-ledger.ts";
import { anEvent, openOutbox } from "../support/outbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Step =
  | { readonly kind: "append"; readonly count: number }
  | { readonly kind: "restart" }
  /** A connection on which so many frames arrive; of the last one the answer is lost. */
  | { readonly kind: "session"; readonly frames: number }
  | { readonly kind: "restore_server"; readonly count: number }
  | { readonly kind: "month_passes" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("session" as const), frames: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore_server" as const), count: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("month_passes" as const) }) },
);

/** Sends until the server has everything, or so many frames are on their way. Returns whether it had everything. */
function runSession(outbox: Outbox, server: ModelLedger, framesMax: number, nowMs: number): boolean {
  let cursor: LogCursor = outbox.welcomed(server.welcome({ log: outbox.greeting() }));
  for (let count = 0; count < framesMax; count += 1) {
    const batch = outbox.batchFrom(cursor);
    if (batch === null) return true;
    const answer = server.append(batch);
    if (count === framesMax - 1) return false;
    outbox.stored(answer.generation, answer.through, nowMs);
    cursor = answer.expect ?? { generation: answer.generation, from: answer.through + 1 };
  }
  return false;
}

function runWorld(path: string, steps: readonly Step[], eventsMax: number): void {
  const server = new ModelLedger();
  let nowMs = NOW_MS;
  let outbox = openOutbox(path, { eventsMax });
  try {
    for (const one of steps) {
      if (one.kind === "append") {
        for (let count = 0; count < one.count; count += 1) outbox.append([anEvent({ authId: outbox.last + 1 })]);
      } else if (one.kind === "restart") {
        outbox.close();
        outbox = openOutbox(path, { eventsMax });
      } else if (one.kind === "session") runSession(outbox, server, one.frames, nowMs);
      else if (one.kind === "restore_server") server.restore(one.count);
      else {
        nowMs += OUTBOX_KEPT_MS;
        outbox.trim(nowMs);
      }
    }
    assert.ok(runSession(outbox, server, 200, nowMs), "a quiet link delivers everything that is left");
    assertDelivered(server, outbox.last);
  } finally {
    outbox.close();
  }
}

/** Every number is stored or declared lost; each stored once since the last restore, in order, under its own number. */
function assertDelivered(server: ModelLedger, last: number): void {
  const numbers = server.entries.map(({ localLogId }) => localLogId);
  for (let index = 1; index < numbers.length; index += 1)
    assert.ok((numbers[index] ?? 0) > (numbers[index - 1] ?? 0), "in order, each once");
  const stored = new Set(numbers);
  for (let number = 1; number <= last; number += 1) {
    const isLost = server.lost.some(({ from, to }) => number >= from && number <= to);
    assert.ok(stored.has(number) || isLost, `number ${number} is neither stored nor declared lost`);
  }
  for (const { event, localLogId } of server.entries) {
    const written = event as { eventType: string; authId?: number };
    if (written.eventType === "DEV_CARD_AUTH_SUCCESS") assert.equal(written.authId, localLogId);
  }
  assert.deepEqual(server.forks, []);
}

test("outbox: over restarts, lost answers, restored servers and months nothing is skipped in silence", (context) => {
  const folder = temporaryFolder(context);
  let run = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      run += 1;
      runWorld(join(folder, `${run}.db`), steps, 1_000);
    }),
    { numRuns: 40 },
  );
});

test("outbox: one that overflows declares what it gave up and delivers the rest", (context) => {
  const folder = temporaryFolder(context);
  let run = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 2, max: 12 }), (steps, eventsMax) => {
      run += 1;
      runWorld(join(folder, `${run}.db`), steps, eventsMax);
    }),
    { numRuns: 40 },
  );
});

test("outbox: nothing is declared lost while everything is kept", (context) => {
  const folder = temporaryFolder(context);
  const server = new ModelLedger();
  let outbox = openOutbox(join(folder, "outbox.db"));
  for (let round = 0; round < 10; round += 1) {
    outbox.append([anEvent(), anEvent()]);
    runSession(outbox, server, round % 3, NOW_MS);
    outbox.close();
    outbox = openOutbox(join(folder, "outbox.db"));
  }
  assert.ok(runSession(outbox, server, 100, NOW_MS));
  outbox.close();
  assert.deepEqual(server.lost, []);
  assert.equal(server.entries.length, outbox.last);
});

test("regression: a generation lost whole before its successor's begin is declared too", (context) => {
  runWorld(join(temporaryFolder(context), "outbox.db"), [{ kind: "restart" }, { kind: "append", count: 2 }], 2);
});
