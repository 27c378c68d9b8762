import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Auth } from "@postern/contract";
import { systemClock } from "@postern/core";
import { Client } from "pg";
import type { RunningServer } from "../../../src/app.ts";
import { ERASURES_FILE } from "../../../src/features/people/erasure-log.ts";
import { SCOPES } from "../../../src/platform/access/actor.ts";
import { callUrl } from "../../http/http-world.ts";
import { createTestDatabase, createTestPlace, type TestDatabase, type TestPlace, temporaryFolder } from "../../support/index.ts";
import { startedServer } from "../../support/started-server.ts";
import { rosterItem } from "../support/roster-reader.ts";

async function keyOf(server: RunningServer, { placeGroupId }: TestPlace): Promise<string> {
  const minted = await server.keys.mintRoot({
    placeGroupId,
    name: "test",
    scopes: SCOPES,
    placeIds: null,
    expiresAtMs: systemClock.nowMs() + 86_400_000,
  });
  return minted.key;
}

async function enrol(server: RunningServer, key: string, { placeId }: TestPlace): Promise<Auth> {
  const body = { userKey: "comes-back", name: "Ada", startAt: 1_000, endAt: 2_000_000_000_000, doors: "all", credentials: { pin: "4711" } };
  const answer = await callUrl("POST", `${server.baseUrl}/v2/places/${placeId}/auths`, { key, body: JSON.stringify(body) });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

const TABLES = ["users", "auths", "person_keys", "roster_items"];

/** Rows of a backup, as whoever restores one brings them back over what is there. */
async function takeBackup(test: TestDatabase): Promise<() => Promise<void>> {
  const client = new Client(test.ownerUrl);
  await client.connect();
  try {
    for (const table of TABLES) await client.query(`create table backup_${table} as table ${table}`);
  } finally {
    await client.end();
  }
  return async () => {
    const restoring = new Client(test.ownerUrl);
    await restoring.connect();
    try {
      await restoring.query("delete from roster_items; delete from erasures");
      for (const table of TABLES) await restoring.query(`insert into ${table} select * from backup_${table} on conflict do nothing`);
    } finally {
      await restoring.end();
    }
  };
}

test("somebody who was erased does not come back with a backup: they are erased again before the server listens", async () => {
  await using folder = await temporaryFolder();
  const database = await createTestDatabase();
  const place = await createTestPlace(database.database, {});
  try {
    const first = await startedServer(database, folder.path);
    const key = await keyOf(first, place);
    const auth = await enrol(first, key, place);
    const restore = await takeBackup(database);
    assert.equal((await callUrl("DELETE", `${first.baseUrl}/v2/people/${auth.userId}`, { key })).status, 200);
    await first.stop();
    assert.match(await readFile(join(folder.path, ERASURES_FILE), "utf8"), new RegExp(`"userId":${auth.userId},`));
    await restore();
    assert.equal((await database.database.query("select 1 from users join person_keys using (user_id)")).length, 1);

    const second = await startedServer(database, folder.path);
    await second.stop();
    assert.deepEqual(
      await database.database.query("select 1 from users union all select 1 from auths union all select 1 from person_keys"),
      [],
    );
    assert.equal(await rosterItem(database.database, place.placeId, `auth:${auth.authId}`), null);
    const [audit] = await database.database.query("select source, action, target_id from audit order by audit_id desc limit 1");
    assert.deepEqual(audit, { source: "SYSTEM", action: "person.erase", target_id: String(auth.userId) });
  } finally {
    await database.drop();
  }
});

test("what another server had erased, or this one before it died, is kept apart at the next start; a number given again is somebody else", async () => {
  await using folder = await temporaryFolder();
  const database = await createTestDatabase();
  const place = await createTestPlace(database.database, {});
  try {
    const first = await startedServer(database, folder.path);
    const key = await keyOf(first, place);
    const auth = await enrol(first, key, place);
    assert.equal((await callUrl("DELETE", `${first.baseUrl}/v2/people/${auth.userId}`, { key })).status, 200);
    await first.stop();
    await rm(join(folder.path, ERASURES_FILE));
    await database.database.query("insert into users(user_id, place_group_id, key, made_at) values ($1, $2, 'somebody-else', $3)", [
      auth.userId,
      place.placeGroupId,
      auth.madeAt + 1,
    ]);
    const second = await startedServer(database, folder.path);
    await second.stop();
    assert.match(await readFile(join(folder.path, ERASURES_FILE), "utf8"), new RegExp(`"userId":${auth.userId},`));
    const third = await startedServer(database, folder.path);
    await third.stop();
    assert.equal((await database.database.query("select 1 from users where key = 'somebody-else'")).length, 1);
  } finally {
    await database.drop();
  }
});
