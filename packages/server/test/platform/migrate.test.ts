import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CodedError, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { Client } from "pg";
import { openDatabase } from "../../src/platform/database.ts";
import { APPLICATION_ROLE } from "../../src/platform/database-address.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/platform/postgres/embedded-postgres.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let postgres: EmbeddedPostgres;
let databaseCount = 0;

before(async () => {
  folder = await temporaryFolder();
  postgres = await startEmbeddedPostgres({
    dataDir: folder.path,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
    durability: "volatile",
  });
});

after(async () => {
  await postgres.stop();
  await folder[Symbol.asyncDispose]();
});

async function asOwner(sql: string, url: string = postgres.owner.url): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** An empty database that belongs to a new role, as an administrator would give it to us. */
async function newDatabase(role: string, attributes: string): Promise<string> {
  databaseCount += 1;
  const name = `given_${databaseCount}`;
  await asOwner(`create role ${role} login ${attributes}`);
  await asOwner(`create database ${name} owner ${role}`);
  return postgres.owner.url.replace("//postern_owner@", `//${role}@`).replace(/[^/]*$/, name);
}

async function roleOf(address: { readonly url: string; readonly role?: string }): Promise<unknown> {
  const database = openDatabase({ address, timers: systemTimers, random: systemRandom, log: silentLog, connectionCount: 1 });
  try {
    return (await database.query<{ role: string }>("select current_user::text as role"))[0]?.role;
  } finally {
    await database.close();
  }
}

async function failureOf(work: Promise<unknown>): Promise<CodedError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof CodedError, String(failure));
  return failure;
}

// The next three stand in this order: a role belongs to the whole cluster.

test("a user who may not make roles is told the very statement that helps", async () => {
  const url = await newDatabase("plain", "nocreaterole");
  const failure = await failureOf(migrate({ owner: { url }, log: silentLog }));
  assert.equal(failure.code, "database_role_missing");
  const statements = /must run once: (create role .*;)/.exec(failure.message)?.[1];
  assert.ok(statements);
  await asOwner(statements);
  assert.ok((await migrate({ owner: { url }, log: silentLog })).length > 0);
  assert.equal(await roleOf({ url, role: APPLICATION_ROLE }), APPLICATION_ROLE);
  await asOwner("drop database given_1");
  await asOwner(`drop role ${APPLICATION_ROLE}`);
});

test("a user who may make roles needs no administrator", async () => {
  const url = await newDatabase("maker", "createrole");
  await migrate({ owner: { url }, log: silentLog });
  assert.equal(await roleOf({ url, role: APPLICATION_ROLE }), APPLICATION_ROLE);
  await asOwner("drop database given_2");
  await asOwner(`drop role ${APPLICATION_ROLE}`);
});

test("the embedded database is migrated once, and the application logs in as its own role", async () => {
  const names = await migrate({ owner: postgres.owner, log: silentLog });
  assert.equal(names[0], "000001-roles");
  assert.deepEqual(await migrate({ owner: postgres.owner, log: silentLog }), []);
  assert.equal(await roleOf(postgres.application), APPLICATION_ROLE);
});

test("the application's role is no superuser, owns no table, and may not make one", async () => {
  await migrate({ owner: postgres.owner, log: silentLog });
  assert.deepEqual(
    await asOwner(
      `select rolsuper or rolcreatedb or rolcreaterole or rolbypassrls as may from pg_roles where rolname = '${APPLICATION_ROLE}'`,
    ),
    [{ may: false }],
  );
  assert.deepEqual(await asOwner(`select relname from pg_class where pg_get_userbyid(relowner) = '${APPLICATION_ROLE}'`), []);
  await assert.rejects(asOwner("create table mine (n int)", postgres.application.url), { code: "42501" });
});

test("a later migration's table is out of the application's reach until something is granted", async () => {
  await migrate({ owner: postgres.owner, log: silentLog });
  await asOwner("create table later (n int)");
  await assert.rejects(asOwner("select * from later", postgres.application.url), { code: "42501" });
  await asOwner("drop table later");
});

test("servers that start at the same moment migrate once", async () => {
  await asOwner("create database shared");
  const url = postgres.owner.url.replace(/[^/]*$/, "shared");
  const ran = await Promise.all([1, 2, 3].map(() => migrate({ owner: { url }, log: silentLog })));
  assert.equal(ran.filter((names) => names.length > 0).length, 1);
});

test("a failing file leaves nothing of itself nor of those before it", async () => {
  await using files = await temporaryFolder();
  await asOwner("create database failing");
  const url = postgres.owner.url.replace(/[^/]*$/, "failing");
  await writeFile(join(files.path, "000001-good.sql"), "create table good (n int);");
  await writeFile(join(files.path, "000002-bad.sql"), "create table bad (n int); select no_such_function();");
  const failure = await failureOf(migrate({ owner: { url }, log: silentLog, migrationsDir: files.path }));
  assert.equal(failure.code, "migration_failed");
  assert.match(failure.message, /no_such_function/);
  assert.deepEqual(await asOwner("select to_regclass('good') as good, to_regclass('bad') as bad", url), [{ good: null, bad: null }]);
});

test("a database of a newer server is refused and left alone", async () => {
  await using files = await temporaryFolder();
  await asOwner("create database newer");
  const url = postgres.owner.url.replace(/[^/]*$/, "newer");
  await writeFile(join(files.path, "000001-one.sql"), "create table one (n int);");
  await migrate({ owner: { url }, log: silentLog, migrationsDir: files.path });
  await asOwner("insert into schema_migrations (name, run_on) values ('000002-future', now())", url);
  const failure = await failureOf(migrate({ owner: { url }, log: silentLog, migrationsDir: files.path }));
  assert.equal(failure.code, "database_newer");
  assert.match(failure.message, /000002-future/);
});

test("migrating while the database is away fails as transient within the time limit", async () => {
  const startMs = performance.now();
  const failure = await failureOf(migrate({ owner: { url: "postgres://nobody@%2Fnonexistent/none" }, log: silentLog }));
  assert.equal(failure.class, "transient");
  assert.ok(performance.now() - startMs < 5_000);
});
