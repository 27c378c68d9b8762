import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { systemClock } from "@postern/core";
import type { RunningServer } from "../../../src/app.ts";
import { SCOPES } from "../../../src/platform/access/actor.ts";
import { callUrl } from "../../http/http-world.ts";
import { createTestDatabase, createTestPlace, temporaryFolder } from "../../support/index.ts";
import { startedServer } from "../../support/started-server.ts";

async function claim({ claims }: RunningServer, controllerId: number): Promise<void> {
  const { kty = "", crv = "", x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const { code } = await claims.issueCodeFor(controllerId);
  await claims.claim("test", { code, publicKey: { kty: kty as "OKP", crv: crv as "Ed25519", x } });
}

const KEPT = "controller_id, place_id, serial, name, public_key, claimed_at, session_number, made_at";

test("a key of a controller that was lost, deleted or given to another holder does not come back with a backup, and one that was claimed since stays", async () => {
  await using folder = await temporaryFolder();
  const test_ = await createTestDatabase();
  const { database } = test_;
  try {
    const place = await createTestPlace(database);
    const [lost, deleted, given, kept] = [place.controllerId, 71, 72, 73] as const;
    for (const controllerId of [deleted, given, kept])
      await database.query("insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, $3, 'c', 1)", [
        ...[controllerId, place.placeId, String(300_000_000 + controllerId)],
      ]);
    const first = await startedServer(test_, folder.path);
    for (const controllerId of [lost, deleted, given, kept]) await claim(first, controllerId);
    const backup = await database.query<{ row: unknown }>(`select to_jsonb(one) as row from (select ${KEPT} from controllers) one`);
    const { key } = await first.keys.mintRoot({
      ...{ placeGroupId: place.placeGroupId, name: "test", scopes: SCOPES, placeIds: null },
      expiresAtMs: systemClock.nowMs() + 86_400_000,
    });
    assert.equal((await callUrl("POST", `${first.baseUrl}/v2/controllers/${lost}/lost`, { key })).status, 200);
    assert.equal((await callUrl("DELETE", `${first.baseUrl}/v2/controllers/${deleted}`, { key })).status, 204);
    await claim(first, given);
    await first.stop();

    const claimedNow = await database.query("select public_key from controllers where controller_id = $1", [given]);
    const standing = async (): Promise<unknown> =>
      Object.fromEntries(
        (
          await database.query<{ controller_id: number; state: string }>(
            "select controller_id, case when lost_at is not null and public_key is null then 'lost' when public_key is not null then 'claimed' end as state from controllers",
          )
        ).map((row) => [row.controller_id, row.state]),
      );
    const second = await startedServer(test_, folder.path);
    await second.stop();
    assert.deepEqual(await standing(), { [lost]: "lost", [given]: "claimed", [kept]: "claimed" });
    assert.deepEqual(await database.query("select public_key from controllers where controller_id = $1", [given]), claimedNow);

    // As a restore brings them back.
    await database.query("update doors set controller_id = null");
    await database.query("delete from controllers");
    await database.query(`insert into controllers(${KEPT}) select ${KEPT} from jsonb_populate_recordset(null::controllers, $1::jsonb)`, [
      JSON.stringify(backup.map(({ row }) => row)),
    ]);
    const third = await startedServer(test_, folder.path);
    await third.stop();
    assert.deepEqual(await standing(), { [lost]: "lost", [deleted]: "lost", [given]: "lost", [kept]: "claimed" });
  } finally {
    await test_.drop();
  }
});
