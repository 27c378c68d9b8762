import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, test } from "node:test";
import { headText, type LedgerHead, type LedgerKey } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";

const HOUR_MS = 3_600_000;
const READS = ["", "/kept", "/lines"];

let server: FeatureServer;
let key: LedgerKey;
before(async () => {
  server = await startFeatureServer();
  await server.test.database.query("insert into deployment(epoch, made_at) values ('epoch-7', 1) on conflict do nothing");
  key = await get<LedgerKey>("/v2/ledger/key", "");
});
after(() => server[Symbol.asyncDispose]());

async function get<Answer>(path: string, as = "all"): Promise<Answer> {
  const answer = await server.call("GET", path, { key: as });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Answer;
}

const headOf = (placeId: number): Promise<LedgerHead> => get(`/v2/places/${placeId}/ledger`);
const keptOf = async (placeId: number): Promise<readonly LedgerHead[]> =>
  (await get<{ items: LedgerHead[] }>(`/v2/places/${placeId}/ledger/kept`)).items;

function isSigned({ signature, ...head }: LedgerHead): boolean {
  return verify(null, Buffer.from(headText(head)), createPublicKey(key.pem), Buffer.from(signature, "base64url"));
}

const append = (placeId: number, count: number): Promise<void> =>
  writeEvents(
    server.test.database,
    placeId,
    Array.from({ length: count }, () => ({ eventAt: server.nowMs, receivedAt: server.nowMs, eventType: "DEV_DOOR_RELAY_ON" })),
  );

test("the key is for everybody, in both forms the same", () => {
  const bytes = Buffer.from(key.publicKey, "base64url");
  const jwk = createPublicKey(key.pem).export({ format: "jwk" });
  assert.equal(jwk.x, key.publicKey);
  assert.equal(key.keyId, createHash("sha256").update(bytes).digest("hex").slice(0, 16));
});

test("a head says how its place's ledger ends now, and the lines lead from its beginning to it", async () => {
  await append(PLACE_ID, 25);
  const head = await headOf(PLACE_ID);
  assert.ok(isSigned(head));
  assert.deepEqual(
    { placeId: head.placeId, at: head.at, firstSequence: head.firstSequence, before: head.before, keyId: head.keyId },
    { placeId: PLACE_ID, at: server.nowMs, firstSequence: 1, before: chainOrigin(PLACE_ID, 1), keyId: key.keyId },
  );
  let { before: hash } = head;
  let after_ = 0;
  let count = 0;
  while (after_ < head.sequence) {
    const page = await get<{ lines: string[]; next: number }>(`/v2/places/${PLACE_ID}/ledger/lines?after=${after_}&limit=7`);
    for (const line of page.lines) {
      count += 1;
      assert.equal((JSON.parse(line) as { sequence: number }).sequence, count);
      hash = chainHash(hash, line);
    }
    after_ = page.next;
  }
  assert.equal(count, head.sequence);
  assert.equal(hash, head.hash);
  assert.deepEqual(await get(`/v2/places/${PLACE_ID}/ledger/lines?after=${after_}`), { lines: [], next: head.sequence });
});

test("no member of a head can be another one under its signature", async () => {
  const head = await headOf(PLACE_ID);
  const hash = "0".repeat(64);
  const others: Partial<LedgerHead> = { placeId: 1, epoch: "other", firstSequence: 2, before: hash, sequence: 1, hash, at: 1 };
  for (const [name, value] of Object.entries(others)) assert.ok(!isSigned({ ...head, [name]: value }), name);
});

test("a place in which nothing has happened has a head, from before its first event", async () => {
  const { firstSequence, sequence, before: origin, hash } = await headOf(SECOND_PLACE_ID);
  assert.deepEqual({ firstSequence, sequence }, { firstSequence: sequence + 1, sequence });
  assert.equal(hash, origin);
});

test("a head is kept an hour after the last one where something has happened since, and nowhere else", async () => {
  const { heads } = server.services;
  await append(PLACE_ID, 1);
  await heads.keepDue();
  const [first, ...more] = await keptOf(PLACE_ID);
  assert.ok(first !== undefined && isSigned(first) && more.length === 0);
  assert.deepEqual(await keptOf(SECOND_PLACE_ID), []);
  await append(PLACE_ID, 1);
  await heads.keepDue();
  assert.equal((await keptOf(PLACE_ID)).length, 1, "within the hour");
  server.nowMs += HOUR_MS;
  await Promise.all([heads.keepDue(), heads.keepDue()]);
  const kept = await keptOf(PLACE_ID);
  assert.deepEqual(
    kept.map(({ sequence }) => sequence),
    [first.sequence, first.sequence + 1],
  );
  assert.deepEqual(kept[1], await headOf(PLACE_ID));
  server.nowMs += HOUR_MS;
  await heads.keepDue();
  assert.equal((await keptOf(PLACE_ID)).length, 2, "nothing has happened");
});

test("kept heads go with the events that they were signed over", async () => {
  const { heads } = server.services;
  server.nowMs += 30 * 86_400_000;
  await append(PLACE_ID, 1);
  await heads.keepDue();
  const before_ = await keptOf(PLACE_ID);
  await heads.dropOld(31);
  assert.equal((await keptOf(PLACE_ID)).length, before_.length);
  server.nowMs += 2 * 86_400_000;
  await heads.dropOld(31);
  assert.deepEqual(await keptOf(PLACE_ID), before_.slice(-1));
});

test("who may not read a place's events is told nothing of its ledger", async () => {
  for (const path of READS) {
    const hidden = await server.call("GET", `/v2/places/${PLACE_ID}/ledger${path}`, { key: "second" });
    assert.equal(hidden.status, 404, path);
    const refused = await server.call("GET", `/v2/places/${PLACE_ID}/ledger${path}`, { key: "people" });
    assert.equal(refused.status, 403, path);
  }
});

test("a month that was dropped moves the beginning of what a head vouches for, and the rest leads to it as before", async () => {
  const placeId = SECOND_PLACE_ID;
  const [january, february] = [Date.UTC(2025, 0, 15), Date.UTC(2025, 1, 15)];
  const relay = (atMs: number) => ({ eventAt: atMs, receivedAt: atMs, eventType: "DEV_DOOR_RELAY_ON" }) as const;
  const { sequence } = await headOf(placeId);
  await writeEvents(server.test.database, placeId, [relay(january), relay(january), relay(february)]);
  await server.test.database.query("select drop_ledger_period($1)", [(2025 - 1970) * 12]);
  const head = await headOf(placeId);
  assert.deepEqual([head.firstSequence, head.sequence], [sequence + 3, sequence + 3]);
  const { lines } = await get<{ lines: string[] }>(`/v2/places/${placeId}/ledger/lines?after=${head.firstSequence - 1}`);
  assert.equal(lines.reduce(chainHash, head.before), head.hash);
  assert.ok(isSigned(head));
});
