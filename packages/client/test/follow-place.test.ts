import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@postern/core";
import { type PosternError, posternClient } from "../src/index.ts";
import { type Answering, answers, refuses, startAnsweringServer } from "./support/answering-server.ts";
import { gathered } from "./support/gathered.ts";
import { notedTimers } from "./support/noted-timers.ts";

/** Cursors as the server writes them. */
const cursor = (position: number): string => String(position).padStart(20, "0");

/** A ledger of so many events, two in an answer; `now` is behind all that are there when it is asked. */
function ledger(state: { count: number }): Answering {
  return (asked, response) => {
    const after = new URL(asked.url, "http://host").searchParams.get("after");
    const from = after === "now" ? state.count : Number(after ?? 0);
    const events = [from + 1, from + 2].filter((position) => position <= state.count).map(event);
    answers("followEvents", { events, next: events.at(-1)?.cursor ?? cursor(from) })(asked, response);
  };
}

function event(position: number) {
  const ids = { logId: cursor(position), placeId: 178, deviceId: 1, localLogId: position };
  return { ...ids, eventType: "DEV_DEVICE_START", eventAt: 1_000, receivedAt: 1_000, cursor: cursor(position) };
}

test("following gives every event once and in order although the server goes away in between, more often than a call is tried", async () => {
  const state = { count: 3 };
  await using server = await startAnsweringServer(ledger(state));
  const timers = notedTimers();
  let awayCount = 0;
  let back: Promise<void> = Promise.resolve();
  const client = posternClient({ baseUrl: server.baseUrl, timers: slowly(timers), random: seededRandom(1) });
  const enough = new AbortController();
  const found: number[] = [];
  const onAway = (error: PosternError): void => {
    assert.equal(error.code, "server_away");
    awayCount += 1;
    if (awayCount === 6) back = server.start();
  };
  for await (const { localLogId } of client.follow(178, { signal: enough.signal, onAway })) {
    found.push(localLogId);
    if (localLogId === 2) {
      await server.stop();
      state.count = 5;
    }
    if (localLogId === 5) enough.abort();
  }
  await back;
  assert.deepEqual(found, [1, 2, 3, 4, 5]);
  assert.ok(awayCount >= 6, String(awayCount));
});

/** Pauses let the event loop turn, so that a server can come back meanwhile. */
function slowly(timers: ReturnType<typeof notedTimers>) {
  return {
    after(name: string, delayMs: number, action: () => void) {
      if (name !== "a call again") return timers.after(name, delayMs, action);
      const handle = setImmediate(action);
      return { cancel: () => clearImmediate(handle) };
    },
  };
}

test("`now` becomes a cursor before anything is waited for, so that what happens while the server is away is not missed", async () => {
  const state = { count: 3 };
  const answer = ledger(state);
  await using server = await startAnsweringServer(answer);
  const client = posternClient({ baseUrl: server.baseUrl, timers: notedTimers(), random: seededRandom(1) });
  let asks = 0;
  server.answering = (asked, response) => {
    asks += 1;
    if (asks !== 2) return answer(asked, response);
    state.count = 4;
    refuses("database_away")(asked, response);
  };
  for await (const { localLogId } of client.follow(178, { after: "now" })) {
    assert.equal(localLogId, 4);
    break;
  }
  const urls = server.asked.map(({ url }) => url);
  assert.deepEqual(urls.slice(0, 2), [
    "/v2/places/178/events?after=now&wait=0&limit=200",
    `/v2/places/178/events?after=${cursor(3)}&wait=25&limit=200`,
  ]);
  assert.equal(urls.filter((url) => url.includes("after=now")).length, 1);
});

test("following ends without an error when it is told to while it waits, and with one when the server refuses for good", async () => {
  const stop = new AbortController();
  await using server = await startAnsweringServer(() => stop.abort());
  const client = posternClient({ baseUrl: server.baseUrl, timers: notedTimers(), random: seededRandom(1) });
  assert.deepEqual(await gathered(client.follow(178, { signal: stop.signal })), []);
  server.answering = refuses("key_refused");
  await assert.rejects(gathered(client.follow(178)), { code: "key_refused" });
});
