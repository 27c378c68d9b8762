import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type PosternClient, posternClient } from "@postern/client";
import { createTestDatabase, type TestDatabase } from "@postern/server/testing";
import { writeEvents } from "../../server/test/features/support/ledger-writer.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../../server/test/features/webhooks/webhook-receiver.ts";
import { processesOn, type Running, runPostern, until, whenWritten } from "./support/postern-process.ts";

const PLACE_ID = 178;

let folder: string;
let database: TestDatabase;
let receiver: WebhookReceiver;
let running: Running;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-killed-"));
  database = await createTestDatabase();
  receiver = await startWebhookReceiver();
  await start();
});
after(async () => {
  running.process.kill("SIGTERM");
  await running.ended;
  await receiver[Symbol.asyncDispose]();
  await database.drop();
  await until("nothing is left", async () => (await processesOn(folder)).length === 0);
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  running = runPostern(["start"], {
    POSTERN_HTTP_PORT: "0",
    POSTERN_MQTT_PORT: "0",
    POSTERN_DATA_DIR: folder,
    POSTERN_DEMO: "on",
    POSTERN_OUTGOING_HOSTS: "http://127.0.0.1",
    DATABASE_URL: database.ownerUrl,
  });
  await whenWritten(running, "Ready.");
}

/** As a power cut would: at whatever it was about to do. */
async function killAndStart(): Promise<void> {
  running.process.kill("SIGKILL");
  await running.ended;
  await start();
}

async function client(): Promise<PosternClient> {
  const { baseUrl, apiKey } = JSON.parse(await readFile(join(folder, "demo.json"), "utf8")) as { baseUrl: string; apiKey: string };
  return posternClient({ baseUrl, key: apiKey });
}

let lastNumber = 0;
async function append(count: number): Promise<readonly number[]> {
  const numbers = Array.from({ length: count }, (_, index) => lastNumber + index + 1);
  lastNumber += count;
  const events = numbers.map((localLogId) => ({
    eventAt: 5_000,
    eventType: "DEV_CARD_AUTH_FAIL" as const,
    localLogId,
    receivedAt: Date.now(),
    doorId: 236,
  }));
  await writeEvents(database.database, PLACE_ID, events);
  return numbers;
}

test("a server that is killed while it delivers loses no event, keeps their order, and sends a message again only as it was, with its id", async () => {
  // Only what this test appends.
  const choice = { types: ["DEV_CARD_AUTH_FAIL"], doorIds: [236] };
  await (await client()).createWebhook({ params: { placeId: PLACE_ID }, body: { name: "hook", url: receiver.url, events: choice } });
  const wanted: number[] = [];
  // Slow enough that most kills meet a delivery that is on its way.
  receiver.onMessage = () => new Promise((resolve) => setTimeout(resolve, 30));
  for (let round = 0; round < 4; round += 1) {
    const seen = receiver.received.length;
    for (let step = 0; step < 10; step += 1) wanted.push(...(await append(120)));
    await until("some of it was sent", () => receiver.received.length > seen + round);
    await killAndStart();
  }
  await until("all have come", () => receiver.numbers().length >= wanted.length);
  assert.deepEqual(receiver.numbers(), wanted);
  const bodies = new Map<string, string>();
  for (const { id, body } of receiver.received) {
    assert.equal(bodies.get(id) ?? body, body, "a repeat is the same message");
    bodies.set(id, body);
  }
  assert.ok(receiver.received.length > bodies.size, "some kill met a delivery");
});

test("a server that is killed while it writes an export goes on with it: every event once, and nothing is done before it is whole", async () => {
  for (let step = 0; step < 60; step += 1) await append(1_000);
  const made = await (await client()).createExport({
    params: { placeId: PLACE_ID },
    body: { types: ["DEV_CARD_AUTH_FAIL"], doorIds: [236] },
  });
  const { exportId } = made;
  const read = async () => (await client()).readExport({ params: { exportId }, query: { wait: 0 } });
  let lookedCount = 0;
  let killCount = 0;
  for (; killCount < 2; killCount += 1) {
    await until("it goes on", async () => {
      const found = await read();
      const isFurther = found.lookedCount > lookedCount;
      lookedCount = found.lookedCount;
      return isFurther || found.state === "done";
    });
    if ((await read()).state === "done") break;
    await killAndStart();
  }
  assert.ok(killCount > 0, "it was killed on its way");
  await until("it is done", async () => (await read()).state === "done");
  const { body, bytes } = await (await client()).download(exportId);
  const text = await new Response(body).text();
  const numbers = text
    .trimEnd()
    .split("\r\n")
    .slice(1)
    .map((line) => Number(line.split(",")[11]));
  assert.equal(Buffer.byteLength(`\ufeff${text}`), bytes);
  assert.deepEqual(
    numbers,
    Array.from({ length: lastNumber }, (_, index) => index + 1),
  );
});
