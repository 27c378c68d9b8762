import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import type { ControllerResource, LostController } from "@postern/contract";
import { silentLog, systemTimers } from "@postern/core";
import { CONTROLLERS_CHANGED_CHANNEL } from "../../../src/gateway/controller-store.ts";
import { type Notifications, openNotifications } from "../../../src/platform/notifications.ts";
import { eventually } from "../../support/index.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { problemOf } from "../support/problems.ts";

let server: FeatureServer;
let notifications: Notifications;
/** The serials that every process was told of. */
const told: string[] = [];
before(async () => {
  server = await startFeatureServer();
  notifications = openNotifications({ address: { url: server.test.appUrl }, timers: systemTimers, log: silentLog });
  let isListening = false;
  notifications.listen(CONTROLLERS_CHANGED_CHANNEL, (payload) => {
    isListening = true;
    if (payload !== null) told.push(payload);
  });
  await eventually("the listening", async () => isListening);
});
after(async () => {
  await notifications.close();
  await server[Symbol.asyncDispose]();
});

const CONTROLLERS = `/v2/places/${PLACE_ID}/controllers`;

function ok<Body>({ status, body }: Answer): Body {
  assert.ok(status < 300, JSON.stringify(body));
  return body as Body;
}

let nextDoorId = 700_000;
async function newDoor(placeId = PLACE_ID): Promise<number> {
  nextDoorId += 1;
  await server.test.database.execute("insert into doors values ($1, $2, null, 'door', '{}', 0)", [nextDoorId, placeId]);
  return nextDoorId;
}

async function made(doorIds: readonly number[], call: Call = {}): Promise<ControllerResource> {
  return ok(await server.call("POST", CONTROLLERS, { body: { name: "lobby", doorIds }, ...call }));
}

async function claimed(controllerId: number): Promise<void> {
  const { code } = ok<{ code: string }>(await server.call("POST", `/v2/controllers/${controllerId}/claim-codes`));
  const { kty, crv, x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  ok(await server.call("POST", "/v2/claims", { body: { code, publicKey: { kty, crv, x } } }));
}

interface Stored {
  readonly public_key: unknown;
  readonly session_number: number;
  readonly connected_instance: number | null;
}

async function stored(controllerId: number): Promise<Stored | undefined> {
  const [row] = await server.test.database.query<Stored>("select * from controllers where controller_id = $1", [controllerId]);
  return row;
}

async function auditOf(controllerId: number): Promise<readonly string[]> {
  const text = "select action, key_id, source, detail from audit where target_kind = 'controller' and target_id = $1 order by audit_id";
  const rows = await server.test.database.query<{ action: string; key_id: string | null; source: string; detail: unknown }>(text, [
    String(controllerId),
  ]);
  return rows.map(({ action, key_id, source, detail }) => `${action} ${key_id ?? source} ${JSON.stringify(detail)}`);
}

function change(controllerId: number, body: object): Promise<Answer> {
  return server.call("PATCH", `/v2/controllers/${controllerId}`, { body });
}

test("controllers come in pages, each once, and are read one by one by who may see devices there", async () => {
  for (let count = 0; count < 3; count += 1) await made([await newDoor()]);
  const found: number[] = [];
  for (let after = ""; ; ) {
    const page = ok<{ items: ControllerResource[]; next?: string }>(await server.call("GET", `${CONTROLLERS}?limit=2${after}`));
    found.push(...page.items.map((item) => item.controllerId));
    if (page.next === undefined) break;
    after = `&after=${page.next}`;
  }
  const rows = await server.test.database.query<{ id: number }>(
    "select controller_id as id from controllers where place_id = $1 order by 1",
    [PLACE_ID],
  );
  assert.deepEqual(
    found,
    rows.map((row) => row.id),
  );
  const [id = 0] = found;
  const one = ok<ControllerResource>(await server.call("GET", `/v2/controllers/${id}`));
  assert.equal(one.controllerId, id);
  assert.equal(problemOf(await server.call("GET", `/v2/controllers/${id}`, { key: "people" })), "403 not_permitted");
  for (const key of ["foreign", "second"]) {
    const [hidden, missing] = [
      await server.call("GET", `/v2/controllers/${id}`, { key }),
      await server.call("GET", "/v2/controllers/999999", { key }),
    ];
    assert.deepEqual(hidden.body, missing.body);
    assert.equal(hidden.status, 404);
  }
});

test("a repeat with the same Idempotency-Key makes one controller", async () => {
  const doorIds = [await newDoor()];
  const headers = { "idempotency-key": "controller" };
  const [one, again] = [await made(doorIds, { headers }), await made(doorIds, { headers })];
  assert.equal(again.controllerId, one.controllerId);
});

test("other doors end the session in every process; a new name does not", async () => {
  const [kept, given, taken] = [await newDoor(), await newDoor(), await newDoor()];
  const { controllerId, serial } = await made([kept, taken]);
  await claimed(controllerId);
  await eventually("the claim", async () => told.includes(serial));
  told.length = 0;
  await server.test.database.execute("update controllers set session_number = 7, connected_instance = 3 where controller_id = $1", [
    controllerId,
  ]);
  const renamed = ok<ControllerResource>(await change(controllerId, { name: "north", doorIds: [taken, kept] }));
  assert.deepEqual([renamed.name, renamed.connected, (await stored(controllerId))?.session_number], ["north", true, 7]);
  const moved = ok<ControllerResource>(await change(controllerId, { doorIds: [given, kept] }));
  assert.deepEqual([moved.doorIds, moved.connected, (await stored(controllerId))?.session_number], [[kept, given], false, 8]);
  await eventually("the notification", async () => told.length > 0);
  assert.deepEqual(told, [serial]);
  // The door that was let go can be given to another.
  assert.deepEqual((await made([taken])).doorIds, [taken]);
  assert.deepEqual((await auditOf(controllerId)).slice(-2), [
    'controller.change all {"changed":["name"]}',
    'controller.change all {"changed":["doorIds"]}',
  ]);
});

test("doors that another controller serves, of another place and of nobody are refused, and nothing is changed", async () => {
  const [mine, others, foreign] = [await newDoor(), await newDoor(), await newDoor(server.second.placeId)];
  const { controllerId } = await made([mine]);
  await made([others]);
  const before = await stored(controllerId);
  assert.equal(problemOf(await change(controllerId, { name: "x", doorIds: [mine, others] })), "409 conflict doorIds");
  for (const doorId of [foreign, 999_999_999]) {
    assert.equal(problemOf(await change(controllerId, { name: "x", doorIds: [mine, doorId] })), "400 argument_invalid doorIds");
  }
  assert.equal(problemOf(await change(controllerId, { doorIds: [] })), "400 argument_invalid doorIds");
  assert.deepEqual(await stored(controllerId), before);
  assert.equal(problemOf(await change(999_999, { name: "x" })), "404 not_found controllerId");
});

test("two controllers asked to take one door at once: one gets it", async () => {
  const doorId = await newDoor();
  const rivals = [await made([await newDoor()]), await made([await newDoor()])];
  const answers = await Promise.all(rivals.map(({ controllerId, doorIds }) => change(controllerId, { doorIds: [...doorIds, doorId] })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409]);
});

test("a controller that is taken away leaves its doors to another, its key opens nothing, and what it was asked stays readable", async () => {
  const doorId = await newDoor();
  const { controllerId, serial } = await made([doorId]);
  await claimed(controllerId);
  const insert = `insert into door_commands(command_id, place_id, door_id, controller_id, command, act_at, not_after, state, asked_by, made_at)
    values ($1, $2, $3, $4, 'ONCE_OPEN', 0, 9000000000000, 'waiting', 'all', 0)`;
  await server.test.database.execute(insert, [controllerId, PLACE_ID, doorId, controllerId]);
  told.length = 0;
  assert.equal((await server.call("DELETE", `/v2/controllers/${controllerId}`)).status, 204);
  assert.equal(await stored(controllerId), undefined);
  await eventually("the notification", async () => told.includes(serial));
  const command = ok<{ state: string; reason: string }>(await server.call("GET", `/v2/commands/${controllerId}`));
  assert.deepEqual([command.state, command.reason], ["failed", "controller_deleted"]);
  assert.deepEqual((await made([doorId])).doorIds, [doorId]);
  assert.equal(problemOf(await server.call("DELETE", `/v2/controllers/${controllerId}`)), "404 not_found controllerId");
  assert.equal((await auditOf(controllerId)).at(-1), "controller.delete all null");
});

test("a lost controller's key and code are refused at once, and the answer names those whose secrets it held, by its doors", async () => {
  const [door, other] = [await newDoor(), await newDoor()];
  const { controllerId, serial } = await made([door]);
  await claimed(controllerId);
  const { code } = ok<{ code: string }>(await server.call("POST", `/v2/controllers/${controllerId}/claim-codes`));
  const enrol = async (key: string, doorIds: readonly number[], credentials: Record<string, unknown>): Promise<number> => {
    const auth = { doorAccessType: "SPECIFIC", doorIds };
    const answer = await server.call("POST", `/v1/places/${PLACE_ID}/auths`, {
      body: bodyOf(key, { auth, credentials, user: { name: key } }),
    });
    return ok<{ data: { authId: number } }>(answer).data.authId;
  };
  const pin = await enrol("lost-pin", [door], { pin: "4711", cards: [csn("900001")] });
  await enrol("lost-card", [door], { cards: [csn("900002")] });
  await enrol("lost-elsewhere", [other], { pin: "4712" });
  const gone = await enrol("lost-gone", [door], { pin: "4713" });
  ok(await server.call("DELETE", `/v1/auths/${gone}`));
  await server.test.database.execute(
    "update controllers set session_number = 5, connected_instance = 3, confirmed_revision = 9 where controller_id = $1",
    [controllerId],
  );
  told.length = 0;
  server.nowMs += 1_000;

  const lost = ok<LostController>(await server.call("POST", `/v2/controllers/${controllerId}/lost`));
  assert.deepEqual(lost, {
    controllerId,
    lostAt: server.nowMs,
    toRenew: [{ authId: pin, userKey: "lost-pin", name: "lost-pin", credentials: ["PIN"] }],
    toRenewCount: 1,
  });
  const row = await stored(controllerId);
  assert.deepEqual([row?.public_key, row?.session_number, row?.connected_instance], [null, 6, null]);
  await eventually("the notification", async () => told.includes(serial));
  const shown = ok<ControllerResource>(await server.call("GET", `/v2/controllers/${controllerId}`));
  assert.deepEqual([shown.claimed, shown.lostAt, shown.connected, shown.confirmedRevision], [false, lost.lostAt, false, 0]);
  const key = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const publicKey = { kty: key.kty, crv: key.crv, x: key.x };
  assert.equal(problemOf(await server.call("POST", "/v2/claims", { body: { code, publicKey } })), "400 claim_code_wrong");

  // Said again it is the same loss; claimed anew it is lost no longer.
  server.nowMs += 1_000;
  assert.deepEqual(ok(await server.call("POST", `/v2/controllers/${controllerId}/lost`)), lost);
  await claimed(controllerId);
  const anew = ok<ControllerResource>(await server.call("GET", `/v2/controllers/${controllerId}`));
  assert.deepEqual([anew.claimed, anew.lostAt], [true, null]);
  assert.deepEqual(
    (await auditOf(controllerId)).map((entry) => entry.split(" ").slice(0, 2).join(" ")),
    [
      "controller.create all",
      "controller.claim_code all",
      "controller.claim SYSTEM",
      "controller.claim_code all",
      "controller.lose all",
      "controller.claim_code all",
      "controller.claim SYSTEM",
    ],
  );
});
