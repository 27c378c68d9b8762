import assert from "node:assert/strict";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Import } from "@postern/contract";
import { systemClock } from "@postern/core";
import { RowReader } from "../../../src/features/auths/bulk/batch-rows.ts";
import { type BatchDeps, carryOutBatch } from "../../../src/features/auths/bulk/carry-out-batch.ts";
import { findImport, insertImport } from "../../../src/features/auths/bulk/import-store.ts";
import { IMPORT_WORK_MS_MAX, QUICK_ROWS_AT_ONCE_MAX } from "../../../src/features/auths/bulk/limits.ts";
import { runImport } from "../../../src/features/auths/bulk/run-import.ts";
import type { Database } from "../../../src/platform/database.ts";
import { lockRoster } from "../../../src/roster/roster-store.ts";
import { eventually } from "../../support/eventually.ts";
import { type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

function rowsFrom(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `{"userKey":"cut-${first + index}","startAt":1,"endAt":2,"doors":"all"}\n`).join("");
}

async function readImport(importId: number): Promise<Import> {
  return (await server.call("GET", `/v2/imports/${importId}`)).body as Import;
}

test("what was committed before the connection was cut is done, and the same file again does the rest once", async () => {
  await server.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  const { importId } = (await server.call("POST", `/v2/places/${PLACE_ID}/imports`, { body: {} })).body as Import;
  const path = `/v2/places/${PLACE_ID}/auths:bulk?importId=${importId}`;
  const headers = { authorization: "Bearer all", "content-type": "application/x-ndjson" };
  const cut = request({ port, path, method: "POST", headers });
  cut.on("error", () => undefined);
  cut.write(rowsFrom(0, QUICK_ROWS_AT_ONCE_MAX + 100));
  await eventually("the first batch is done", async () => (await readImport(importId)).rowCount === QUICK_ROWS_AT_ONCE_MAX);
  assert.equal((await readImport(importId)).state, "open");
  cut.destroy();
  const whole = rowsFrom(0, QUICK_ROWS_AT_ONCE_MAX + 200);
  // While the server has not noticed the cut, the import goes on in another request.
  const done = await eventually("the rest is done", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body: whole });
    return answer.status === 200 && ((await answer.json()) as Import);
  });
  assert.deepEqual([done.state, done.rowCount, done.createdCount, done.failedCount], ["done", 700, 700, 0]);
  const [row] = await server.test.database.query<{ count: number }>("select count(*) from users where key like 'cut-%'");
  assert.equal(row?.count, 700);
});

/** Counts the statements of its transactions. */
function counting(database: Database): { readonly database: Database; readonly count: () => number } {
  let count = 0;
  return {
    count: () => count,
    database: {
      query: (statement, values) => database.query(statement, values),
      execute: (statement, values) => database.execute(statement, values),
      close: () => database.close(),
      transaction: (work, options) =>
        database.transaction((tx) => {
          const query: typeof tx.query = (statement, values) => {
            count += 1;
            return tx.query(statement, values);
          };
          return work({ ...tx, query });
        }, options),
    },
  };
}

test("a batch takes as many statements for five hundred rows as for two", async () => {
  const { database } = server.test;
  const place = { placeId: PLACE_ID, placeGroupId: 100, name: "", timeZone: "UTC" };
  const statementsFor = async (name: string, count: number): Promise<number> => {
    const importId = await database.transaction((tx) => insertImport(tx, { placeId: PLACE_ID, dryRun: false, nowMs: 1 }));
    const reader = new RowReader();
    const rows = Array.from({ length: count }, (_, index) => {
      const credentials = { cards: [{ cardNumber: `${count}${1_000 + index}`, formatType: "CSN" }] };
      return reader.read({
        kind: "value",
        text: "",
        value: { userKey: `${name}-${index}`, startAt: 1, endAt: 2, doors: [234], credentials },
      });
    });
    const counted = counting(database);
    // Quick rows are not written by it.
    const deps = { database: counted.database, clock: systemClock, writer: null } as unknown as BatchDeps;
    await carryOutBatch(deps, { importId, dryRun: false, place, by: { keyId: "k", source: "API_TOKEN" } }, { kind: "quick", rows });
    assert.equal((await findImport(database, importId))?.view.createdCount, count);
    return counted.count();
  };
  assert.equal(await statementsFor("many", 500), await statementsFor("few", 2));
});

test("of two requests that carry out the same import at once, one is told so and no row is done twice", async () => {
  const { importId } = (await server.call("POST", `/v2/places/${PLACE_ID}/imports`, { body: {} })).body as Import;
  const call = () =>
    server.call("POST", `/v2/places/${PLACE_ID}/auths:bulk?importId=${importId}`, {
      body: rowsFrom(10_000, 1_200),
      headers: { "content-type": "application/x-ndjson" },
    });
  const statuses = (await Promise.all([call(), call()])).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 409]);
  const done = await readImport(importId);
  assert.deepEqual([done.state, done.createdCount, done.unchangedCount], ["done", 1_200, 0]);
});

test("a request whose rows end where another one's went on is told so, and does not end the import", async () => {
  const { port } = server.app.server.address() as AddressInfo;
  const { importId } = (await server.call("POST", `/v2/places/${PLACE_ID}/imports`, { body: {} })).body as Import;
  const path = `/v2/places/${PLACE_ID}/auths:bulk?importId=${importId}`;
  const headers = { authorization: "Bearer all", "content-type": "application/x-ndjson" };
  const idle = request({ port, path, method: "POST", headers });
  const answered = new Promise<number | undefined>((resolve) => idle.on("response", (answer) => resolve(answer.resume().statusCode)));
  idle.flushHeaders();
  const open = request({ port, path, method: "POST", headers });
  open.on("error", () => undefined);
  open.write(rowsFrom(20_000, QUICK_ROWS_AT_ONCE_MAX + 1));
  await eventually("the first batch is done", async () => (await readImport(importId)).rowCount === QUICK_ROWS_AT_ONCE_MAX);
  idle.end();
  assert.equal(await answered, 409);
  assert.equal((await readImport(importId)).state, "open");
  open.destroy();
});

test("a rehearsal waits for nobody who changes the place, and nobody waits for it", async () => {
  await server.call("POST", `/v2/places/${PLACE_ID}/auths:bulk`, {
    body: rowsFrom(30_000, 3),
    headers: { "content-type": "application/x-ndjson" },
  });
  const dry = await server.test.database.transaction(async (tx) => {
    await lockRoster(tx, PLACE_ID);
    return server.call("POST", `/v2/places/${PLACE_ID}/auths:bulk?dryRun=true`, {
      body: rowsFrom(30_000, 6).replaceAll('"endAt":2', '"endAt":3'),
      headers: { "content-type": "application/x-ndjson" },
    });
  });
  const { createdCount, changedCount } = dry.body as Import;
  assert.deepEqual([dry.status, createdCount, changedCount], [200, 3, 3]);
});

test("a request whose time is over leaves its import open, and the same rows again go on behind what is done", async () => {
  const { database } = server.test;
  const place = { placeId: PLACE_ID, placeGroupId: 100, name: "", timeZone: "UTC" };
  const importId = await database.transaction((tx) => insertImport(tx, { placeId: PLACE_ID, dryRun: false, nowMs: 1 }));
  let nowMs = 0;
  const send = async (stepMs: number): Promise<Import> => {
    const clock = { nowMs: () => 1, monotonicMs: () => (nowMs += stepMs) };
    // Quick rows are not written by it.
    const deps = { database, clock, writer: null } as unknown as BatchDeps;
    const chunks = (async function* () {
      yield Buffer.from(rowsFrom(40_000, QUICK_ROWS_AT_ONCE_MAX * 2 + 10));
    })();
    const by = { keyId: "k", source: "API_TOKEN" } as const;
    const around = { begin: async () => importId, dryRun: false, place, by, signal: new AbortController().signal };
    return runImport(deps, { ...around, kept: await findImport(database, importId), body: { mediaType: "application/x-ndjson", chunks } });
  };
  const first = await send(IMPORT_WORK_MS_MAX);
  assert.deepEqual([first.state, first.rowCount], ["open", QUICK_ROWS_AT_ONCE_MAX]);
  const second = await send(1);
  assert.deepEqual([second.state, second.createdCount, second.unchangedCount], ["done", 2 * QUICK_ROWS_AT_ONCE_MAX + 10, 0]);
});
