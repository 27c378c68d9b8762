import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createAccess } from "../../../src/platform/access/access.ts";
import { type Access, type Actor, SCOPES, type Scope } from "../../../src/platform/access/actor.ts";
import { createTestDatabase, createTestPlace, type TestDatabase, type TestPlace } from "../../support/index.ts";

let database: TestDatabase;
let mine: TestPlace;
let foreign: TestPlace;
let access: Access;
const time = { ms: 1_000_000 };

before(async () => {
  database = await createTestDatabase();
  mine = await createTestPlace(database.database, { placeId: 501 });
  await createTestPlace(database.database, { placeId: 502 });
  foreign = await createTestPlace(database.database, { placeId: 503 });
  await database.database.execute("update places set place_group_id = $1 where place_id = 502", [mine.placeGroupId]);
  access = createAccess({ database: database.database, clock: { nowMs: () => time.ms, monotonicMs: () => time.ms } });
});
after(() => database.drop());

function actor(more: Partial<Actor> = {}): Actor {
  return { keyId: "key", placeGroupId: mine.placeGroupId, placeIds: null, scopes: new Set(SCOPES), ...more };
}

async function codeOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => "reached",
    (failure: { code: string }) => failure.code,
  );
}

test("a place of the actor's group and list is reached, with its name and zone", async () => {
  const wanted = { placeId: 501, placeGroupId: mine.placeGroupId, name: "place", timeZone: "Europe/Berlin" };
  assert.deepEqual(await access.place(actor(), "people", 501), wanted);
  assert.deepEqual(await access.place(actor({ placeIds: [501] }), "people", 501), wanted);
});

test("a place of another group, one outside of the list and one that does not exist fail alike, whatever the scope", async () => {
  const cases: [Actor, number][] = [
    [actor(), 503],
    [actor({ placeIds: [503] }), 503],
    [actor({ placeIds: [502] }), 501],
    [actor({ placeIds: [] }), 501],
    [actor(), 777],
    [actor({ placeGroupId: 777 }), 501],
    [actor({ scopes: new Set<Scope>() }), 503],
  ];
  const shapes = new Set<string>();
  for (const [asker, placeId] of cases) {
    const failure = await access.place(asker, "people", placeId).then(
      () => assert.fail(),
      (error: unknown) => error as { code: string; publicMessage: string; details: unknown },
    );
    shapes.add(JSON.stringify([failure.code, failure.publicMessage, failure.details]).replace(String(placeId), "N"));
  }
  assert.equal(shapes.size, 1);
  assert.match([...shapes][0] ?? "", /e1007/);
});

test("a place within reach without the scope fails with e1001, for every scope", async () => {
  for (const scope of SCOPES) {
    const others = new Set(SCOPES.filter((each) => each !== scope));
    assert.equal(await codeOf(access.place(actor({ scopes: others }), scope, 501)), "e1001");
    assert.equal(await codeOf(access.place(actor({ scopes: new Set([scope]) }), scope, 501)), "reached");
  }
});

test("an actor's places are those of its list that exist in its group, in ascending id", async () => {
  const idsOf = async (asker: Actor) => (await access.places(asker)).map((place) => place.placeId);
  assert.deepEqual(await idsOf(actor()), [501, 502]);
  assert.deepEqual(await idsOf(actor({ placeIds: [502, 777, 501, 503] })), [501, 502]);
  assert.deepEqual(await idsOf(actor({ placeIds: [] })), []);
  assert.deepEqual(await idsOf(actor({ placeGroupId: foreign.placeGroupId })), [503]);
});

test("a change of a place is seen within half a second, and a new place at once", async () => {
  await access.place(actor(), "people", 501);
  await database.database.execute("update places set time_zone = 'UTC' where place_id = 501");
  time.ms += 500;
  assert.equal((await access.place(actor(), "people", 501)).timeZone, "UTC");
  assert.equal(await codeOf(access.place(actor(), "people", 504)), "e1007");
  await database.database.execute("insert into places values (504, $1, 'new', 'UTC', 0)", [mine.placeGroupId]);
  assert.equal(await codeOf(access.place(actor(), "people", 504)), "reached");
});
