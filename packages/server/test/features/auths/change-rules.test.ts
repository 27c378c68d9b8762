import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthData } from "@postern/contract";
import type { AuthItem } from "@postern/core";
import { dataOf, refusal, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

type Credentials = Readonly<Record<string, unknown>>;

function post(key: string, credentials: Credentials, { placeId = PLACE_ID } = {}): Promise<Answer> {
  return server.call("POST", `/v1/places/${placeId}/auths`, { body: bodyOf(key, { credentials }) });
}

async function create(key: string, credentials: Credentials, at?: { placeId?: number }): Promise<AuthData> {
  return dataOf<AuthData>(await post(key, credentials, at));
}

const patch = (authId: number, credentials: Credentials): Promise<Answer> =>
  server.call("PATCH", `/v1/auths/${authId}`, { body: { credentials } });

async function item(authId: number): Promise<AuthItem> {
  const [row] = await server.test.database.query<{ item: AuthItem }>("select item from roster_items where item_key = $1", [
    `auth:${authId}`,
  ]);
  assert.ok(row !== undefined);
  return row.item;
}

test("each act leaves one audit row that names what changed", async () => {
  const { authId } = await create("audited", { cards: [csn("31001")] });
  dataOf(await patch(authId, { pin: "4711", phone: "1" }));
  dataOf(await patch(authId, { pin: "4711" }));
  dataOf(await server.call("DELETE", `/v1/auths/${authId}`));
  const rows = await server.test.database.query<{ action: string; key_id: string; outcome: string; detail: unknown }>(
    "select action, key_id, outcome, detail from audit where target_id = $1 order by audit_id",
    [String(authId)],
  );
  assert.deepEqual(
    rows.map((row) => [row.action, row.key_id, row.outcome]),
    [
      ["auth.create", "all", "done"],
      ["auth.change", "all", "done"],
      ["auth.delete", "all", "done"],
    ],
  );
  assert.deepEqual(rows[1]?.detail, { changed: ["phone", "pin"] });
});

test("a unique PIN is one person's at a place, and free again once it is given up or its auth has ended", async () => {
  const first = await create("unique-1", { uniquePin: "32000001" });
  const counts = await databaseCounts(server.test.database);
  const refused = await post("unique-2", { uniquePin: "32000001" });
  assert.equal(refusedFor(refused), "e1006 auth.credentials.uniquePin");
  assert.equal(refusal(refused).details[0]?.authId, undefined, "nobody learns whose it is");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  await create("unique-elsewhere", { uniquePin: "32000001" }, { placeId: SECOND_PLACE_ID });
  const second = await create("unique-2", { uniquePin: "32000002" });
  assert.equal(refusedFor(await patch(second.authId, { uniquePin: "32000001" })), "e1006 credentials.uniquePin");
  dataOf(await patch(first.authId, { uniquePin: null }));
  dataOf(await patch(second.authId, { uniquePin: "32000001" }));
  dataOf(await server.call("DELETE", `/v1/auths/${second.authId}`));
  dataOf(await patch(first.authId, { uniquePin: "32000001" }));
});

test("a place where a hundred people have a unique PIN takes no more of six digits, but longer ones", async () => {
  const { database } = server.test;
  await database.query(
    `with people as (
       insert into users(user_id, place_group_id, key, made_at) select n, 100, 'crowd-' || n, 0 from generate_series(70001, 70100) n returning user_id
     ) insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, schedule_type, modes, made_at, last_modified_at, unique_pin_hash)
     select $1, user_id, user_id, 'crowd', 'ACTIVE', 0, 1, 'ALL_DOOR', 'ALWAYS', '{UNIQUE_PIN}', 0, 0, 'hash-' || user_id from people`,
    [SECOND_PLACE_ID],
  );
  assert.equal(
    refusedFor(await post("crowded", { uniquePin: "340001" }, { placeId: SECOND_PLACE_ID })),
    "e1005 auth.credentials.uniquePin",
  );
  dataOf(await post("crowded", { uniquePin: "3400011" }, { placeId: SECOND_PLACE_ID }));
});

test("changing and deleting an auth at once ends with it deleted, in tables and roster alike", async () => {
  for (let round = 0; round < 5; round += 1) {
    const { authId } = await create(`flicker-${round}`, { cards: [csn(`3700${round}`)] });
    const [changed, removed] = await Promise.all([
      patch(authId, { pin: "4711", cards: [csn(`3710${round}`)] }),
      server.call("DELETE", `/v1/auths/${authId}`),
    ]);
    assert.equal(removed.status, 200);
    if (changed.status !== 200) assert.equal(refusedFor(changed), "e1007 authId");
    assert.equal(await item(authId), null);
    const held = await server.test.database.query("select from cards where auth_id = $1", [authId]);
    assert.equal(held.length, 0);
    const kept = await server.test.database.query(
      "select from auths where auth_id = $1 and (pin_sealed is not null or pin_verifier is not null)",
      [authId],
    );
    assert.equal(kept.length, 0, "no credential outlives its auth");
  }
});

test("a person can still be locked out after one of their doors is gone", async () => {
  const { database } = server.test;
  await database.query("insert into doors(door_id, place_id, name, settings, made_at) values (38001, $1, 'gone soon', '{}', 0)", [
    PLACE_ID,
  ]);
  const body = bodyOf("outlives-a-door", { auth: { doorAccessType: "SPECIFIC", doorIds: [234, 38_001] } });
  const { authId } = dataOf<AuthData>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body }));
  await database.query("delete from doors where door_id = 38001");
  const { auth } = dataOf<AuthData>(await server.call("PATCH", `/v1/auths/${authId}`, { body: { activeStatus: "INACTIVE" } }));
  assert.equal(auth.activeStatus, "INACTIVE");
  assert.deepEqual(auth.doors, [{ doorId: 234, doorName: "Entrance" }]);
});
