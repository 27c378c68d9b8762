import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { NATIVE_CODES, type NativeCode } from "@postern/contract";
import { seededRandom } from "@postern/core";
import { type PosternClient, PosternError, posternClient } from "../src/index.ts";
import {
  type Answering,
  type AnsweringServer,
  answers,
  hangsUp,
  refuses,
  startAnsweringServer,
  staysSilent,
} from "./support/answering-server.ts";
import { gathered } from "./support/gathered.ts";
import { type NotedTimers, notedTimers } from "./support/noted-timers.ts";

const GROUP = { groupId: 7, placeId: 178, name: "Staff", grants: [], memberCount: 0 };
const WRITE = { params: { placeId: 178 }, body: { name: "Staff", grants: [] } };
const ATTEMPTS = 4;

let server: AnsweringServer;
let timers: NotedTimers;
let client: PosternClient;
before(async () => {
  server = await startAnsweringServer(staysSilent);
});
after(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  timers = notedTimers();
  client = posternClient({ baseUrl: server.baseUrl, key: "the-key", timers, random: seededRandom(1) });
});

/** How often the server was asked while `work` failed, and with what it failed. */
async function failing(
  answering: Answering,
  work: () => Promise<unknown>,
): Promise<{ readonly error: PosternError; readonly tries: number }> {
  server.answering = answering;
  const triesBefore = server.asked.length;
  const error = await work().then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PosternError, String(error));
  return { error, tries: server.asked.length - triesBefore };
}

const read = (): Promise<unknown> => client.readGroup({ params: { groupId: 7 } });
const change = (): Promise<unknown> => client.changeGroup({ params: { groupId: 7 }, body: { name: "Crew" } });

test("a call goes to the path, query and body of its operation, with the key, and gives its answer", async () => {
  server.answering = answers("createGroup", GROUP);
  assert.deepEqual(await client.createGroup({ ...WRITE, idempotencyKey: "once" }), GROUP);
  const { method, url, headers, body } = server.asked.at(-1) ?? assert.fail();
  assert.deepEqual({ method, url, body }, { method: "POST", url: "/v2/places/178/groups", body: WRITE.body });
  assert.equal(headers.authorization, "Bearer the-key");
  assert.equal(headers["idempotency-key"], "once");
  server.answering = answers("listAuths", { items: [] });
  await client.call("listAuths", { params: { placeId: 178 }, query: { q: "a&b c", groupId: 7, limit: undefined as never } });
  assert.equal(server.asked.at(-1)?.url, "/v2/places/178/auths?q=a%26b+c&groupId=7");
});

test("an operation without a body answers undefined, and a text in a path stays one part of it", async () => {
  server.answering = answers("revokeKey", undefined);
  assert.equal(await client.revokeKey({ params: { keyId: "a/../b" } }), undefined);
  assert.equal(server.asked.at(-1)?.url, "/v2/keys/a%2F..%2Fb");
});

test("an exchange tells the etag, which the next change carries as If-Match", async () => {
  server.answering = answers("readGroup", GROUP, { etag: '"v1"' });
  const { answer, etag, requestId } = await client.exchange("readGroup", { params: { groupId: 7 } });
  assert.deepEqual({ answer, etag, requestId }, { answer: GROUP, etag: '"v1"', requestId: "request-1" });
  server.answering = answers("changeGroup", GROUP);
  await client.changeGroup({ params: { groupId: 7 }, body: { name: "Staff" }, ifMatch: etag ?? "" });
  assert.equal(server.asked.at(-1)?.headers["if-match"], '"v1"');
});

test("each code of v2 comes with its class, and reading is tried again for transient and ambiguous ones alone", async () => {
  for (const code of Object.keys(NATIVE_CODES) as NativeCode[]) {
    const { error, tries } = await failing(refuses(code), read);
    const { class: wanted, status } = NATIVE_CODES[code];
    assert.deepEqual([error.code, error.class, error.status, error.requestId], [code, wanted, status, "request-2"]);
    assert.equal(tries, wanted === "transient" || wanted === "ambiguous" ? ATTEMPTS : 1, code);
  }
});

test("a change without an Idempotency-Key is tried again when the failure is transient, and never when it is ambiguous", async () => {
  assert.equal((await failing(refuses("database_away"), change)).tries, ATTEMPTS);
  assert.equal((await failing(refuses("unlock_unconfirmed"), change)).tries, 1);
  const { error, tries } = await failing(hangsUp, change);
  assert.deepEqual([error.code, error.class, error.status, tries], ["server_away", "ambiguous", null, 1]);
});

test("a call of which one try may have been done is ambiguous, although the last one was not", async () => {
  const refusing = refuses("database_away");
  let tries = 0;
  const firstLost: Answering = (asked, response) => {
    tries += 1;
    if (tries === 1) hangsUp(asked, response);
    else refusing(asked, response);
  };
  const { error } = await failing(firstLost, () => client.createGroup(WRITE));
  assert.deepEqual([tries, error.code, error.class, error.status], [ATTEMPTS, "database_away", "ambiguous", 503]);
  const never = await failing(refusing, () => client.createGroup(WRITE));
  assert.equal(never.error.class, "transient");
});

test("what takes an Idempotency-Key gets one, the same in each try and another in each call, and is tried again when ambiguous", async () => {
  const keys: unknown[] = [];
  for (const _ of [1, 2]) {
    const { tries } = await failing(hangsUp, () => client.createGroup(WRITE));
    assert.equal(tries, ATTEMPTS);
    const sent = new Set(server.asked.slice(-ATTEMPTS).map(({ headers }) => headers["idempotency-key"]));
    assert.equal(sent.size, 1);
    keys.push(...sent);
  }
  assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
  assert.notEqual(keys[0], keys[1]);
});

test("a connection that was never made is transient: also what must not be done twice is tried again", async () => {
  const away = await startAnsweringServer(staysSilent);
  await away.stop();
  const lost = posternClient({ baseUrl: away.baseUrl, timers, random: seededRandom(1) });
  await assert.rejects(lost.issueClaimCode({ params: { controllerId: 1 } }), { code: "server_away", class: "transient" });
  assert.equal(timers.pausesMs.length, ATTEMPTS - 1);
});

test("pauses double with jitter, the same for the same seed, and obey a longer Retry-After", async () => {
  await failing(refuses("device_offline"), read);
  const [first = 0, second = 0, third = 0] = timers.pausesMs.splice(0);
  for (const [pauseMs, wholeMs] of [
    [first, 200],
    [second, 400],
    [third, 800],
  ] as const)
    assert.ok(pauseMs >= wholeMs / 2 && pauseMs <= wholeMs, `${pauseMs} of ${wholeMs}`);
  client = posternClient({ baseUrl: server.baseUrl, timers, random: seededRandom(1) });
  await failing(refuses("device_offline"), read);
  assert.deepEqual(timers.pausesMs.splice(0), [first, second, third]);
  await failing(refuses("too_many_requests", { headers: { "retry-after": "7" } }), read);
  assert.deepEqual(timers.pausesMs.splice(0), [7_000, 7_000, 7_000]);
});

test("a server that asks for more than half a minute is not asked again, and the error says for how long", async () => {
  const { error, tries } = await failing(refuses("too_many_requests", { headers: { "retry-after": "31" } }), read);
  assert.deepEqual([error.retryAfterS, tries], [31, 1]);
});

test("a refusal names what was wrong, field by field", async () => {
  const problem = { field: "name", message: "must not be empty", rejectedValue: "" };
  const { error } = await failing(refuses("argument_invalid", { errors: [problem, "?", { field: 1 }] }), change);
  assert.deepEqual(error.problems, [problem]);
});

test("what stands in between and answers without a problem document is judged by its status", async () => {
  const plain =
    (status: number): Answering =>
    (_, response) =>
      void response.writeHead(status, { location: "http://127.0.0.1:9/" }).end("<html>");
  for (const [status, wanted] of [
    [302, "caller"],
    [404, "caller"],
    [429, "transient"],
    [500, "bug"],
    [502, "ambiguous"],
    [503, "transient"],
  ] as const) {
    const { error } = await failing(plain(status), change);
    assert.deepEqual([error.code, error.class], [`http_${status}`, wanted]);
  }
});

test("an answer that is no JSON fails for good", async () => {
  const { error, tries } = await failing((_, response) => void response.writeHead(200).end("<html>"), read);
  assert.deepEqual([error.code, error.class, tries], ["answer_malformed", "permanent", 1]);
});

test("an answer of more than 64 MiB is not read on, and its connection is ended", async () => {
  let [mebibytes, isCancelled] = [0, false];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      mebibytes += 1;
      if (mebibytes > 70) return controller.close();
      controller.enqueue(new Uint8Array(1_048_576).fill(32));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const flooded = posternClient({ baseUrl: server.baseUrl, fetch: () => Promise.resolve(new Response(body)), timers });
  await assert.rejects(flooded.listPlaces(), { code: "answer_too_large", class: "permanent" });
  assert.ok(isCancelled);
});

test("a silent server is late, which is ambiguous, and no limit goes on running", async () => {
  const asked = server.asked.length;
  server.answering = (...one) => {
    staysSilent(...one);
    queueMicrotask(() => timers.runOut());
  };
  await assert.rejects(change(), { code: "answer_late", class: "ambiguous" });
  assert.equal(server.asked.length - asked, 1);
  assert.equal(timers.running(), 0);
});

test("an aborted call rejects with the signal's reason: before it is sent, while it waits, and in a pause", async () => {
  const reason = new RangeError("enough");
  const asked = server.asked.length;
  const signal = AbortSignal.abort(reason);
  await assert.rejects(client.readGroup({ params: { groupId: 7 }, signal }), reason);
  assert.equal(server.asked.length, asked);

  const waiting = new AbortController();
  server.answering = () => waiting.abort(reason);
  await assert.rejects(client.readGroup({ params: { groupId: 7 }, signal: waiting.signal }), reason);

  const pausing = new AbortController();
  const stuck = {
    after: (name: string) => {
      if (name === "a call again") queueMicrotask(() => pausing.abort(reason));
      return { cancel: () => undefined };
    },
  };
  server.answering = refuses("database_away");
  const patient = posternClient({ baseUrl: server.baseUrl, timers: stuck, random: seededRandom(1) });
  await assert.rejects(patient.readGroup({ params: { groupId: 7 }, signal: pausing.signal }), reason);
});

test("pages give every item once, asking for the next page only when it is wanted", async () => {
  const page = (groupId: number, next?: string) =>
    answers("listGroups", { items: [{ ...GROUP, groupId }], ...(next === undefined ? {} : { next }) });
  server.answering = (asked, response) => (asked.url.includes("after=two") ? page(2) : page(1, "two"))(asked, response);
  const found: number[] = [];
  for await (const { groupId } of client.pages("listGroups", { params: { placeId: 178 }, query: { limit: 1 } })) found.push(groupId);
  assert.deepEqual(found, [1, 2]);
  assert.deepEqual(
    server.asked.slice(-2).map(({ url }) => url),
    ["/v2/places/178/groups?limit=1", "/v2/places/178/groups?limit=1&after=two"],
  );
  const asked = server.asked.length;
  for await (const _ of client.pages("listGroups", { params: { placeId: 178 } })) break;
  assert.equal(server.asked.length - asked, 1);
});

test("a page that names itself as the next ends in an error and not in a loop", async () => {
  const { error } = await failing(answers("listGroups", { items: [], next: "same" }), () =>
    gathered(client.pages("listGroups", { params: { placeId: 178 } })),
  );
  assert.equal(error.code, "answer_malformed");
});

test("a key or address that cannot be one is refused at once, and the key is not repeated", () => {
  assert.throws(
    () => posternClient({ baseUrl: server.baseUrl, key: "secret\nkey" }),
    (error) => error instanceof PosternError && error.code === "argument_invalid" && !error.message.includes("secret"),
  );
  for (const baseUrl of ["127.0.0.1:8080", "ftp://host", "http://", "http://host/?q"])
    assert.throws(() => posternClient({ baseUrl }), { code: "argument_invalid" }, baseUrl);
});
