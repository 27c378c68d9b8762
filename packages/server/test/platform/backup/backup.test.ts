import assert from "node:assert/strict";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { silentLog } from "@postern/core";
import { verifyArchive } from "../../../src/platform/backup/archive-reader.ts";
import { ArchiveWriter } from "../../../src/platform/backup/archive-writer.ts";
import { IDS_LEFT_OUT } from "../../../src/platform/backup/limits.ts";
import { knownMigrations, migrate } from "../../../src/platform/migrate.ts";
import { writeEvents } from "../../features/support/ledger-writer.ts";
import { createTestPlace, TEST_NOW_MS } from "../../support/index.ts";
import { ask, type BackupWorld, contentsOf, createBackupWorld } from "./backup-world.ts";

let world: BackupWorld;
before(async () => {
  world = await createBackupWorld();
  const { database } = world.test;
  const place = await createTestPlace(database);
  await writeEvents(database, place.placeId, [{ eventAt: TEST_NOW_MS, eventType: "DEV_CARD_AUTH_SUCCESS", doorId: place.doorIds[0] ?? 0 }]);
  await database.query("insert into users values (nextval('user_ids'), $1, $2, 1)", [place.placeGroupId, "tab\tline\nback\\slash ä"]);
  await database.query(
    "insert into api_keys(key_id, place_group_id, parent_id, name, scopes, made_at, expires_at) values ('b', $1, null, 'n', '{}', 1, 2), ('a', $1, 'b', 'n', '{}', 1, 2)",
    [place.placeGroupId],
  );
});
after(() => world[Symbol.asyncDispose]());

test("everything comes back as it was, under a new epoch, with numbers that nobody was ever given", async () => {
  const file = await world.backUp();
  assert.equal((await stat(file)).mode & 0o077, 0);
  const url = await world.emptyDatabase();
  const restored = await world.restoreTo(url, file);
  assert.ok(restored.rowCount > 10 && !restored.knowsErasures);
  assert.deepEqual(await contentsOf(url), await contentsOf(world.test.ownerUrl));
  const [epoch] = await ask<{ epoch: string }>(url, "select epoch from deployment");
  assert.notEqual(epoch?.epoch, "epoch-1");
  const [before] = await ask<{ id: string }>(world.test.ownerUrl, "select last_value as id from user_ids");
  const [next] = await ask<{ id: string }>(url, "select nextval('user_ids') as id");
  assert.ok(Number(next?.id) > Number(before?.id) + IDS_LEFT_OUT);
});

test("what is written meanwhile is in a backup whole or not at all", async () => {
  const { database } = world.test;
  let isOver = false;
  let written = 0;
  const writing = (async () => {
    while (!isOver) {
      written += 1;
      const key = `pair-${written}`;
      // The right is written long after its person, in one transaction: a backup that is of two moments has one without the other.
      await database.transaction(async (tx) => {
        await tx.query("insert into users values (nextval('user_ids'), 500001, $1, 1)", [key]);
        await tx.query(
          `insert into auths(place_id, auth_id, user_id, name, status, start_at, end_at, door_access_type, schedule_type, modes, made_at, last_modified_at)
            select 500, nextval('auth_ids'), user_id, key, 'ACTIVE', 1, 2, 'ALL_DOOR', 'ALWAYS', '{}', 1, 1 from users where key = $1`,
          [key],
        );
      });
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const url = await world.emptyDatabase();
    await world.restoreTo(url, await world.backUp());
    const [row] = await ask<{ alone: string; pairs: string }>(
      url,
      "select count(*) filter (where auth_id is null) as alone, count(auth_id) as pairs from users left join auths using (user_id) where key like 'pair-%'",
    );
    assert.equal(Number(row?.alone), 0);
  }
  isOver = true;
  await writing;
  assert.ok(written > 3);
});

test("a damaged part is named, wherever it is, and nothing is restored", async () => {
  const bytes = await readFile(await world.backUp());
  const url = await world.emptyDatabase();
  const file = join(world.folder, "damaged.tar");
  for (const [name, offset] of [
    ["tables/users/000001.copy.zst", 520],
    ["manifest.json", 600],
    ["manifest.sha256", 512],
  ] as const) {
    const at = bytes.indexOf(Buffer.from(name.padEnd(100, "\0"))) + offset;
    const spoilt = Buffer.from(bytes);
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x01;
    await writeFile(file, spoilt);
    const part = name === "manifest.sha256" ? "manifest.json" : name;
    await assert.rejects(world.restoreTo(url, file), (failure: Error) => failure.message.includes(part), name);
  }
  assert.deepEqual(await ask(url, "select relname from pg_class where relname = 'places'"), []);
});

test("a file that was cut is refused wherever it was cut, with the part that is missing", async () => {
  const whole = await readFile(await world.backUp());
  const file = join(world.folder, "cut.tar");
  // Its last blocks are the end of every tar, and what fills up the last part: nothing is missing without them.
  for (let length = 0; length < whole.length - 3 * 512; length += 3_333) {
    await writeFile(file, whole);
    await truncate(file, length);
    await assert.rejects(verifyArchive(file), (failure: Error & { code?: string; context?: { part?: string } }) => {
      assert.equal(failure.code, "backup_damaged", `${length}: ${failure.message}`);
      return failure.context?.part !== undefined;
    });
  }
  await writeFile(file, "no tar at all".repeat(100));
  await assert.rejects(verifyArchive(file), { code: "backup_damaged" });
});

test("a backup of an older version is brought to this one, and one of a newer version is refused", async () => {
  const known = await knownMigrations();
  const older = await world.emptyDatabase();
  await migrate({ owner: { url: older }, log: silentLog, countMax: known.length - 1 });
  await ask(older, "insert into deployment(epoch, made_at) values ('old', 1)");
  await ask(older, "insert into place_groups values (77, 'from before', 1)");
  const file = await world.backUp({ url: older });
  const url = await world.emptyDatabase();
  await world.restoreTo(url, file);
  assert.deepEqual(await ask(url, "select name from place_groups"), [{ name: "from before" }]);
  assert.deepEqual(
    (await ask<{ name: string }>(url, "select name from schema_migrations order by id")).map(({ name }) => name),
    known,
  );
  await ask(older, "insert into schema_migrations(name, run_on) values ('999999-tomorrow', now())");
  const newer = await world.backUp({ url: older });
  await assert.rejects(world.restoreTo(await world.emptyDatabase(), newer), /newer server.*999999-tomorrow/);
});

test("a database that holds something is left alone", async () => {
  const file = await world.backUp();
  const url = await world.emptyDatabase();
  await world.restoreTo(url, file);
  const contents = await contentsOf(url);
  await assert.rejects(world.restoreTo(url, file), /not empty/);
  assert.deepEqual(await contentsOf(url), contents);
});

test("the server's key is in a backup only where it was asked for, and no other key is taken for it", async () => {
  const without = await world.backUp();
  const key = await readFile(world.serverKey);
  assert.equal((await readFile(without)).indexOf(key), -1);
  const url = await world.emptyDatabase();
  await assert.rejects(world.restoreTo(url, without, { serverKeyFile: null }), /--server-key/);
  const other = join(world.folder, "other.key");
  await writeFile(other, Buffer.alloc(32, 7), { mode: 0o600 });
  await assert.rejects(world.restoreTo(url, without, { serverKeyFile: other }), /not the one/);
  assert.equal((await world.restoreTo(url, without, { serverKeyFile: null, withoutServerKey: true })).hasServerKey, false);
  const inside = await world.backUp({ withServerKey: true });
  assert.ok((await readFile(inside)).includes(key));
  assert.equal((await world.restoreTo(await world.emptyDatabase(), inside, { serverKeyFile: null })).hasServerKey, true);
});

test("a file that is there stays as it is, and a backup that fails leaves none", async () => {
  const file = await world.backUp();
  const bytes = await readFile(file);
  await assert.rejects(world.backUp({ name: "there.tar", url: "postgres://nobody@127.0.0.1:1/none" }), { code: "database_away" });
  await assert.rejects(world.backUp({ name: file.split("/").at(-1) ?? "" }), { code: "backup_unwritable" });
  assert.deepEqual(await readFile(file), bytes);
  for (const name of ["there.tar", "there.tar.partial"]) await assert.rejects(stat(join(world.folder, name)), { code: "ENOENT" });
});

test("a backup that was killed has another name, and does not keep the next one", async () => {
  const path = join(world.folder, "killed.tar");
  const killed = await ArchiveWriter.begin(path, 1);
  await killed.addPressed("tables/x/000001.copy.zst", Buffer.from("1\n"));
  await assert.rejects(stat(path), { code: "ENOENT" });
  await assert.rejects(verifyArchive(`${path}.partial`), { code: "backup_damaged" });
  assert.equal(await world.backUp({ name: "killed.tar" }), path);
  await killed.giveUp();
});
