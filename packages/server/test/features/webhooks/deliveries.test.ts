import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  headText,
  type LedgerHead,
  type MadeWebhook,
  type Webhook,
  type WebhookDelivery,
  type WebhookMessage,
  type WebhookPlace,
  type WebhookTest,
} from "@postern/contract";
import { chainHash, silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { webhookSending } from "../../../src/api.ts";
import { WebhookDispatcher } from "../../../src/features/webhooks/dispatcher.ts";
import { OutgoingHttp } from "../../../src/platform/outgoing/outgoing-http.ts";
import { readAllowedHost } from "../../../src/platform/outgoing/target-rules.ts";
import { eventually } from "../../support/index.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";
import { isSignedWith, startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const outgoing = new OutgoingHttp({
  clock: systemClock,
  timers: systemTimers,
  allowedHosts: ["http://127.0.0.1"].map((text) => readAllowedHost(text)).filter((host) => host !== null),
});

let server: FeatureServer;
let receiver: WebhookReceiver;
const dispatchers: WebhookDispatcher[] = [];
before(async () => {
  server = await startFeatureServer({}, { outgoing });
  // As time really is, which those who verify signatures look at.
  server.nowMs = Date.now();
});
beforeEach(async () => {
  receiver = await startWebhookReceiver();
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((each) => each.stop()));
  await server.test.database.execute("delete from webhooks");
  await receiver[Symbol.asyncDispose]();
  assert.deepEqual(receiver.undescribed, [], "every message is as AsyncAPI describes it");
});
after(async () => {
  outgoing.close();
  await server[Symbol.asyncDispose]();
});

const alive = new Set<number>();

function dispatcher(instanceId = 1): WebhookDispatcher {
  alive.add(instanceId);
  const made = new WebhookDispatcher({
    database: server.test.database,
    clock: { nowMs: () => server.nowMs, monotonicMs: () => performance.now() },
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    outgoing,
    tails: server.services.tails,
    heads: server.services.heads,
    ...webhookSending({ deriveKey: (purpose) => deriveKey(purpose) }),
    instanceId,
    isInstanceAlive: async (id) => alive.has(id),
  });
  dispatchers.push(made);
  return made;
}

function deriveKey(purpose: string): Uint8Array {
  return createHash("sha256").update(purpose).digest();
}

async function call<Answer>(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Answer> {
  const answer = await server.call(method, path, body === undefined ? {} : { body });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as Answer;
}

function subscribe(more: Record<string, unknown> = {}, placeId = PLACE_ID): Promise<MadeWebhook> {
  return call<MadeWebhook>("POST", `/v2/places/${placeId}/webhooks`, { name: "hook", url: receiver.url, ...more });
}

let lastNumber = 0;
async function append(
  count: number,
  { placeId = PLACE_ID, eventType = "DEV_DEVICE_START" as const as "DEV_DEVICE_START" | "DEV_CARD_AUTH_FAIL" } = {},
): Promise<readonly number[]> {
  const numbers = Array.from({ length: count }, () => {
    lastNumber += 1;
    return lastNumber;
  });
  await writeEvents(
    server.test.database,
    placeId,
    numbers.map((localLogId) => ({ eventAt: 5_000, eventType, localLogId, doorId: 234 })),
  );
  server.hints.hint(String(placeId));
  for (const each of dispatchers) each.hint(String(placeId));
  return numbers;
}

async function placeOf({ webhookId }: Webhook, placeId = PLACE_ID): Promise<WebhookPlace> {
  const { items } = await call<{ items: WebhookPlace[] }>("GET", `/v2/webhooks/${webhookId}/places`);
  const found = items.find((one) => one.placeId === placeId);
  assert.ok(found !== undefined);
  return found;
}

async function logOf({ webhookId }: Webhook): Promise<readonly WebhookDelivery[]> {
  return (await call<{ items: WebhookDelivery[] }>("GET", `/v2/webhooks/${webhookId}/deliveries`)).items;
}

test("events come in the ledger's order, signed so that a receiver's library takes them, many in one message", async () => {
  const made = await subscribe();
  const one = dispatcher();
  await one.poll();
  const numbers = [...(await append(250)), ...(await append(3))];
  await eventually("all have come", () => receiver.numbers().length === numbers.length);
  assert.deepEqual(receiver.numbers(), numbers);
  assert.ok(receiver.received.length < 10);
  for (const message of receiver.received) {
    assert.ok(isSignedWith(made.secret, message));
    assert.ok(!isSignedWith(`whsec_${Buffer.alloc(32).toString("base64")}`, message));
    assert.equal(message.type, "events");
  }
  const [first] = await logOf(made);
  assert.deepEqual([first?.outcome, first?.status, first?.attempt, first?.error, first?.answer], ["delivered", 204, 1, null, null]);
  assert.equal((await placeOf(made)).behind, 0);
});

test("each message carries the signed end of its place's ledger, behind its events, and the same one however often it is sent", async () => {
  await subscribe();
  receiver.status = 500;
  const one = dispatcher();
  await one.poll();
  await append(3);
  await eventually("it was sent", () => receiver.received.length === 1);
  await one.stop();
  // What happens meanwhile is in no message that was begun.
  await append(2);
  receiver.status = 204;
  server.nowMs += 60_000;
  const two = dispatcher(2);
  await eventually("all have come", async () => {
    await two.poll();
    return receiver.numbers().length === 5;
  });
  const [failed, again, next] = receiver.received;
  assert.ok(failed !== undefined && again !== undefined && next !== undefined);
  assert.equal(again.body, failed.body);
  const heads = [again, next].map(({ body }) => (JSON.parse(body) as WebhookMessage).data.head);
  const current = await call<LedgerHead>("GET", `/v2/places/${PLACE_ID}/ledger`);
  assert.deepEqual({ ...heads[1], at: 0, signature: "" }, { ...current, at: 0, signature: "" });
  const [first, last] = heads;
  assert.ok(first !== undefined && last !== undefined);
  assert.equal(first.sequence, last.sequence - 2);
  const { lines } = await call<{ lines: string[] }>("GET", `/v2/places/${PLACE_ID}/ledger/lines?after=${first.sequence}`);
  assert.equal(
    lines.reduce((hash, line) => chainHash(hash, line), first.hash),
    last.hash,
  );
  for (const { signature, ...head } of [first, last]) {
    const { pem } = server.services.heads.key;
    assert.ok(verify(null, Buffer.from(headText(head)), createPublicKey(pem), Buffer.from(signature, "base64url")));
  }
});

test("only the events that are meant are sent, and the others are passed by", async () => {
  const made = await subscribe({ events: { types: ["DEV_CARD_AUTH_FAIL"], doorIds: [234] } });
  const one = dispatcher();
  await one.poll();
  await append(300);
  const wanted = await append(2, { eventType: "DEV_CARD_AUTH_FAIL" });
  await append(300);
  await eventually("both have come", () => receiver.numbers().length === 2);
  assert.deepEqual(receiver.numbers(), wanted);
  await eventually("what was passed by is behind it too", async () => (await placeOf(made)).behind <= 300);
  await one.stop();
});

test("while a secret is replaced messages carry a signature of each, and then of the new one alone", async () => {
  const made = await subscribe();
  const rotated = await call<MadeWebhook>("POST", `/v2/webhooks/${made.webhookId}/rotate-secret`, { keepPreviousMs: 60_000 });
  assert.notEqual(rotated.secret, made.secret);
  const one = dispatcher();
  await one.poll();
  await append(1);
  await eventually("it has come", () => receiver.received.length === 1);
  const [both] = receiver.received;
  assert.ok(both !== undefined && isSignedWith(made.secret, both) && isSignedWith(rotated.secret, both));
  await call("POST", `/v2/webhooks/${made.webhookId}/rotate-secret`, { keepPreviousMs: 0 });
  await one.poll();
  await append(1);
  await eventually("the next has come", () => receiver.received.length === 2);
  const [, next] = receiver.received;
  assert.ok(next !== undefined && !isSignedWith(made.secret, next) && !isSignedWith(rotated.secret, next));
});

test("a failed delivery is tried again with the same id after growing pauses, parked after three days, and goes on when it is resumed, without a loss", async () => {
  const made = await subscribe();
  const one = dispatcher();
  receiver.status = 500;
  await one.poll();
  const numbers = [...(await append(2))];
  const beganMs = server.nowMs;
  let attempts = 0;
  const pauses: number[] = [];
  for (;;) {
    attempts += 1;
    await eventually(`attempt ${attempts} was made`, async () => (await placeOf(made)).attempts === attempts);
    const place = await placeOf(made);
    numbers.push(...(await append(1)));
    if (place.state === "parked") break;
    assert.equal(place.state, "retrying");
    pauses.push((place.nextAttemptAt ?? 0) - server.nowMs);
    await one.poll();
    assert.equal(receiver.received.length, attempts);
    server.nowMs = place.nextAttemptAt ?? 0;
    await one.poll();
  }
  assert.ok(attempts > 10 && attempts < 25, `${attempts} attempts`);
  assert.equal(server.nowMs - beganMs, 3 * 86_400_000);
  assert.ok((pauses[0] ?? 0) <= 6_000 && Math.max(...pauses) > 6 * 3_600_000);
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 1);
  const [failed] = await logOf(made);
  assert.deepEqual([failed?.outcome, failed?.status, failed?.error, failed?.answer], ["failed", 500, "status_500", "we are  sorry"]);
  assert.equal((await call<Webhook>("GET", `/v2/webhooks/${made.webhookId}`)).parkedPlaces, 1);
  const { items: audit } = await call<{ items: { action: string }[] }>("GET", "/v2/audit?action=webhook.park");
  assert.equal(audit.length, 1);
  // Nothing brings it back but somebody.
  receiver.status = 204;
  server.nowMs += 86_400_000;
  await one.poll();
  assert.equal(receiver.received.length, attempts);
  await call("POST", `/v2/webhooks/${made.webhookId}/resume`);
  await one.poll();
  await eventually("all have come", () => receiver.numbers().length === numbers.length);
  assert.deepEqual(receiver.numbers(), numbers);
  assert.equal(receiver.received[attempts]?.id, receiver.received[0]?.id);
  server.nowMs = Date.now();
});

test("a target that hangs delays no other, and of one webhook so many are on their way at a time", async () => {
  await using hanging = await startWebhookReceiver();
  hanging.status = 0;
  await subscribe({ url: hanging.url });
  await subscribe();
  const one = dispatcher();
  await one.poll();
  const numbers = await append(5);
  await eventually("the other has them", () => receiver.numbers().length === 5);
  assert.deepEqual(receiver.numbers(), numbers);
  assert.equal(hanging.numbers().length, 0);
  const more = await append(5);
  await eventually("and those that follow", () => receiver.numbers().length === 10);
  assert.deepEqual(receiver.numbers(), [...numbers, ...more]);
});

test("processes that share a database make each delivery once, and never two of a place at a time", async () => {
  await subscribe();
  await call("POST", "/v2/webhooks", { name: "all", url: receiver.url });
  const all = [dispatcher(1), dispatcher(2), dispatcher(3)];
  for (const each of all) await each.poll();
  const wanted: number[] = [];
  receiver.onMessage = () => new Promise((resolve) => setTimeout(resolve, 2));
  for (let round = 0; round < 20; round += 1) {
    wanted.push(...(await append(20)));
    await Promise.all(all.map((each) => each.poll()));
  }
  await eventually("both webhooks have all", () => receiver.received.flatMap(({ numbers }) => numbers).length >= 2 * wanted.length);
  const ids = receiver.received.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "no message twice");
  assert.equal(receiver.received.flatMap(({ numbers }) => numbers).length, 2 * wanted.length);
  assert.ok(receiver.atOnceMax() <= 2, "two webhooks, one message each");
});

test("what a process that died was delivering is delivered by another, with the same id", async () => {
  const made = await subscribe();
  const dying = dispatcher(7);
  await dying.poll();
  receiver.status = 0;
  const numbers = await append(3);
  await eventually("it was sent", () => receiver.received.length === 1);
  await append(4);
  // Dead: its lock is free, and nothing of it writes any more.
  alive.delete(7);
  receiver.status = 204;
  const other = dispatcher(8);
  await other.poll();
  await eventually("all have come", () => receiver.numbers().length === 7);
  assert.deepEqual(receiver.numbers().slice(0, 3), numbers);
  assert.equal(receiver.received[1]?.id, receiver.received[0]?.id);
  assert.deepEqual(receiver.received[1]?.numbers, numbers);
  assert.equal((await placeOf(made)).behind, 0);
});

test("a replay sends everything from a position on once more, with ids of its own", async () => {
  const made = await subscribe();
  const one = dispatcher();
  await one.poll();
  const start = (await placeOf(made)).deliveredThrough;
  const numbers = await append(5);
  await eventually("all have come", () => receiver.numbers().length === 5);
  await eventually("it is noted", async () => (await placeOf(made)).deliveredThrough !== start);
  await call("POST", `/v2/webhooks/${made.webhookId}/replay`, { placeId: PLACE_ID, after: start });
  await eventually("it is sent again", async () => {
    await one.poll();
    return receiver.numbers().length === 10;
  });
  assert.deepEqual(receiver.numbers(), [...numbers, ...numbers]);
  const beyond = await server.call("POST", `/v2/webhooks/${made.webhookId}/replay`, { body: { placeId: PLACE_ID, after: "A".repeat(20) } });
  assert.equal(beyond.status, 400);
});

test("while it is paused nothing is sent and nothing is lost", async () => {
  const made = await subscribe();
  const one = dispatcher();
  await one.poll();
  await append(1);
  await eventually("one has come", () => receiver.numbers().length === 1);
  await call("PATCH", `/v2/webhooks/${made.webhookId}`, { paused: true });
  await append(3);
  await one.poll();
  assert.equal((await placeOf(made)).state, "paused");
  await eventually("whoever delivered has stopped", async () => {
    const [row] = await server.test.database.query<{ leased_by: number | null }>(
      "select leased_by from webhook_places where place_id = $1",
      [PLACE_ID],
    );
    return row?.leased_by === null;
  });
  const count = receiver.received.length;
  await call("PATCH", `/v2/webhooks/${made.webhookId}`, { paused: false });
  await eventually("all have come", async () => {
    await one.poll();
    return receiver.numbers().length === 4;
  });
  assert.equal(receiver.received[count]?.numbers[0], receiver.numbers()[1]);
});

test("a webhook of the whole group hears of places that are made after it, from their beginning", async () => {
  await call("POST", "/v2/webhooks", { name: "all", url: receiver.url, events: { types: ["PLACE_SERVICE_START"] } });
  const { placeId } = await call<{ placeId: number }>("POST", "/v2/places", { name: "New", timeZone: "UTC" });
  const one = dispatcher();
  await eventually("it is told", async () => {
    await one.poll();
    return receiver.received.some((message) => message.placeId === placeId);
  });
});

test("a test sends a signed message without events and tells what was answered", async () => {
  const made = await subscribe();
  const good = await call<WebhookTest>("POST", `/v2/webhooks/${made.webhookId}/test`);
  assert.deepEqual([good.outcome, good.status], ["delivered", 204]);
  receiver.status = 404;
  const bad = await call<WebhookTest>("POST", `/v2/webhooks/${made.webhookId}/test`);
  assert.deepEqual([bad.outcome, bad.status, bad.error], ["failed", 404, "status_404"]);
  assert.deepEqual(
    receiver.received.map((message) => [message.type, isSignedWith(made.secret, message)]),
    [
      ["test", true],
      ["test", true],
    ],
  );
  assert.equal((await logOf(made)).length, 2);
});

test("a secret is told once, and stands nowhere in the database or in another answer", async () => {
  const made = await subscribe();
  const secret = Buffer.from(made.secret.slice(6), "base64");
  const [row] = await server.test.database.query<{ secret_sealed: Buffer }>("select secret_sealed from webhooks");
  assert.equal(row?.secret_sealed.includes(secret), false);
  const told = [await call("GET", `/v2/webhooks/${made.webhookId}`), await call("GET", "/v2/webhooks"), await logOf(made)];
  assert.ok(!JSON.stringify(told).includes(made.secret.slice(6)));
});

test("an address that is private or not HTTPS is refused by its field when a webhook is made or changed", async () => {
  const made = await subscribe();
  for (const url of ["https://10.0.0.1/", "https://169.254.169.254/latest", "http://example.com/", "https://user:word@example.com/"]) {
    for (const [method, path] of [
      ["POST", `/v2/places/${PLACE_ID}/webhooks`],
      ["PATCH", `/v2/webhooks/${made.webhookId}`],
    ] as const) {
      const { status, body } = await server.call(method, path, { body: method === "POST" ? { name: "hook", url } : { url } });
      assert.equal(status, 400);
      assert.equal((body as { errors: { field: string }[] }).errors[0]?.field, "url");
    }
  }
});

test("a key of one place neither sees nor makes a webhook of all places, and another place's is hidden", async () => {
  const group = await call<MadeWebhook>("POST", "/v2/webhooks", { name: "all", url: receiver.url });
  const second = await subscribe({}, SECOND_PLACE_ID);
  assert.equal((await server.call("POST", "/v2/webhooks", { key: "demo", body: { name: "all", url: receiver.url } })).status, 403);
  for (const { webhookId } of [group, second])
    assert.equal((await server.call("GET", `/v2/webhooks/${webhookId}`, { key: "demo" })).status, 404);
  const { items } = (await server.call("GET", "/v2/webhooks", { key: "second" })).body as { items: Webhook[] };
  assert.deepEqual(
    items.map(({ webhookId }) => webhookId),
    [second.webhookId],
  );
});

test("a refusal that may repeat a name is not kept beyond somebody's erasure", async () => {
  const made = await subscribe();
  receiver.status = 422;
  await call("POST", `/v2/webhooks/${made.webhookId}/test`);
  const one = dispatcher();
  await one.trim();
  assert.equal((await logOf(made))[0]?.answer, "we are  sorry");
  await server.test.database.execute(
    "insert into erasures(user_id, place_group_id, made_at, erased_at, places) values (78, 100, 1, $1, '[]')",
    [server.nowMs],
  );
  await one.trim();
  const [logged] = await logOf(made);
  assert.deepEqual([logged?.answer, logged?.status], [null, 422]);
});

test("the log keeps the newest of each outcome for a week", async () => {
  const made = await subscribe();
  await server.test.database.execute(
    `insert into webhook_deliveries(webhook_id, place_id, message_id, attempt, at, url, event_count, outcome, duration_ms)
     select $1, $2, 'msg_' || n, 1, $3::bigint - n, 'https://x', 1, case when n % 2 = 0 then 'delivered' else 'failed' end, 1 from generate_series(1, 1400) n`,
    [made.webhookId, PLACE_ID, server.nowMs],
  );
  const one = dispatcher();
  await one.trim();
  const count = async () => (await server.test.database.query<{ n: number }>("select count(*) as n from webhook_deliveries"))[0]?.n;
  assert.equal(await count(), 1_000);
  server.nowMs += 8 * 86_400_000;
  await one.trim();
  assert.equal(await count(), 0);
  server.nowMs = Date.now();
});
