import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLog } from "@postern/core";
import { SLICE_MS, summarise } from "../../src/ledger/summarise.ts";
import { Summariser } from "../../src/ledger/summariser.ts";
import { type WrittenEvent, writeEvents } from "../features/support/ledger-writer.ts";
import { createTestDatabase, createTestPlace, TEST_NOW_MS, type TestDatabase } from "../support/index.ts";

let test_: TestDatabase;
before(async () => {
  test_ = await createTestDatabase();
});
after(() => test_.drop());

const at = (slices: number, more: Partial<WrittenEvent> = {}): WrittenEvent => ({
  eventAt: TEST_NOW_MS + slices * SLICE_MS,
  eventType: "DEV_DOOR_RELAY_ON",
  ...more,
});

async function counted(placeId: number): Promise<{ all: number; byDoor: number; to: number }> {
  const [row] = await test_.database.query<{ all: number; byDoor: number; to: number }>(
    `select (select coalesce(sum(n), 0)::bigint from ledger_slices where place_id = $1 and door_id = 0) as all,
       (select coalesce(sum(n), 0)::bigint from ledger_slices where place_id = $1 and door_id <> 0) as "byDoor",
       (select summed_to from ledger_heads where place_id = $1) as to`,
    [placeId],
  );
  assert.ok(row !== undefined);
  return row;
}

test("every event is counted once for its place and once for its door, however the work is cut and by how many", async () => {
  const { database } = test_;
  const { placeId, doorIds } = await createTestPlace(database, { placeId: 801 });
  const [doorId = null] = doorIds;
  await writeEvents(
    database,
    placeId,
    Array.from({ length: 50 }, (_, index) => at(index % 7, index % 2 === 0 ? { doorId } : {})),
  );
  await Promise.all([summarise(database, placeId, 7), summarise(database, placeId, 7), summarise(database, placeId, 7)]);
  await new Summariser(database, silentLog).run();
  assert.deepEqual(await counted(placeId), { all: 50, byDoor: 25, to: 50 });
  await new Summariser(database, silentLog).run();
  assert.deepEqual(await counted(placeId), { all: 50, byDoor: 25, to: 50 });
});

test("an event of a time before 1970 is counted in a slice of its own", async () => {
  const { database } = test_;
  const { placeId } = await createTestPlace(database, { placeId: 802 });
  await writeEvents(database, placeId, [at(0, { eventAt: -1 }), at(0, { eventAt: 0 })]);
  await summarise(database, placeId, 10);
  const rows = await database.query<{ slice: number }>(
    "select slice from ledger_slices where place_id = $1 and door_id = 0 order by slice",
    [placeId],
  );
  assert.deepEqual(
    rows.map((row) => row.slice),
    [-1, 0],
  );
});

test("a place whose counting fails does not keep the others from being counted", async () => {
  const { database } = test_;
  const one = await createTestPlace(database, { placeId: 803 });
  const other = await createTestPlace(database, { placeId: 804 });
  await writeEvents(database, one.placeId, [at(0), at(0), at(0)]);
  await writeEvents(database, other.placeId, [at(0)]);
  // The ledger that has grown most is counted first.
  let calls = 0;
  const failing = {
    query: database.query.bind(database),
    execute: database.execute.bind(database),
    close: () => database.close(),
    transaction: <Result>(work: Parameters<typeof database.transaction<Result>>[0]) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new TypeError("this place fails")) : database.transaction(work);
    },
  };
  await new Summariser(failing, silentLog).run();
  assert.equal((await counted(one.placeId)).all, 0);
  assert.equal((await counted(other.placeId)).all, 1);
});
