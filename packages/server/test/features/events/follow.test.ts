import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeLogId } from "../../../src/ledger/log-id.ts";
import { eventually, TEST_NOW_MS } from "../../support/index.ts";
import { type Answer, type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

interface Followed {
  readonly events: readonly { readonly logId: string; readonly cursor: string; readonly localLogId: number; readonly eventType: string }[];
  readonly next: string;
}

function get(query: string, { key = "second", placeId = SECOND_PLACE_ID } = {}): Promise<Answer> {
  return server.call("GET", `/v2/places/${placeId}/events${query}`, { key });
}

async function follow(query: string): Promise<Followed> {
  const answer = await get(query);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Followed;
}

let lastNumber = 0;
async function append(count: number, at: { readonly eventAt?: number; readonly receivedAt?: number } = {}): Promise<void> {
  const events = Array.from({ length: count }, () => {
    lastNumber += 1;
    return { eventAt: 5_000, ...at, eventType: "DEV_DEVICE_START" as const, localLogId: lastNumber };
  });
  await writeEvents(server.test.database, SECOND_PLACE_ID, events);
}

function numbers({ events }: Followed): readonly number[] {
  return events.map((event) => event.localLogId);
}

/** The code of a problem document and its fields. */
function problem(answer: Answer, status: number): string {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(String(answer.headers["content-type"]), /application\/problem\+json/);
  const { code, errors = [] } = answer.body as { code: string; errors?: { field: string }[] };
  return [code, ...errors.map((error) => error.field)].join(" ");
}

test("an event tells what the device's clock said and when the server had it, beside the time it is filed under", async () => {
  const placeId = PLACE_ID;
  const before = (await get("?after=now", { key: "all", placeId })).body as Followed;
  const at = { eventAt: 90_000, receivedAt: TEST_NOW_MS + 7, eventType: "DEV_DEVICE_START", localLogId: 1 } as const;
  await writeEvents(server.test.database, placeId, [
    { ...at, generation: 7 },
    { ...at, generation: 7, detail: { deviceAt: 5, correctionMs: 89_995 } },
    { ...at, eventType: "PLACE_SERVICE_START" },
    { ...at, generation: 7, eventType: "EVENT_REFUSED" },
  ]);
  const { body } = await get(`?after=${before.next}`, { key: "all", placeId });
  const times = (body as { events: Record<string, unknown>[] }).events.map((one) => [one["eventAt"], one["deviceAt"], one["receivedAt"]]);
  assert.deepEqual(times, [
    [90_000, 90_000, TEST_NOW_MS + 7],
    [90_000, 5, TEST_NOW_MS + 7],
    [90_000, undefined, TEST_NOW_MS + 7],
    [90_000, undefined, TEST_NOW_MS + 7],
  ]);
});

test("an empty ledger has nothing after its beginning, and a cursor to go on from", async () => {
  const { events, next } = await follow("");
  assert.deepEqual(events, []);
  assert.deepEqual(await follow(`?after=${next}`), { events: [], next });
  assert.deepEqual((await follow("?after=now")).next, next);
});

test("events are read onwards in the ledger's order, late ones and months included, none twice", async () => {
  const begin = (await follow("?after=now")).next;
  await append(3);
  await append(2, { eventAt: 1_000 });
  await append(3, { receivedAt: Date.UTC(2026, 8, 1) });
  const wanted = Array.from({ length: 8 }, (_, index) => index + 1);
  assert.deepEqual(numbers(await follow(`?after=${begin}`)), wanted);
  const read: number[] = [];
  for (let cursor = begin; read.length < 8; ) {
    const page = await follow(`?after=${cursor}&limit=3`);
    assert.ok(page.events.length > 0);
    assert.equal(page.next, page.events.at(-1)?.cursor);
    read.push(...numbers(page));
    cursor = page.next;
  }
  assert.deepEqual(read, wanted);
  const page = await follow(`?after=${begin}`);
  assert.deepEqual(numbers(await follow(`?after=${page.events[4]?.cursor}`)), [6, 7, 8], "from the middle");
  assert.equal(page.events[4]?.logId, page.events[4]?.cursor);
});

test("a waiting request is answered when an event comes, without any hint too", async () => {
  const { next } = await follow("?after=now");
  const waiting = follow(`?after=${next}&wait=30`);
  await append(2);
  assert.equal((await waiting).events.length, 2);
});

test("when the time is over the answer is empty and the cursor as it was", async () => {
  const { next } = await follow("?after=now");
  const beganMs = performance.now();
  assert.deepEqual(await follow(`?after=${next}&wait=1`), { events: [], next });
  assert.ok(performance.now() - beganMs >= 990);
});

test("an event elsewhere does not end the wait, and is not shown", async () => {
  const { next } = await follow("?after=now");
  const waiting = follow(`?after=${next}&wait=1`);
  await writeEvents(server.test.database, PLACE_ID, [{ eventAt: 1, eventType: "DEV_DEVICE_START" }]);
  server.hints.hint(String(PLACE_ID));
  assert.deepEqual((await waiting).events, []);
});

test("a client that goes away ends its wait", async () => {
  const address = await server.app.listen({ host: "127.0.0.1", port: 0 });
  const gone = new AbortController();
  const waiting = fetch(`${address}/v2/places/${SECOND_PLACE_ID}/events?after=now&wait=30`, {
    headers: { authorization: "Bearer second" },
    signal: gone.signal,
  }).catch(() => undefined);
  await eventually("it waits", () => server.hints.waitingCount > 0);
  gone.abort();
  await waiting;
  await eventually("nobody waits", () => server.hints.waitingCount === 0, 900);
});

test("a bad query is refused by name", async () => {
  const beyond = encodeLogId({ placeId: SECOND_PLACE_ID, sequence: 10_000 });
  const elsewhere = encodeLogId({ placeId: PLACE_ID, sequence: 0 });
  for (const [query, fields] of [
    ["after=garbage", "after"],
    [`after=${"A".repeat(20)}`, "after"],
    [`after=${beyond}`, "after"],
    [`after=${elsewhere}`, "after"],
    [`after=${elsewhere}&after=${elsewhere}`, "after"],
    ["after=0", "after"],
    ["wait=31", "wait"],
    ["wait=-1", "wait"],
    ["wait=soon", "wait"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=1e2", "limit"],
    ["after=x&wait=x&limit=x", "after wait limit"],
  ] as const) {
    assert.equal(problem(await get(`?${query}`), 400), `argument_invalid ${fields}`, query);
  }
});

test("a place out of reach is refused as one that does not exist; within reach the scope is asked for", async () => {
  for (const placeId of [server.foreign.placeId, 424_242]) assert.equal(problem(await get("", { placeId }), 404), "not_found placeId");
  assert.equal(problem(await get("", { key: "people", placeId: PLACE_ID }), 403), "not_permitted");
  assert.equal((await get("", { key: "events", placeId: PLACE_ID })).status, 200);
  assert.equal(problem(await get("", { placeId: Number.NaN }), 400), "argument_invalid placeId");
});

test("a server that stops lets nobody wait", async () => {
  const { next } = await follow("?after=now");
  const waiting = follow(`?after=${next}&wait=30`);
  await eventually("it waits", () => server.hints.waitingCount > 0);
  server.stopping.abort();
  assert.deepEqual(await waiting, { events: [], next });
});
