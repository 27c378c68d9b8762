import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type FeatureServer, SECOND_PLACE_ID, startFeatureServer } from "../../server/test/features/support/feature-server.ts";
import { writeEvents } from "../../server/test/features/support/ledger-writer.ts";
import { type PosternClient, PosternError, posternClient } from "../src/index.ts";

let server: FeatureServer;
let client: PosternClient;
let baseUrl: string;
before(async () => {
  server = await startFeatureServer();
  baseUrl = await server.app.listen({ port: 0, host: "127.0.0.1" });
  client = posternClient({ baseUrl, key: "second" });
});
after(() => server[Symbol.asyncDispose]());

async function append(...numbers: readonly number[]): Promise<void> {
  const events = numbers.map((localLogId) => ({ eventAt: 5_000, eventType: "DEV_DEVICE_START" as const, localLogId }));
  await writeEvents(server.test.database, SECOND_PLACE_ID, events);
}

test("the server's own events are followed from the beginning, and again from the cursor of one of them", async () => {
  await append(1, 2, 3);
  const found: { readonly localLogId: number; readonly cursor: string }[] = [];
  for await (const event of client.follow(SECOND_PLACE_ID)) {
    found.push(event);
    if (found.length === 3) break;
  }
  assert.deepEqual(
    found.map(({ localLogId }) => localLogId),
    [1, 2, 3],
  );
  for await (const { localLogId } of client.follow(SECOND_PLACE_ID, { after: found[1]?.cursor })) {
    assert.equal(localLogId, 3);
    break;
  }
});

test("the server's refusals come with their code, class, fields and request id", async () => {
  await assert.rejects(client.followEvents({ params: { placeId: 502 } }), { code: "not_found", class: "caller", status: 404 });
  await assert.rejects(client.followEvents({ params: { placeId: SECOND_PLACE_ID }, query: { limit: 0 } }), (error) => {
    assert.ok(error instanceof PosternError);
    const [problem] = error.problems;
    assert.deepEqual([error.code, error.status, problem?.field], ["argument_invalid", 400, "limit"]);
    return error.requestId !== null;
  });
  const stranger = posternClient({ baseUrl, key: "nobody" });
  await assert.rejects(stranger.listKeys(), { code: "key_refused", class: "caller", status: 401 });
});
