import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CodedError, silentLog, systemRandom, systemTimers } from "@postern/core";
import { type Database, openDatabase, type Transaction } from "../../src/platform/database.ts";
import { violates } from "../../src/platform/database-error.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let db: TestDatabase;
let owner: Database;

before(async () => {
  db = await createTestDatabase();
  owner = openDatabase({ address: { url: db.ownerUrl }, ...ports(), connectionCount: 2 });
  await owner.query("create table counter (id bigint primary key, n int not null constraint counter_n_small check (n < 100))");
  await owner.query("create table unseen (id bigint)");
  await owner.query("grant select, insert, update on counter to postern_app");
});

after(async () => {
  await owner.close();
  await db.drop();
});

function ports() {
  return { timers: systemTimers, random: systemRandom, log: silentLog };
}

function failsWith(code: string, failureClass?: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CodedError, String(error));
    assert.equal(error.code, code);
    if (failureClass !== undefined) assert.equal(error.class, failureClass);
    return true;
  };
}

test("a session acts as the application's role", async () => {
  assert.deepEqual(await db.database.query("select current_user::text as role"), [{ role: "postern_app" }]);
});

test("an address with a role acts as that role, whatever options the URL has of its own", async () => {
  const url = `${db.ownerUrl}?options=${encodeURIComponent("-c search_path=pg_temp")}`;
  const other = openDatabase({ address: { url, role: "postern_app" }, ...ports(), connectionCount: 1 });
  const rows = await other.query("select current_user::text as role, session_user::text as login, current_setting('search_path') as path");
  await other.close();
  assert.deepEqual(rows, [{ role: "postern_app", login: "postern_owner", path: "pg_temp" }]);
});

test("a table without a grant is out of the application's reach", async () => {
  await assert.rejects(db.database.query("select * from unseen"), failsWith("statement_refused", "bug"));
});

test("a bigint, alone and in an array, is a number", async () => {
  const rows = await db.database.query(
    "select 9007199254740991 as one, array[1, null, -5]::bigint[] as many, '{}'::bigint[] as none, count(*) as c from counter",
  );
  assert.deepEqual(rows, [{ one: Number.MAX_SAFE_INTEGER, many: [1, null, -5], none: [], c: 0 }]);
});

test("a bigint beyond the safe integers fails instead of being rounded, and the next statement works", async () => {
  await assert.rejects(db.database.query("select 9007199254740992 as n"), { name: "AssertionFailure" });
  assert.deepEqual(await db.database.query("select 1 as n"), [{ n: 1 }]);
});

test("a named statement is prepared once and takes other values later", async () => {
  const statement = (n: number) => ({ name: "test-double", text: "select $1::int * 2 as n", values: [n] });
  await db.database.transaction(async (tx) => {
    assert.deepEqual(await tx.query(statement(2)), [{ n: 4 }]);
    assert.deepEqual(await tx.query(statement(3)), [{ n: 6 }]);
    assert.deepEqual(await tx.query("select count(*) as n from pg_prepared_statements where name = 'test-double'"), [{ n: 1 }]);
  });
});

test("execute returns the number of changed rows", async () => {
  assert.equal(await db.database.execute("insert into counter select g, 0 from generate_series(100, 104) g"), 5);
  assert.equal(await db.database.execute("update counter set n = 1 where id = $1", [-1]), 0);
});

test("a violated constraint is told by its name, without the row's values", async () => {
  await db.database.query("insert into counter values (1, 0)");
  const refused = async (sql: string): Promise<unknown> =>
    db.database.query(sql).then(
      () => undefined,
      (error: unknown) => error,
    );
  const twice = await refused("insert into counter values (1, 0)");
  assert.ok(violates(twice, "counter_pkey"));
  assert.ok(!violates(twice, "counter_n_small"));
  const large = await refused("insert into counter values (77777, 12345)");
  assert.ok(violates(large, "counter_n_small"));
  const wrong = await refused("select '4711-secret'::bigint");
  for (const error of [twice, large, wrong]) assert.doesNotMatch(JSON.stringify(error) + String(error), /12345|77777|4711|\(id\)/);
});

test("a failed transaction leaves nothing, reports the caller's own error and gives its connection back", async () => {
  const own = new CodedError("no_such_door", { class: "caller", summary: "No such door." });
  const single = openDatabase({ address: { url: db.appUrl }, ...ports(), connectionCount: 1 });
  const pid = await single.query("select pg_backend_pid() as pid");
  const work = async (tx: Transaction): Promise<void> => {
    await tx.query("insert into counter values (2, 0)");
    throw own;
  };
  await assert.rejects(single.transaction(work), own);
  assert.deepEqual(await single.query("select id from counter where id = 2"), []);
  assert.deepEqual(await single.query("select pg_backend_pid() as pid"), pid);
  await single.close();
});

test("a transaction that goes on after a refused statement is not reported as done", async () => {
  const work = async (tx: Transaction): Promise<void> => {
    await tx.query("insert into counter values (3, 0)");
    await tx.query("insert into counter values (3, 0)").catch(() => undefined);
  };
  await assert.rejects(db.database.transaction(work), { name: "AssertionFailure" });
  assert.deepEqual(await db.database.query("select id from counter where id = 3"), []);
});

test("two transactions that deadlock both finish", async () => {
  await db.database.query("insert into counter values (10, 0), (11, 0)");
  const raise = "update counter set n = n + 1 where id = $1";
  const both = gate(2);
  const work =
    (first: number, second: number) =>
    async (tx: Transaction): Promise<void> => {
      await tx.query(raise, [first]);
      await both();
      await tx.query(raise, [second]);
    };
  await Promise.all([db.database.transaction(work(10, 11)), db.database.transaction(work(11, 10))]);
  assert.deepEqual(await db.database.query("select n from counter where id in (10, 11)"), [{ n: 2 }, { n: 2 }]);
});

test("a transaction that conflicts every time fails as database_conflict after a bounded number of attempts", async () => {
  let attempts = 0;
  const work = async (tx: Transaction): Promise<void> => {
    attempts += 1;
    await tx.query("do $$ begin raise exception using errcode = '40001'; end $$");
  };
  await assert.rejects(db.database.transaction(work), failsWith("database_conflict", "transient"));
  assert.equal(attempts, 5);
});

test("a statement beyond its time limit is stopped by the server and the connection stays usable", async () => {
  const impatient = openDatabase({ address: { url: db.appUrl }, ...ports(), connectionCount: 1, statementMsMax: 50 });
  const pid = await impatient.query("select pg_backend_pid() as pid");
  await assert.rejects(impatient.query("select pg_sleep(10)"), failsWith("database_busy", "transient"));
  assert.deepEqual(await impatient.query("select pg_backend_pid() as pid"), pid);
  await impatient.close();
});

test("a caller that waits too long for a connection is told so", async () => {
  const narrow = openDatabase({ address: { url: db.appUrl }, ...ports(), connectionCount: 1 });
  const slow = narrow.query("select pg_sleep(2)");
  await assert.rejects(narrow.query("select 1"), failsWith("database_busy", "transient"));
  await slow;
  await narrow.close();
});

test("more waiting callers than the limit are refused at once", async () => {
  const narrow = openDatabase({ address: { url: db.appUrl }, ...ports(), connectionCount: 1 });
  const waiting = Array.from({ length: 1_001 }, () => narrow.query("select 1"));
  await assert.rejects(narrow.query("select 1"), failsWith("database_busy", "transient"));
  await Promise.all(waiting);
  await narrow.close();
});

test("a connection killed in the middle of a transaction fails it, and the next one works", async () => {
  const work = async (tx: Transaction): Promise<void> => {
    const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await owner.query("select pg_terminate_backend($1)", [row?.pid]);
    const isGone = async (): Promise<boolean> =>
      (await owner.query("select from pg_stat_activity where pid = $1", [row?.pid])).length === 0;
    await eventually("the connection is lost while nobody uses it", isGone);
    await tx.query("select 1");
  };
  await assert.rejects(db.database.transaction(work), failsWith("database_away", "transient"));
  assert.deepEqual(await db.database.query("select 1 as n"), [{ n: 1 }]);
});

test("a connection lost in the commit is reported as ambiguous", async () => {
  await owner.query(
    "create function die() returns trigger language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$",
  );
  await owner.query("create table fatal (id bigint)");
  await owner.query(
    "create constraint trigger fatal_dies after insert on fatal deferrable initially deferred for each row execute function die()",
  );
  await owner.query("grant insert on fatal to postern_app");
  const work = async (tx: Transaction): Promise<void> => void (await tx.query("insert into fatal values (1)"));
  await assert.rejects(db.database.transaction(work), failsWith("database_outcome_unknown", "ambiguous"));
});

test("an isolated read-only transaction sees one state and may not write", async () => {
  await db.database.query("insert into counter values (20, 0)");
  const work = async (tx: Transaction): Promise<void> => {
    await tx.query("select 1 from counter");
    await db.database.query("update counter set n = 5 where id = 20");
    assert.deepEqual(await tx.query("select n from counter where id = 20"), [{ n: 0 }]);
    await tx.query("update counter set n = 6 where id = 20");
  };
  await assert.rejects(db.database.transaction(work, { isolation: "repeatable read", readOnly: true }), failsWith("statement_refused"));
});

test("a closed database refuses new work, and closing twice is harmless", async () => {
  const other = openDatabase({ address: { url: db.appUrl }, ...ports() });
  await other.query("select 1");
  await Promise.all([other.close(), other.close()]);
  await assert.rejects(other.query("select 1"), failsWith("database_away", "transient"));
});

/** A function whose callers all wait until `count` of them have come; later callers pass. */
function gate(count: number): () => Promise<void> {
  let missing = count;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    missing -= 1;
    if (missing <= 0) open();
    return opened;
  };
}
