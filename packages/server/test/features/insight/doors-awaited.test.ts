import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { systemTimers } from "@postern/core";
import { DoorsAwaited } from "../../../src/features/insight/doors-awaited.ts";
import { preferredWaitS } from "../../../src/platform/http/prefer-wait.ts";
import { eventually } from "../../support/index.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

const CONTROLLERS = [178, 1, 2] as const;
let server: FeatureServer;
let count = 0;
before(async () => {
  server = await startFeatureServer();
  for (const id of [1, 2])
    await server.test.database.execute(
      "insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, $3, 'more', 0)",
      [id, PLACE_ID, `90000000${id}`],
    );
});
beforeEach(() =>
  server.test.database.execute("update controllers set connected_instance = 1, session_number = 1 where place_id = $1", [PLACE_ID]),
);
after(() => server[Symbol.asyncDispose]());

const head = async (): Promise<number> => {
  const [row] = await server.test.database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [PLACE_ID]);
  return row?.revision ?? 0;
};

/** As a session of this process says it. */
function confirm(controllerId: number, revision: number, session = 1): void {
  const confirmed = { revision, digest: "0".repeat(64), atMs: 1 };
  server.confirmations.add({
    ...{ controllerId, placeId: PLACE_ID, session, doorIds: [], urgentRevision: revision, confirmed, failures: [], atMs: 1 },
    reported: { ...confirmed, expected: confirmed.digest },
  });
}

function create(surface: "v1" | "v2", prefer: string): Promise<Answer> {
  count += 1;
  const key = `waited-${count}`;
  const native = { userKey: key, startAt: 1_000, endAt: 2_000, doors: "all" };
  const body = surface === "v1" ? bodyOf(key, { credentials: { cards: [csn(String(70_000 + count))] } }) : native;
  return server.call("POST", `/${surface}/places/${PLACE_ID}/auths`, { body, headers: { prefer } });
}

async function whenChanged(before: number): Promise<number> {
  for (;;) {
    const now = await head();
    if (now > before) return now;
  }
}

for (const surface of ["v1", "v2"] as const)
  test(`an enrolment on ${surface} that waits is answered once the last connected controller has confirmed, and says who has it`, async () => {
    const before = await head();
    const answering = create(surface, "wait=20");
    const revision = await whenChanged(before);
    let isAnswered = false;
    void answering.then(() => {
      isAnswered = true;
    });
    confirm(1, revision);
    confirm(2, revision);
    await server.confirmations.flush();
    // An older revision is no confirmation.
    confirm(178, revision - 1);
    await server.confirmations.flush();
    await head();
    assert.equal(isAnswered, false);
    confirm(178, revision);
    const { status, headers } = await answering;
    assert.equal(status, surface === "v1" ? 200 : 201);
    assert.deepEqual(
      [headers["preference-applied"], headers["postern-doors"]],
      ["wait=20", `revision=${revision}, confirmed=(1 2 178), waiting=(), failed=(), away=()`],
    );
  });

test("a revocation is told who is away, without being kept waiting for them", async () => {
  const made = await create("v2", "handling=strict");
  assert.equal(made.headers["postern-doors"], undefined, "nobody is waited for unasked");
  const { authId } = made.body as { authId: number };
  await server.test.database.execute("update controllers set connected_instance = null where controller_id = 1");
  const before = await head();
  const answering = server.call("DELETE", `/v2/auths/${authId}`, { headers: { prefer: "respond-async, wait=20" } });
  const revision = await whenChanged(before);
  for (const controllerId of [2, 178]) confirm(controllerId, revision);
  const { status, headers } = await answering;
  assert.deepEqual([status, headers["postern-doors"]], [204, `revision=${revision}, confirmed=(2 178), waiting=(), failed=(), away=(1)`]);
});

test("when the time is over the answer names who has not confirmed, and the change stands", async () => {
  const { status, headers } = await create("v2", "wait=6");
  assert.equal(status, 201);
  assert.match(String(headers["postern-doors"]), /confirmed=\(\), waiting=\(1 2 178\), failed=\(\), away=\(\)$/);
});

test("a confirmation of a session that is over is waited past", async () => {
  const before = await head();
  const answering = create("v2", "wait=1");
  const revision = await whenChanged(before);
  for (const controllerId of CONTROLLERS) confirm(controllerId, revision, 0);
  assert.match(String((await answering).headers["postern-doors"]), /waiting=\(1 2 178\)/);
});

test("confirmations that came to another process are found by the poll that all waiters share", async () => {
  const { authId } = (await create("v2", "")).body as { authId: number };
  const revision = await head();
  const awaited = new DoorsAwaited({ database: server.test.database, confirmations: server.confirmations, timers: systemTimers });
  const wait = { waitMs: 10_000, signal: new AbortController().signal };
  const answering = [awaited.wait(authId, wait), awaited.wait(authId, wait), awaited.wait(authId, wait)];
  await eventually("three who wait", () => awaited.count === 3);
  // The look that each began with is over before anything is confirmed.
  await head();
  await server.test.database.execute("update controllers set confirmed_revision = $2 where place_id = $1", [PLACE_ID, revision]);
  const startedMs = performance.now();
  for (const { controllers } of await Promise.all(answering)) assert.ok(controllers.every(({ state }) => state === "confirmed"));
  assert.ok(performance.now() - startedMs < 5_000, "nobody waited for the end of their time");
  assert.equal(awaited.count, 0);
});

test("many who wait leave the database's connections to others", async () => {
  const before = await head();
  // Twice as many as the pool has connections.
  const answering = Array.from({ length: 40 }, () => create("v2", "wait=20"));
  let revision = before;
  while (revision < before + answering.length) revision = await whenChanged(revision);
  const { status } = await server.call("GET", `/v2/places/${PLACE_ID}/sync`);
  assert.equal(status, 200);
  for (const controllerId of CONTROLLERS) confirm(controllerId, revision);
  const answers = await Promise.all(answering);
  assert.ok(answers.every(({ headers }) => /waiting=\(\)/.test(String(headers["postern-doors"]))));
});

test("a preference for more than thirty seconds is cut to that, and one that cannot be read is none", () => {
  assert.deepEqual(
    ["wait=5", "respond-async, wait=600", 'Wait = "7"; x=y', "wait=abc", "wait=-1", "wait", "", undefined].map((header) =>
      preferredWaitS(header),
    ),
    [5, 30, 7, null, null, null, null, null],
  );
});
