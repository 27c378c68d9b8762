import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { type Random, seededRandom } from "@postern/core";
import { SELECTORS_COUNT, selectorOf } from "../../../src/features/controllers/claim-code.ts";
import {
  CLAIM_BODY_BYTES_MAX,
  CLAIM_CODE_LIFETIME_MS,
  CLAIM_TRIES_COUNT_MAX,
  CLAIMS_COUNT_MAX,
  CLAIMS_WINDOW_MS,
  CONTROLLERS_PER_PLACE_MAX,
} from "../../../src/features/controllers/limits.ts";
import type { Answer, HttpWorld } from "../../http/http-world.ts";
import { type LogLine, recordingLog } from "../../http/http-world.ts";
import { createKeysWorld, type KeysWorld } from "../keys/keys-world.ts";

const PLACE = 501;
let world: KeysWorld;
let http: HttpWorld;
let key: string;
const claimed: string[] = [];
const lines: LogLine[] = [];
/** What the next serials are drawn from, where a test wants a say in it. */
let random: Random = seededRandom(1);

before(async () => {
  world = await createKeysWorld();
  http = await world.serve({
    deps: {
      random: { int: (below) => random.int(below), bytes: (length) => random.bytes(length) },
      log: recordingLog(lines),
      controllerChanged: (serial) => void claimed.push(serial),
    },
  });
  key = (await world.rootKey({ expiresAtMs: world.time.nowMs + 1_000 * 86_400_000 })).key;
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});
afterEach(() => {
  claimed.length = 0;
  world.time.nowMs += CLAIMS_WINDOW_MS; // a window of attempts for each test
});

let nextDoorId = 700_000;
async function newDoor(placeId = PLACE): Promise<number> {
  nextDoorId += 1;
  const doorId = nextDoorId;
  await world.test.database.execute("insert into doors values ($1, $2, null, 'door', '{}', 0)", [doorId, placeId]);
  return doorId;
}

function create(body: object, { placeId = PLACE, by = key } = {}): Promise<Answer> {
  return http.call("POST", `/v2/places/${placeId}/controllers`, { key: by, body: JSON.stringify({ name: "lobby", ...body }) });
}

async function created(): Promise<{ controllerId: number; serial: string; doorIds: number[] }> {
  const answer = await create({ doorIds: [await newDoor()] });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

async function codeFor(controllerId: number): Promise<{ code: string; expiresAt: number }> {
  const answer = await http.call("POST", `/v2/controllers/${controllerId}/claim-codes`, { key });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

function newPublicKey(): { kty: string; crv: string; x: string } {
  const { kty = "", crv = "", x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return { kty, crv, x };
}

function claim(code: string, publicKey: object = newPublicKey()): Promise<Answer> {
  return http.call("POST", "/v2/claims", { key: null, body: JSON.stringify({ code, publicKey }) });
}

/** Another code of the same controller: right in front, wrong behind. */
function wrongFor(code: string): string {
  return `${code.slice(0, -1)}${code.endsWith("0") ? "1" : "0"}`;
}

interface StoredController {
  readonly public_key: unknown;
  readonly claimed_at: number | null;
  readonly session_number: number;
  readonly connected_instance: number | null;
  readonly confirmed_revision: number;
  readonly confirmed_digest: string | null;
}

async function stored(controllerId: number): Promise<StoredController> {
  const [row] = await world.test.database.query<StoredController>("select * from controllers where controller_id = $1", [controllerId]);
  assert.ok(row !== undefined);
  return row;
}

test("a controller is made for doors of its place, with a serial of nine digits, unclaimed and not connected", async () => {
  const doorIds = [await newDoor(), await newDoor()];
  const answer = await create({ doorIds: [doorIds[1], doorIds[0]] });
  assert.equal(answer.status, 201);
  const { controllerId, serial, ...rest } = answer.body;
  assert.ok(controllerId >= 1_000);
  assert.match(serial, /^[1-9]\d{8}$/);
  const times = { claimedAt: null, lostAt: null, connectedAt: null, lastHeardAt: null, confirmedAt: null };
  const nothing = { ...times, clockOffsetMs: null, software: null, confirmedDigest: null };
  const revisions = { wantedRevision: 0, urgentRevision: 0, confirmedRevision: 0 };
  assert.deepEqual(rest, {
    placeId: PLACE,
    name: "lobby",
    doorIds,
    claimed: false,
    connected: false,
    failures: [],
    ...nothing,
    ...revisions,
  });
});

test("a door of another place, of nobody and one that is served already are refused, and nothing is made", async () => {
  const { doorIds } = await created();
  const [foreign, free] = [await newDoor(503), await newDoor()];
  const count = async () => (await world.test.database.query("select 1 from controllers")).length;
  const before = await count();
  for (const doorId of [foreign, 999_999_999]) {
    const answer = await create({ doorIds: [free, doorId] });
    assert.deepEqual(
      [answer.status, answer.body.errors],
      [400, [{ field: "doorIds", message: "names no door of this place", rejectedValue: doorId }]],
    );
  }
  const split = await create({ doorIds: [free, doorIds[0]] });
  assert.deepEqual([split.status, split.body.code, split.body.errors[0].rejectedValue], [409, "conflict", doorIds[0]]);
  assert.equal(await count(), before);
  assert.equal((await create({ doorIds: [free] })).status, 201);
});

test("two controllers asked for one door at once: one gets it", async () => {
  const doorId = await newDoor();
  const answers = await Promise.all(Array.from({ length: 4 }, () => create({ doorIds: [doorId] })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409, 409]);
});

test("a body that is not a controller's is refused by field: no name, no doors, more than thirty-two", async () => {
  const fieldsOf = async (body: object) => (await create(body)).body.errors.map((error: { field: string }) => error.field);
  assert.deepEqual(await fieldsOf({ name: " ".repeat(65), doorIds: [] }), ["name", "doorIds"]);
  assert.deepEqual(await fieldsOf({ doorIds: [1, 1], serial: "1" }), ["doorIds", "serial"]);
  assert.deepEqual(await fieldsOf({ doorIds: Array.from({ length: 33 }, (_, index) => index + 1) }), ["doorIds"]);
  assert.deepEqual(await fieldsOf({ doorIds: ["x"] }), ["doorIds[0]"]);
});

test("no two controllers, and no controller and device, share a serial", async () => {
  const fixed = (...numbers: number[]): Random => ({ int: () => numbers.shift() ?? 5, bytes: () => new Uint8Array() });
  await world.test.database.execute("update devices set serial = '100000003' where device_id = (select min(device_id) from devices)");
  random = fixed(2);
  assert.equal((await created()).serial, "100000002");
  random = fixed(2, 3, 4);
  assert.equal((await created()).serial, "100000004");
  random = fixed(2, 3, 6);
  const door = await http.call("POST", `/v2/places/${PLACE}/doors`, { key, body: JSON.stringify({ name: "drawn" }) });
  const device = await http.call("GET", `/v2/devices/${door.body.entryDeviceId}`, { key });
  assert.equal(device.body.serial, "100000006");
  random = fixed(2, 2, 2, 2, 2, 2, 2, 2, 2);
  const answer = await create({ doorIds: [await newDoor()] });
  assert.equal(answer.status, 500);
  random = seededRandom(2);
});

test("the list of a place shows each controller as it is: its doors, its connection, and what it has confirmed of what is wanted", async () => {
  const { controllerId, doorIds } = await created();
  await world.test.database.execute("update roster_heads set revision = 9 where place_id = $1", [PLACE]);
  await world.test.database.execute(
    `update controllers set connected_instance = 1, connected_at = 5, last_heard_at = 6, clock_offset_ms = -7, urgent_revision = 8, confirmed_revision = 7,
       confirmed_digest = 'abc', confirmed_at = 6, failures = '[{"key":"auth:1","revision":3,"code":"item_unsupported"}]' where controller_id = $1`,
    [controllerId],
  );
  const list = await http.call("GET", `/v2/places/${PLACE}/controllers`, { key });
  const shown = list.body.items.find((each: { controllerId: number }) => each.controllerId === controllerId);
  const { serial: _serial, name: _name, ...rest } = shown;
  assert.deepEqual(rest, {
    controllerId,
    placeId: PLACE,
    doorIds,
    claimed: false,
    claimedAt: null,
    lostAt: null,
    software: null,
    connected: true,
    connectedAt: 5,
    lastHeardAt: 6,
    clockOffsetMs: -7,
    wantedRevision: 9,
    urgentRevision: 8,
    confirmedRevision: 7,
    confirmedDigest: "abc",
    confirmedAt: 6,
    failures: [{ key: "auth:1", revision: 3, code: "item_unsupported" }],
  });
  assert.ok(list.body.items.every((each: { controllerId: number }) => each.controllerId !== world.second.controllerId));
});

test("a code claims its controller once: the key is registered and the answer says where to connect", async () => {
  const { controllerId, serial } = await created();
  const { code, expiresAt } = await codeFor(controllerId);
  assert.equal(expiresAt, world.time.nowMs + 30 * 60_000);
  const publicKey = newPublicKey();
  const answer = await claim(code.toLowerCase().replace("-", " "), { ...publicKey, kid: "ignored" });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { controllerId, serial, placeId: PLACE, mqttUrl: "mqtt://127.0.0.1:1883" });
  assert.deepEqual((await stored(controllerId)).public_key, publicKey);
  assert.deepEqual(claimed, [serial]);
  const again = await claim(code);
  assert.deepEqual([again.status, again.body.code], [400, "claim_code_wrong"]);
  assert.deepEqual((await stored(controllerId)).public_key, publicKey);
});

test("a second claim replaces the key, makes the running session stale and takes back what the former holder had confirmed", async () => {
  const { controllerId, serial } = await created();
  await claim((await codeFor(controllerId)).code);
  await world.test.database.execute(
    "update controllers set session_number = 41, connected_instance = 3, confirmed_revision = 7, confirmed_digest = 'abc', confirmed_at = 1 where controller_id = $1",
    [controllerId],
  );
  const publicKey = newPublicKey();
  assert.equal((await claim((await codeFor(controllerId)).code, publicKey)).status, 200);
  const { session_number, connected_instance, confirmed_revision, confirmed_digest, public_key } = await stored(controllerId);
  assert.deepEqual([session_number, connected_instance, confirmed_revision, confirmed_digest, public_key], [42, null, 0, null, publicKey]);
  assert.deepEqual(claimed, [serial, serial]);
});

test("a new code makes the former one void, with fresh tries", async () => {
  const { controllerId } = await created();
  const former = await codeFor(controllerId);
  for (let guess = 0; guess < CLAIM_TRIES_COUNT_MAX; guess += 1) await claim(wrongFor(former.code));
  const fresh = await codeFor(controllerId);
  assert.equal((await claim(former.code)).body.code, "claim_code_wrong");
  assert.equal((await claim(fresh.code)).status, 200);
});

test("five wrong guesses at one controller's code void it, for its holder too, and touch no other controller's", async () => {
  const [mine, other] = [await created(), await created()];
  const [code, otherCode] = [(await codeFor(mine.controllerId)).code, (await codeFor(other.controllerId)).code];
  for (let guess = 0; guess < CLAIM_TRIES_COUNT_MAX; guess += 1) assert.equal((await claim(wrongFor(code))).body.code, "claim_code_wrong");
  for (const typed of [code, wrongFor(code)]) {
    const late = await claim(typed);
    assert.deepEqual([late.status, late.body.code], [400, "claim_code_expired"]);
  }
  assert.equal((await stored(mine.controllerId)).public_key, null);
  assert.equal((await claim(otherCode)).status, 200);
});

test("of guesses made at once no more than five are judged", async () => {
  const { controllerId } = await created();
  const { code } = await codeFor(controllerId);
  const answers = await Promise.all(Array.from({ length: 15 }, () => claim(wrongFor(code))));
  const judged = answers.filter((answer) => answer.body.code === "claim_code_wrong");
  assert.equal(judged.length, CLAIM_TRIES_COUNT_MAX);
  assert.equal((await claim(code)).body.code, "claim_code_expired");
});

test("a code is good until the very end of its thirty minutes and not a millisecond longer", async () => {
  const [early, late] = [await created(), await created()];
  const [earlyCode, lateCode] = [await codeFor(early.controllerId), await codeFor(late.controllerId)];
  world.time.nowMs += CLAIM_CODE_LIFETIME_MS - 1;
  assert.equal((await claim(earlyCode.code)).status, 200);
  world.time.nowMs += 1;
  assert.equal((await claim(lateCode.code)).body.code, "claim_code_expired");
  assert.equal((await stored(late.controllerId)).public_key, null);
});

test("two controllers that share a selector are claimed each by its own code, and a guess counts against both", async () => {
  const mine = await created();
  const twinId = mine.controllerId + SELECTORS_COUNT;
  assert.equal(selectorOf(twinId), selectorOf(mine.controllerId));
  await world.test.database.execute(
    "insert into controllers(controller_id, place_id, serial, name, made_at) values ($1, $2, '999999991', 'twin', 0)",
    [twinId, PLACE],
  );
  const [code, twinCode] = [(await codeFor(mine.controllerId)).code, (await codeFor(twinId)).code];
  assert.equal(code.slice(0, 3), twinCode.slice(0, 3));
  assert.equal((await claim(twinCode)).body.controllerId, twinId);
  assert.equal((await stored(mine.controllerId)).public_key, null);
  const again = (await codeFor(twinId)).code;
  const guess = `${code.slice(0, 3)}${code[3]}-0000`;
  for (let count = 0; count < CLAIM_TRIES_COUNT_MAX; count += 1) assert.equal((await claim(guess)).status, 400);
  for (const voided of [code, again]) assert.equal((await claim(voided)).body.code, "claim_code_expired");
});

test("one source has twenty attempts a minute, whatever codes it tries; then even a good one waits", async () => {
  const { controllerId } = await created();
  const { code } = await codeFor(controllerId);
  for (let attempt = 0; attempt < CLAIMS_COUNT_MAX; attempt += 1) assert.equal((await claim("ZZZZ-ZZZZ")).status, 400);
  const over = await claim(code);
  assert.deepEqual([over.status, over.body.code, over.headers.get("retry-after")], [429, "too_many_requests", "60"]);
  world.time.nowMs += CLAIMS_WINDOW_MS;
  assert.equal((await claim(code)).status, 200);
});

test("a claim without a proper public key costs no try and registers nothing; a private half is sent back", async () => {
  const { controllerId } = await created();
  const { code } = await codeFor(controllerId);
  const good = newPublicKey();
  const bad: [object, string][] = [
    [{ ...good, kty: "EC" }, "publicKey.kty"],
    [{ ...good, crv: "X25519" }, "publicKey.crv"],
    [{ ...good, x: "AAAA" }, "publicKey.x"],
    [{ ...good, x: `${good.x.slice(0, -1)}B` }, "publicKey.x"],
    [{ ...good, d: good.x }, "publicKey"],
    [{}, "publicKey.kty"],
  ];
  for (const [publicKey, field] of bad) {
    const answer = await claim(code, publicKey);
    assert.deepEqual([answer.status, answer.body.errors[0].field], [400, field], JSON.stringify(publicKey));
    assert.ok(!answer.text.includes(good.x.slice(0, 20)));
  }
  assert.equal((await claim(code, good)).status, 200);
});

test("a body that is larger than any claim is not read for somebody without a key", async () => {
  const answer = await http.call("POST", "/v2/claims", { key: null, body: " ".repeat(CLAIM_BODY_BYTES_MAX + 1) });
  assert.deepEqual([answer.status, answer.body.code], [413, "body_too_large"]);
});

test("neither the code nor its hash without our key can be had from the database, an answer or the log", async () => {
  const { controllerId } = await created();
  const { code } = await codeFor(controllerId);
  const refused = await claim(wrongFor(code));
  const table = JSON.stringify(await world.test.database.query("select *, encode(code_hash, 'hex') as hex from claim_codes"));
  for (const text of [table, refused.text, JSON.stringify(lines), JSON.stringify(http.lines)]) {
    assert.ok(!text.includes(code) && !text.includes(wrongFor(code)) && !text.includes(code.replace("-", "")));
  }
  assert.ok(lines.some(({ event, fields }) => event === "controller.claim_refused" && fields["because"] === "wrong"));
});

test("a place has a bounded number of controllers, also when several are made at once", async () => {
  await world.test.database.execute(
    `insert into controllers(controller_id, place_id, serial, name, made_at)
     select 800000 + n, 502, (300000000 + n)::text, 'filler', 0 from generate_series(1, $1::int) n`,
    [CONTROLLERS_PER_PLACE_MAX - 2],
  );
  const doorIds = await Promise.all(Array.from({ length: 5 }, () => newDoor(502)));
  const answers = await Promise.all(doorIds.map((doorId) => create({ doorIds: [doorId] }, { placeId: 502 })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409, 409, 409]);
});
