import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { RequestScanAnswer, ResultFrame, Scan, ScanResult } from "@postern/contract";
import { endCommand } from "../../../src/gateway/command-store.ts";
import { dataOf, refusedFor } from "../support/answers.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
let deviceId: number;
let otherDeviceId: number;
before(async () => {
  server = await startFeatureServer();
  deviceId = await deviceOf(234);
  otherDeviceId = await deviceOf(235);
});
after(() => server[Symbol.asyncDispose]());
beforeEach(() => connect(true));

async function deviceOf(doorId: number): Promise<number> {
  const [row] = await server.test.database.query<{ id: number }>("select device_id as id from devices where door_id = $1", [doorId]);
  return row?.id ?? 0;
}

async function connect(isConnected: boolean): Promise<void> {
  const text = "update controllers set connected_instance = $1 where place_id = $2";
  await server.test.database.execute(text, [isConnected ? 1 : null, PLACE_ID]);
}

const ask = (body: object, { key = "all", prefix = "/v1" } = {}): Promise<Answer> =>
  server.call("POST", `${prefix}/credential-scans/request`, { body: { deviceId, ...body }, key });
const request = async (credentialType: "CARD" | "FINGERPRINT", more: object = {}): Promise<RequestScanAnswer> =>
  dataOf(await ask({ credentialType, ...more })) as unknown as RequestScanAnswer;
const resultOf = async ({ token }: { token: string }): Promise<ScanResult> =>
  dataOf(await server.call("GET", `/v1/credential-scans/${token}/result`)) as unknown as ScanResult;

async function commandOf(tokenId: number): Promise<{ commandId: number; controllerId: number }> {
  const [row] = await server.test.database.query<{ commandId: number; controllerId: number }>(
    `select command_id as "commandId", controller_id as "controllerId" from credential_scans join door_commands using (command_id) where scan_id = $1`,
    [tokenId],
  );
  assert.ok(row !== undefined);
  return row;
}

/** The device's controller says what came of it. */
async function say({ tokenId }: { tokenId: number }, result: Omit<ResultFrame, "session" | "commandId">): Promise<void> {
  const { commandId, controllerId } = await commandOf(tokenId);
  const seal = (id: number, plain: Uint8Array): Uint8Array => server.personKeys.sealScanned(id, plain);
  await endCommand(server.test.database, { controllerId, result: { session: 1, commandId, ...result }, nowMs: server.nowMs, seal });
}

const CSN = (cardNumber: string): Omit<ResultFrame, "session" | "commandId"> => ({
  outcome: "done",
  card: { cardNumber, formatType: "CSN" },
});
const templateOf = (name: string): string => Buffer.from(name).toString("base64");
const finger = (name: string, authIds: number[] = []): Omit<ResultFrame, "session" | "commandId"> => ({
  outcome: "done",
  finger: { template: templateOf(name), authIds },
  score: 80,
});

async function scannedCard(cardNumber: string): Promise<RequestScanAnswer> {
  const scan = await request("CARD");
  await say(scan, CSN(cardNumber));
  return scan;
}

async function scannedFinger(name: string, authIds: number[] = []): Promise<RequestScanAnswer> {
  const scan = await request("FINGERPRINT");
  await say(scan, finger(name, authIds));
  return scan;
}

const create = (userKey: string, registrationTokens: unknown, credentials: object = {}): Promise<Answer> => {
  const base = { activeStatus: "ACTIVE", startTime: 1_000, endTime: 2_000, doorAccessType: "ALL_DOOR", scheduleType: "ALWAYS" };
  const auth = { ...base, credentials: { name: userKey, ...credentials }, registrationTokens };
  return server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body: { user: { key: userKey }, auth } });
};

interface Held {
  readonly cards: string[];
  readonly fingerprintCount: number;
}

async function held(authId: number): Promise<Held> {
  const { credentials } = (await server.call("GET", `/v2/auths/${authId}`)).body as {
    credentials: { cards: { cardNumber: string }[]; fingerprintCount: number };
  };
  return { cards: credentials.cards.map((card) => card.cardNumber), fingerprintCount: credentials.fingerprintCount };
}

test("a card scan goes from NONE over SCANNING to COMPLETED, under every prefix, and names who holds the card already", async () => {
  const asked = await request("CARD");
  const { token, tokenId, ...rest } = asked;
  assert.match(token, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, { credentialType: "CARD", timeout: 10, expiredAt: server.nowMs + 600_000 });
  const base = { tokenId, token, credentialType: "CARD", expiredAt: rest.expiredAt };
  assert.deepEqual(await resultOf(asked), { ...base, status: "NONE" });
  const { commandId } = await commandOf(tokenId);
  await server.test.database.execute("update door_commands set state = 'sent' where command_id = $1", [commandId]);
  assert.deepEqual(await resultOf(asked), { ...base, status: "SCANNING" });
  await say(asked, { outcome: "done", card: { cardNumber: "12-123", formatType: "WIEGAND", formatData: "34" } });
  const card = { cardNumber: "12-123", formatType: "WIEGAND", formatData: "34" };
  assert.deepEqual(await resultOf(asked), { ...base, status: "COMPLETED", card, duplicatedAuthIds: [] });
  const holder = dataOf(await create("holder", [token])) as unknown as { authId: number };
  for (const prefix of ["/v1/be", "/api/v1"]) {
    const { body } = await server.call("GET", `${prefix}/credential-scans/${token.toUpperCase()}/result`);
    assert.deepEqual((body as { data: ScanResult }).data.duplicatedAuthIds, [holder.authId]);
  }
});

test("a finger scan tells template, score and threshold on v1, no template on v2, and none stands in the database in the clear", async () => {
  const asked = await request("FINGERPRINT");
  assert.equal(asked.fingerprintScoreThreshold, 50);
  await say(asked, finger("a thumb nobody else has"));
  const seen = await resultOf(asked);
  assert.deepEqual(seen.fingerprint, { template: templateOf("a thumb nobody else has"), score: 80, scoreThreshold: 50 });
  assert.deepEqual([seen.status, seen.score, seen.duplicatedAuthIds], ["COMPLETED", 80, []]);
  const { body } = await server.call("GET", `/v2/scans/${asked.token}`);
  assert.deepEqual([(body as Scan).state, (body as Scan).score], ["completed", 80]);
  assert.ok(!JSON.stringify(body).includes(templateOf("a thumb")), "v2 tells no template");
  const { commandId } = await commandOf(asked.tokenId);
  const [row] = await server.test.database.query<{ text: string }>("select result::text as text from door_commands where command_id = $1", [
    commandId,
  ]);
  assert.ok(row !== undefined && !row.text.includes(templateOf("a thumb nobody else has")));
  assert.ok(!row.text.includes("a thumb nobody"));
});

test("whom the reader knows by a finger is told as far as they have a right here still", async () => {
  const known = dataOf(await create("known", [(await scannedFinger("known")).token])) as unknown as { authId: number };
  const again = await scannedFinger("known", [known.authId, 987_654_321]);
  assert.deepEqual((await resultOf(again)).duplicatedAuthIds, [known.authId]);
});

const FAILURES: readonly (readonly [string, Omit<ResultFrame, "session" | "commandId">])[] = [
  ["LOW_QUALITY", { outcome: "failed", reason: "finger_low_quality", score: 12 }],
  ["TIMEOUT", { outcome: "failed", reason: "finger_not_presented" }],
  ["TIMEOUT", { outcome: "too_late", reason: "command_too_late" }],
  ["CANCELLED", { outcome: "refused", reason: "lockdown" }],
  ["CANCELLED", { outcome: "failed", reason: "device_released" }],
  ["ARGUMENT_ERROR", { outcome: "failed", reason: "device_unknown" }],
  ["UNKNOWN", { outcome: "refused", reason: "no_clock" }],
  ["UNKNOWN", { outcome: "done" }],
];

test("each way in which a scan comes to nothing is FAILED with CLUe's reason, and its token gives nothing to anybody", async () => {
  for (const [failReason, said] of FAILURES) {
    const asked = await request("FINGERPRINT");
    await say(asked, said);
    const seen = await resultOf(asked);
    assert.deepEqual([seen.status, seen.failReason, seen.score], ["FAILED", failReason, said.score], `${said.outcome} ${said.reason}`);
    assert.equal(refusedFor(await create("nobody", [asked.token])), "e1006 auth.registrationTokens[0]");
  }
});

test("a newer request at a device ends the older one as PAST_REQUEST, whatever comes of that later, and not one at another device", async () => {
  const elsewhere = await request("CARD", { deviceId: otherDeviceId });
  const older = await request("CARD");
  const newer = await request("FINGERPRINT");
  await say(older, CSN("1"));
  const seen = await resultOf(older);
  assert.deepEqual([seen.status, seen.failReason, seen.card], ["FAILED", "PAST_REQUEST", undefined]);
  assert.equal((await resultOf(newer)).status, "NONE");
  assert.equal((await resultOf(elsewhere)).status, "NONE");
});

test("with verifyToken another card or finger than that scan's fails as VERIFY_FAIL, and the same one is taken", async () => {
  const first = await scannedFinger("twice");
  const same = await request("FINGERPRINT", { verifyToken: first.token });
  await say(same, finger("twice"));
  assert.equal((await resultOf(same)).status, "COMPLETED");
  const other = await request("FINGERPRINT", { verifyToken: first.token });
  await say(other, finger("another"));
  const seen = await resultOf(other);
  assert.deepEqual([seen.status, seen.failReason, seen.fingerprint], ["FAILED", "VERIFY_FAIL", undefined]);
  assert.equal(refusedFor(await create("nobody", [other.token])), "e1006 auth.registrationTokens[0]");
  for (const verifyToken of ["0".repeat(32), (await request("FINGERPRINT")).token])
    assert.equal(refusedFor(await ask({ credentialType: "FINGERPRINT", verifyToken })), "e1007 verifyToken");
  assert.equal(refusedFor(await ask({ credentialType: "CARD", verifyToken: first.token })), "e1007 verifyToken", "of another kind");
});

test("a token gives its card and finger to a new auth once: the same request again finds that auth, any other is refused by name", async () => {
  const tokens = [(await scannedCard("4001")).token, (await scannedFinger("fourth")).token];
  const first = dataOf(await create("fourth", tokens)) as unknown as { authId: number; auth: { credentials: { modes: string[] } } };
  assert.deepEqual(await held(first.authId), { cards: ["4001"], fingerprintCount: 1 });
  assert.deepEqual(first.auth.credentials.modes, ["CARD", "FINGERPRINT"]);
  const again = dataOf(await create("fourth", tokens)) as unknown as { authId: number };
  assert.equal(again.authId, first.authId);
  const counts = await databaseCounts(server.test.database);
  assert.equal(refusedFor(await create("fifth", tokens)), "e1006 auth.registrationTokens[0] auth.registrationTokens[1]");
  assert.equal(refusedFor(await create("fifth", tokens[1])), "e1006 auth.registrationTokens");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  server.nowMs += 600_000;
  assert.equal(
    (dataOf(await create("fourth", tokens)) as unknown as { authId: number }).authId,
    first.authId,
    "when the token is over too",
  );
});

test("a token that is over, unknown or another place's is refused alike, and changes nothing", async () => {
  const over = await scannedCard("5001");
  server.nowMs += 600_000;
  const counts = await databaseCounts(server.test.database);
  const unknown = await create("sixth", ["f".repeat(32)]);
  assert.equal(refusedFor(unknown), "e1007 auth.registrationTokens[0]");
  assert.deepEqual((await create("sixth", [over.token])).body, unknown.body);
  assert.deepEqual(await databaseCounts(server.test.database), counts);
  assert.equal(refusedFor(await server.call("GET", `/v1/credential-scans/${over.token}/result`)), "e1007 token");
  const here = await scannedCard("5002");
  const elsewhere = await server.call("POST", "/v2/places/501/auths", {
    body: { userKey: "elsewhere", startAt: 1_000, endAt: 2_000, doors: "all", registrationTokens: [here.token] },
  });
  assert.deepEqual(
    [elsewhere.status, (elsewhere.body as { errors: { field: string }[] }).errors.map(({ field }) => field)],
    [400, ["registrationTokens[0]"]],
  );
});

test("PATCH lets what was scanned join what the auth holds; PUT what it names; v2 alike", async () => {
  const { authId } = dataOf(
    await create("joined", [(await scannedCard("6001")).token, (await scannedFinger("left")).token]),
  ) as unknown as {
    authId: number;
  };
  const patch = { registrationTokens: [(await scannedFinger("right")).token] };
  dataOf(await server.call("PATCH", `/v1/auths/${authId}`, { body: patch }));
  assert.deepEqual(await held(authId), { cards: ["6001"], fingerprintCount: 2 });
  const { token } = await scannedCard("6002");
  assert.equal((await server.call("PATCH", `/v2/auths/${authId}`, { body: { registrationTokens: [token] } })).status, 200);
  assert.deepEqual(await held(authId), { cards: ["6001", "6002"], fingerprintCount: 2 });
  const put = { credentials: { name: "joined" }, registrationTokens: [(await scannedCard("6003")).token] };
  dataOf(await server.call("PUT", `/v1/places/auths/${authId}`, { body: put }));
  assert.deepEqual(await held(authId), { cards: ["6003"], fingerprintCount: 0 });
  const own = await scannedCard("6003");
  dataOf(await server.call("PATCH", `/v1/auths/${authId}`, { body: { registrationTokens: [own.token] } }));
  assert.deepEqual(await held(authId), { cards: ["6003"], fingerprintCount: 0 });
  assert.equal(((await server.call("GET", `/v2/scans/${own.token}`)).body as Scan).usedBy, authId, "used all the same");
});

test("a scanned card that is somebody else's, one too many and a token that stands twice are named by their token, and nothing is used", async () => {
  dataOf(await create("owner", [], { cards: [{ cardNumber: "7001", formatType: "CSN" }] }));
  const taken = await scannedCard("7001");
  const own = [{ cardNumber: "7002", formatType: "CSN" }];
  assert.equal(refusedFor(await create("thief", [taken.token], { cards: own })), "e1006 auth.registrationTokens[0]");
  const [one, two] = [await scannedCard("7003"), await scannedCard("7004")];
  assert.equal(refusedFor(await create("many", [one.token, two.token], { cards: own })), "e1005 auth.registrationTokens[1]");
  assert.equal(refusedFor(await create("many", [one.token, one.token])), "e1005 auth.registrationTokens[1]");
  const { authId } = dataOf(await create("many", [one.token, two.token])) as unknown as { authId: number };
  assert.deepEqual((await held(authId)).cards, ["7003", "7004"]);
});

test("of two requests at once that want the same token one gets it, and the other is refused by name", async () => {
  const { token } = await scannedFinger("wanted twice");
  const answers = await Promise.all(["first", "second", "third"].map((key) => create(`wants-${key}`, [token])));
  const refusals = answers.filter(({ status }) => status !== 200).map(refusedFor);
  assert.deepEqual(refusals, ["e1006 auth.registrationTokens[0]", "e1006 auth.registrationTokens[0]"]);
});

test("nothing is asked of a device that is away, out of reach or none, without the scope, or for what it cannot scan", async () => {
  const counts = await databaseCounts(server.test.database);
  assert.equal(refusedFor(await ask({ credentialType: "FACE" })), "e1005 credentialType");
  assert.equal(refusedFor(await ask({ deviceId: "x" })), "e1005 deviceId credentialType");
  for (const key of ["foreign", "second", "nowhere"]) {
    const [hidden, missing] = [
      await ask({ credentialType: "CARD" }, { key }),
      await ask({ credentialType: "CARD", deviceId: 999_999 }, { key }),
    ];
    assert.deepEqual([refusedFor(hidden), hidden.body], ["e1007 deviceId", missing.body], key);
  }
  assert.equal(refusedFor(await ask({ credentialType: "CARD" }, { key: "doors:operate" })), "e1001");
  await connect(false);
  assert.equal(refusedFor(await ask({ credentialType: "CARD" })), "e1006");
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("a scan that is cancelled is CANCELLED, its device is told, and what was scanned is forgotten", async () => {
  const body = { credentialType: "CARD", withinMs: 60_000 };
  const { status, body: made } = await server.call("POST", `/v2/devices/${deviceId}/scans`, { body });
  const { token, scanId, notAfter } = made as Scan;
  assert.deepEqual([status, notAfter], [202, server.nowMs + 60_000]);
  const { commandId } = await commandOf(scanId);
  await server.test.database.execute("update door_commands set state = 'sent' where command_id = $1", [commandId]);
  assert.equal((await server.call("DELETE", `/v2/scans/${token}`)).status, 204);
  assert.equal((await resultOf({ token })).failReason, "CANCELLED");
  const [last] = await server.test.database.query<{ text: string }>(
    "select concat_ws(' ', command, device_id, state) as text from door_commands order by command_id desc limit 1",
  );
  assert.equal(last?.text, `END_LEARNING ${deviceId} waiting`);
  const done = await scannedCard("8001");
  assert.equal((await server.call("DELETE", `/v2/scans/${done.token}`)).status, 204);
  const seen = await resultOf(done);
  assert.deepEqual([seen.status, seen.card], ["FAILED", undefined]);
  assert.equal((await server.call("DELETE", `/v2/scans/${done.token}`, { key: "foreign" })).status, 404);
});

test("a scan can be waited for, and every one is in the audit log without its token", async () => {
  const asked = await request("CARD");
  const waiting = server.call("GET", `/v2/scans/${asked.token}?wait=10`);
  await say(asked, CSN("9001"));
  assert.deepEqual(((await waiting).body as Scan).card, { cardNumber: "9001", formatType: "CSN" });
  const rows = await server.test.database.query<{ text: string }>(
    "select concat_ws(' ', action, target_kind, target_id, detail) as text from audit where action ~ '^device.scan' order by audit_id desc",
  );
  assert.match(rows[0]?.text ?? "", new RegExp(`^device.scan device ${deviceId} .*"scanId": ${asked.tokenId}`));
  assert.ok(!rows.some(({ text }) => text.includes(asked.token)));
});
