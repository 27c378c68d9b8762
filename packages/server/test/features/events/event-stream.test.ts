import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { posternClient } from "@postern/client";
import { STREAMS_PER_KEY_MAX } from "../../../src/features/events/limits.ts";
import { decodeStreamCursor, encodeStreamCursor } from "../../../src/features/events/stream-cursor.ts";
import { eventually } from "../../support/index.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";

let server: FeatureServer;
let baseUrl: string;
before(async () => {
  server = await startFeatureServer();
  baseUrl = await server.app.listen({ host: "127.0.0.1", port: 0 });
});
after(() => server[Symbol.asyncDispose]());

let lastNumber = 0;
async function append(
  placeId: number,
  count: number,
  eventType: "DEV_DEVICE_START" | "DEV_CARD_AUTH_FAIL" = "DEV_DEVICE_START",
): Promise<void> {
  const events = Array.from({ length: count }, () => {
    lastNumber += 1;
    return { eventAt: 5_000, eventType, localLogId: lastNumber };
  });
  await writeEvents(server.test.database, placeId, events);
  server.hints.hint(String(placeId));
}

interface Streaming {
  readonly status: number;
  readonly type: string | null;
  /** As it came. */
  text(): string;
  ids(): readonly string[];
  numbers(): readonly number[];
  /** How many events have come. */
  count(): number;
  readonly ended: Promise<void>;
  leave(): void;
}

async function stream(query: string, { key = "all", lastEventId }: { key?: string; lastEventId?: string } = {}): Promise<Streaming> {
  const leaving = new AbortController();
  const response = await fetch(`${baseUrl}/v2/events/stream${query}`, {
    headers: { authorization: `Bearer ${key}`, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
    signal: leaving.signal,
  });
  let text = "";
  let count = 0;
  const reading = async (): Promise<void> => {
    const words = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const more = words.decode(chunk, { stream: true });
      count += more.split("\ndata").length - 1;
      text += more;
    }
  };
  const blocks = () => text.split("\n\n").slice(0, -1);
  const field = (name: string, block: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const withData = () => blocks().filter((block) => field("data", block) !== undefined);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    text: () => text,
    ids: () => blocks().flatMap((block) => field("id", block) ?? []),
    numbers: () => withData().map((block) => (JSON.parse(field("data", block) ?? "") as { localLogId: number }).localLogId),
    count: () => count,
    ended: reading().catch(() => undefined),
    leave: () => leaving.abort(),
  };
}

function noStreamIsLeft(): Promise<unknown> {
  return eventually("no stream is left", () => server.services.openStreams() === 0 && server.hints.waitingCount === 0);
}

test("a cursor of many places is read back as it was, and no other text is one", () => {
  for (const position of [
    [],
    [[178, 0]],
    [
      [1, 2 ** 53 - 1],
      [178, 300],
      [2 ** 52, 7],
    ],
  ] as [number, number][][]) {
    const cursor = encodeStreamCursor(new Map(position));
    assert.deepEqual([...(decodeStreamCursor(cursor) ?? [])], position);
    assert.equal(decodeStreamCursor(`${cursor}AAAA`), null);
  }
  for (const text of ["garbage", "AQ==", "Ag", "AQGA", `AQ${"_".repeat(40)}`]) assert.equal(decodeStreamCursor(text), null, text);
});

test("events of many places come as they are appended, and after a cut the last id goes on exactly there, whatever was appended meanwhile", async () => {
  const first = await stream(`?placeIds=${PLACE_ID},${SECOND_PLACE_ID}`);
  assert.deepEqual([first.status, first.type], [200, "text/event-stream; charset=utf-8"]);
  await eventually("it has begun", () => first.ids().length === 1);
  const from = lastNumber;
  await append(PLACE_ID, 2);
  await append(SECOND_PLACE_ID, 2);
  await eventually("all have come", () => first.numbers().length === 4);
  const cutAfter = first.ids()[3];
  const seen = first.numbers().slice(0, 3);
  first.leave();
  await append(SECOND_PLACE_ID, 2);
  await append(PLACE_ID, 2);
  const second = await stream(`?placeIds=${PLACE_ID},${SECOND_PLACE_ID}`, { lastEventId: cutAfter ?? "" });
  await eventually("the rest has come", () => second.numbers().length === 5);
  second.leave();
  assert.deepEqual(
    [...seen, ...second.numbers()].sort((one, other) => one - other),
    Array.from({ length: 8 }, (_, index) => from + index + 1),
  );
  await noStreamIsLeft();
});

test("a stream that is cut before its first event goes on from where it began", async () => {
  const first = await stream("");
  await eventually("it has begun", () => first.ids().length === 1);
  first.leave();
  await append(PLACE_ID, 1);
  const second = await stream("", { lastEventId: first.ids()[0] ?? "" });
  await eventually("it comes", () => second.numbers().length === 1);
  second.leave();
});

test("many streams of a place cost one reading of its ledger", async () => {
  const streams = await Promise.all(Array.from({ length: 12 }, () => stream(`?placeIds=${SECOND_PLACE_ID}`)));
  await eventually("they have begun", () => streams.every((one) => one.ids().length === 1));
  await eventually("their place is waited for once", () => server.hints.waitingCount === 1);
  await append(SECOND_PLACE_ID, 50);
  await eventually("everybody has them", () => streams.every((one) => one.numbers().length === 50));
  for (const one of streams) one.leave();
  await noStreamIsLeft();
});

test("only what was chosen is sent", async () => {
  const one = await stream(`?placeIds=${SECOND_PLACE_ID}&types=DEV_CARD_AUTH_FAIL`);
  await eventually("it has begun", () => one.ids().length === 1);
  await append(SECOND_PLACE_ID, 3);
  await append(SECOND_PLACE_ID, 1, "DEV_CARD_AUTH_FAIL");
  await append(SECOND_PLACE_ID, 3);
  await append(SECOND_PLACE_ID, 1, "DEV_CARD_AUTH_FAIL");
  await eventually("both have come", () => one.numbers().length === 2);
  assert.deepEqual(one.numbers(), [lastNumber - 4, lastNumber]);
  one.leave();
});

test("from the beginning on, everything comes, in the ledger's order", async () => {
  const all = (
    await server.test.database.query<{ n: number }>("select count(*) as n from events where place_id = $1", [SECOND_PLACE_ID])
  )[0]?.n;
  const one = await stream(`?placeIds=${SECOND_PLACE_ID}&after=beginning`);
  await eventually("all have come", () => one.numbers().length === all);
  assert.deepEqual(
    one.numbers(),
    [...one.numbers()].sort((left, right) => left - right),
  );
  one.leave();
});

test("a key has so many streams and no more, and one that ends makes room", async () => {
  await noStreamIsLeft();
  const streams = await Promise.all(Array.from({ length: STREAMS_PER_KEY_MAX }, () => stream("", { key: "second" })));
  assert.ok(streams.every(({ status }) => status === 200));
  const refused = await stream("", { key: "second" });
  assert.equal(refused.status, 429);
  const ofAnother = await stream("", { key: "demo" });
  assert.equal(ofAnother.status, 200);
  ofAnother.leave();
  streams[0]?.leave();
  await eventually("there is room", async () => {
    const again = await stream("", { key: "second" });
    again.leave();
    return again.status === 200;
  });
  for (const one of streams) one.leave();
  await noStreamIsLeft();
});

test("who asks for the headers alone has no stream", async () => {
  await noStreamIsLeft();
  const { status } = await fetch(`${baseUrl}/v2/events/stream`, { method: "HEAD", headers: { authorization: "Bearer all" } });
  assert.equal(status, 200);
  await noStreamIsLeft();
});

test("what is out of reach, not permitted or no cursor is refused by name", async () => {
  const told = async (query: string, key = "all"): Promise<string> => {
    const { status, body } = await server.call("GET", `/v2/events/stream${query}`, { key });
    const { code, errors = [] } = body as { code: string; errors?: { field: string }[] };
    return [status, code, ...errors.map(({ field }) => field)].join(" ");
  };
  assert.equal(await told(`?placeIds=${PLACE_ID},${server.foreign.placeId}`), "404 not_found placeId");
  assert.equal(await told(`?placeIds=${PLACE_ID},424242`), "404 not_found placeId");
  assert.equal(await told(`?placeIds=${PLACE_ID}`, "people"), "403 not_permitted");
  assert.equal(await told("?after=garbage"), "400 argument_invalid after");
  assert.equal(await told("?types=NO_SUCH_EVENT"), "400 argument_invalid types");
  const beyond = encodeStreamCursor(new Map([[PLACE_ID, 100_000]]));
  assert.equal(await told(`?placeIds=${PLACE_ID}&after=${beyond}`), "400 argument_invalid after");
});

test("a reader that takes nothing is cut off while others are sent everything, and resumes without loss", async () => {
  const from = lastNumber;
  const lively = await stream(`?placeIds=${PLACE_ID}`);
  await eventually("it has begun", () => lively.ids().length === 1);
  const openCount = server.services.openStreams();
  const slow = await silentReader(`/v2/events/stream?placeIds=${PLACE_ID}`);
  await eventually("both have begun", () => server.services.openStreams() === openCount + 1);
  server.hurried.add("slow reader");
  // More than sockets and buffers hold.
  for (let round = 0; round < 60; round += 1) await append(PLACE_ID, 1_000);
  await eventually("the slow one is cut off", () => server.services.openStreams() === openCount, 20_000);
  server.hurried.delete("slow reader");
  await eventually("the lively one has all", () => lively.count() >= 59_990, 20_000);
  const ids = [...(await readAll(slow)).matchAll(/^id: (.*)$\n^data: .*"localLogId":(\d+).*}\n\n/gm)];
  const [, lastId = "", lastSeen] = ids.at(-1) ?? [];
  assert.ok(ids.length > 0 && ids.length < 60_000);
  const resumed = await stream(`?placeIds=${PLACE_ID}`, { lastEventId: lastId });
  await eventually("the rest begins to come", () => resumed.count() > 0);
  assert.equal(resumed.numbers()[0], Number(lastSeen) + 1);
  assert.equal(Number(lastSeen), from + ids.length);
  lively.leave();
  resumed.leave();
});

/** Reads nothing of what it is sent. */
async function silentReader(path: string): Promise<Socket> {
  const socket = connect(Number(new URL(baseUrl).port), "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\n\r\n`);
  return socket;
}

/** What had arrived before it was cut off, without what HTTP wraps chunks in. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (bytes) => chunks.push(bytes));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resume();
  await closed;
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r\n[0-9a-f]+\r\n/g, "");
}

test("the client's iterator goes on over a cut and an end of the server's, each event once", async () => {
  const client = posternClient({ baseUrl, key: "all" });
  const over = new AbortController();
  const from = lastNumber;
  const seen: number[] = [];
  await noStreamIsLeft();
  const following = (async () => {
    for await (const { event } of client.stream({ placeIds: [PLACE_ID], signal: over.signal })) seen.push(event.localLogId);
  })();
  await eventually("it streams", () => server.services.openStreams() === 1);
  await append(PLACE_ID, 3);
  await eventually("three have come", () => seen.length === 3);
  server.app.server.closeAllConnections();
  await append(PLACE_ID, 3);
  await eventually("six have come", () => seen.length === 6);
  over.abort();
  await following;
  assert.deepEqual(
    seen,
    [1, 2, 3, 4, 5, 6].map((step) => from + step),
  );
});

test("lines are one event each, with the cursor to go on in a header", async () => {
  const response = await fetch(`${baseUrl}/v2/places/${SECOND_PLACE_ID}/events?limit=3&types=DEV_CARD_AUTH_FAIL`, {
    headers: { authorization: "Bearer all", accept: "application/x-ndjson" },
  });
  assert.equal(response.headers.get("content-type"), "application/x-ndjson; charset=utf-8");
  const lines = (await response.text()).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { eventType: string }).eventType),
    ["DEV_CARD_AUTH_FAIL", "DEV_CARD_AUTH_FAIL"],
  );
  const next = response.headers.get("postern-next") ?? "";
  const after = await server.call("GET", `/v2/places/${SECOND_PLACE_ID}/events?after=${next}&types=DEV_CARD_AUTH_FAIL`);
  assert.deepEqual((after.body as { events: unknown[] }).events, []);
});

test("a key that is revoked ends its streams, and a server that stops ends all in order", async () => {
  const one = await stream("", { key: "second" });
  const other = await stream("", { key: "demo" });
  server.waitingKeys.end("second");
  await one.ended;
  assert.match(one.text(), /\n\n$/);
  assert.equal(server.services.openStreams() > 0, true);
  server.stopping.abort();
  await other.ended;
  assert.match(other.text(), /\n\n$/);
  await noStreamIsLeft();
});
