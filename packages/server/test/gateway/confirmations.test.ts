import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "@postern/core";
import { Confirmations } from "../../src/gateway/confirmations.ts";
import type { Confirmation } from "../../src/gateway/controller-store.ts";
import { CONFIRMATION_RETRY_MS, CONFIRMATION_WRITE_MS } from "../../src/gateway/limits.ts";
import type { Queryable } from "../../src/platform/database.ts";
import { ManualTime } from "./mqtt/manual-time.ts";

const said = (revision: number, isCompared: boolean, session = 1): Confirmation => ({
  controllerId: 1,
  placeId: 1,
  session,
  doorIds: [],
  urgentRevision: revision,
  confirmed: isCompared ? { revision, digest: `${revision}`, atMs: revision } : null,
  reported: null,
  failures: [],
  atMs: revision,
});

/** What was written: {urgent, confirmed} of each confirmation. */
function start(): { confirmations: Confirmations; time: ManualTime; written: unknown[]; away: (isAway: boolean) => void } {
  const time = new ManualTime();
  const written: unknown[] = [];
  let isAway = false;
  const query = async (statement: { readonly values: readonly (readonly unknown[])[] }): Promise<never[]> => {
    if (isAway) throw new TypeError("the database is away");
    written.push([statement.values[2]?.[0], statement.values[5]?.[0]]);
    return [];
  };
  const database = { query } as unknown as Queryable;
  return {
    confirmations: new Confirmations(database, time.timers, silentLog),
    time,
    written,
    away: (now) => {
      isAway = now;
    },
  };
}

async function pass(time: ManualTime, ms: number): Promise<void> {
  time.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

test("what a controller confirmed while the database was away is written once it is back, although nothing more comes", async () => {
  const { confirmations, time, written, away } = start();
  away(true);
  confirmations.add(said(7, true));
  await pass(time, CONFIRMATION_WRITE_MS);
  assert.deepEqual(written, []);
  away(false);
  await pass(time, CONFIRMATION_RETRY_MS);
  assert.deepEqual(written, [[7, 7]]);
  await pass(time, 10 * CONFIRMATION_RETRY_MS);
  assert.equal(written.length, 1);
});

test("a newer word goes before one that could not be written, and keeps what was proven before it, within a session alone", async () => {
  const { confirmations, time, written, away } = start();
  away(true);
  confirmations.add(said(7, true));
  await pass(time, CONFIRMATION_WRITE_MS);
  confirmations.add(said(8, false));
  away(false);
  await confirmations.flush();
  confirmations.add(said(9, true));
  confirmations.add(said(3, false, 2));
  await confirmations.flush();
  assert.deepEqual(written, [
    [8, 7],
    [3, null],
  ]);
});

test("nothing is tried any more once it is closed", async () => {
  const { confirmations, time, written, away } = start();
  away(true);
  confirmations.add(said(7, true));
  await confirmations.close();
  away(false);
  await pass(time, 10 * CONFIRMATION_RETRY_MS);
  assert.deepEqual(written, []);
});
