import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog, systemClock, systemRandom, systemTimers } from "@postern/core";
import { startServer } from "../../src/app.ts";
import { readConfig } from "../../src/platform/config.ts";
import { CLUE_CALLS_COUNT_MAX, NATIVE_CALLS_COUNT_MAX } from "../../src/platform/http/http-limits.ts";
import { callUrl } from "../http/http-world.ts";
import { createTestDatabase, createTestPlace, temporaryFolder } from "../support/index.ts";

const AT_ONCE = 16;

test("a server that counts calls as POSTERN_RATE_LIMIT says refuses a key's 301st call, and follows a ledger on without counting", async () => {
  const test = await createTestDatabase();
  await using folder = await temporaryFolder();
  const { placeGroupId, placeId } = await createTestPlace(test.database);
  const settings = { POSTERN_RATE_LIMIT: "on", POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0", POSTERN_DEMO: "off" };
  const config = readConfig({ ...settings, POSTERN_DATA_DIR: folder.path, DATABASE_URL: test.ownerUrl });
  const server = await startServer({ config, log: silentLog, clock: systemClock, timers: systemTimers, random: systemRandom });
  try {
    const expiresAtMs = systemClock.nowMs() + 86_400_000;
    const { key } = await server.keys.mintRoot({
      placeGroupId,
      name: "test",
      scopes: ["events", "doors:operate"],
      placeIds: null,
      expiresAtMs,
    });
    const get = (path: string) => callUrl("GET", server.baseUrl + path, { key });
    const refusedOf = async (count: number, path: string): Promise<number> => {
      let left = count;
      let refused = 0;
      const caller = async (): Promise<void> => {
        for (; left > 0; ) {
          left -= 1;
          if ((await get(path)).status !== 200) refused += 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, caller));
      return refused;
    };
    assert.equal(await refusedOf(CLUE_CALLS_COUNT_MAX, `/v1/places/${placeId}/doors`), 0);
    const over = await get(`/v1/be/places/${placeId}/doors`);
    assert.deepEqual([over.status, over.body.errors[0].code], [400, "e1010"]);
    assert.match(over.headers.get("retry-after") ?? "", /^\d+$/);
    assert.equal(await refusedOf(NATIVE_CALLS_COUNT_MAX + 1, `/v2/places/${placeId}/events?limit=1`), 0);
  } finally {
    await server.stop();
    await test.drop();
  }
});
