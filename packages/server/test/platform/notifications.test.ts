import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CodedError, silentLog, systemTimers } from "@postern/core";
import { Client } from "pg";
import { type Notifications, openNotifications } from "../../src/platform/notifications.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

let db: TestDatabase;
let owner: Client;

before(async () => {
  db = await createTestDatabase();
  owner = new Client(db.ownerUrl);
  await owner.connect();
});

after(async () => {
  await owner.end();
  await db.drop();
});

async function using(use: (notifications: Notifications) => Promise<void>): Promise<void> {
  const notifications = openNotifications({ address: { url: db.appUrl }, timers: systemTimers, log: silentLog });
  try {
    await use(notifications);
  } finally {
    await notifications.close();
  }
}

/** Records what a channel says, and resolves once it listens. */
async function record(notifications: Notifications, channel: string): Promise<(string | null)[]> {
  const heard: (string | null)[] = [];
  notifications.listen(channel, (payload) => heard.push(payload));
  await eventually("listening", () => heard.includes(null));
  return heard;
}

async function cutListeners(): Promise<void> {
  await owner.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postern listen' and datname = current_database()",
  );
}

test("a notification of another session reaches the handler of its channel and no other", () =>
  using(async (notifications) => {
    const place = await record(notifications, "place");
    const other = await record(notifications, "other");
    await owner.query("select pg_notify('place', '178')");
    await eventually("heard", () => place.includes("178"));
    assert.deepEqual(other, [null]);
  }));

test("an ended handler hears nothing more", () =>
  using(async (notifications) => {
    const ended: (string | null)[] = [];
    const end = notifications.listen("place", (payload) => ended.push(payload));
    const heard = await record(notifications, "place");
    end();
    const before = ended.length;
    await owner.query("select pg_notify('place', '1')");
    await eventually("heard", () => heard.includes("1"));
    assert.equal(ended.length, before);
  }));

test("after a lost connection every handler is told to look, and hears again", () =>
  using(async (notifications) => {
    const heard = await record(notifications, "place");
    await cutListeners();
    await eventually("told to look", () => heard.filter((payload) => payload === null).length === 2);
    await owner.query("select pg_notify('place', 'again')");
    await eventually("heard", () => heard.includes("again"));
  }));

test("an advisory lock is held by one session at a time and can be taken once released", () =>
  using(async (first) => {
    await using(async (second) => {
      const held = await first.holdAdvisoryLock(41);
      assert.ok(held);
      assert.equal(await second.holdAdvisoryLock(41), null);
      assert.equal(await first.holdAdvisoryLock(41), null);
      await held.release();
      assert.ok(held.lost.aborted);
      assert.ok(await second.holdAdvisoryLock(41));
    });
  }));

test("a lost connection is reported by the lock it held, which another session can then take", () =>
  using(async (first) => {
    const held = await first.holdAdvisoryLock(42);
    assert.ok(held && !held.lost.aborted);
    await cutListeners();
    await eventually("lost", () => held.lost.aborted, 2_000); // at once, not with the next heartbeat
    await using(async (second) => {
      await eventually("taken over", async () => (await second.holdAdvisoryLock(42)) !== null);
    });
  }));

test("a lock that is kept is taken again by the next session, which is told, and closing lets it go", async () => {
  let countHeldAgain = 0;
  await using(async (keeping) => {
    await keeping.keepAdvisoryLock(45, () => {
      countHeldAgain += 1;
    });
    await using(async (asking) => {
      assert.equal(await asking.holdAdvisoryLock(45), null);
    });
    await cutListeners();
    await eventually("taken again", () => countHeldAgain === 1);
    await using(async (asking) => {
      assert.equal(await asking.holdAdvisoryLock(45), null);
    });
  });
  await using(async (asking) => {
    await eventually("free", async () => (await asking.holdAdvisoryLock(45)) !== null);
  });
});

test("a lock that somebody else has for a moment is taken as soon as it is free", () =>
  using(async (first) => {
    const held = await first.holdAdvisoryLock(46);
    await using(async (keeping) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      await keeping.keepAdvisoryLock(46, resolve);
      await held?.release();
      await promise;
      assert.equal(await first.holdAdvisoryLock(46), null);
    });
  }));

test("closing releases the locks", async () => {
  await using(async (notifications) => void (await notifications.holdAdvisoryLock(43)));
  await using(async (notifications) => {
    await eventually("free", async () => (await notifications.holdAdvisoryLock(43)) !== null);
  });
});

test("asking for a lock while the database is away fails as transient within the time limit", async () => {
  const notifications = openNotifications({
    address: { url: "postgres://nobody@%2Fnonexistent/none" },
    timers: systemTimers,
    log: silentLog,
  });
  const startMs = performance.now();
  await assert.rejects(notifications.holdAdvisoryLock(44), (error) => error instanceof CodedError && error.code === "database_away");
  assert.ok(performance.now() - startMs < 5_000);
  await notifications.close();
});
