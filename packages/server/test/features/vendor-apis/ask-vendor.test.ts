import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock, systemRandom, systemTimers } from "@postern/core";
import { Webhook } from "standardwebhooks";
import { VendorAsks, type VendorAsksDeps } from "../../../src/features/vendor-apis/ask-vendor.ts";
import type { VendorDraft } from "../../../src/features/vendor-apis/draft.ts";
import { BREAKER_FAILURES_COUNT, CALLS_PER_CUSTOMER_MAX } from "../../../src/features/vendor-apis/limits.ts";
import { sealHeaders, secretOwner } from "../../../src/features/vendor-apis/sealed-parts.ts";
import { insertApi } from "../../../src/features/vendor-apis/store.ts";
import type { VendorQuestion, VendorVerdict } from "../../../src/gateway/vendor-question.ts";
import type { OutgoingHttp, OutgoingRequest, OutgoingResult } from "../../../src/platform/outgoing/outgoing-http.ts";
import { sealSecret, secretText } from "../../../src/platform/outgoing/signing-secret.ts";
import { type LogLine, recordingLog } from "../../http/http-world.ts";
import { createTestDatabase, createTestPlace, eventually, type TestDatabase, type TestPlace } from "../../support/index.ts";
import { answerJson, startVendorServer, type VendorServer } from "./vendor-server.ts";

const KEY = Buffer.alloc(32, 7);
const SECRET = Buffer.alloc(32, 8);
const HEADER = { name: "X-Api-Key", value: "of-the-customer-alone" };
const BUDGET_MS = 2_000;

let real: TestDatabase;
let place: TestPlace;
let other: TestPlace;
let vendor: VendorServer;
const lines: LogLine[] = [];

before(async () => {
  real = await createTestDatabase();
  place = await createTestPlace(real.database, { placeId: 501 });
  other = await createTestPlace(real.database, { placeId: 502 });
  await real.database.execute("update place_groups set access_type = 'VENDOR'");
  const users = "insert into users(user_id, place_group_id, key, made_at) values (71, $1, 'ada', 0), (72, $2, 'eve', 0)";
  await real.database.query(users, [place.placeGroupId, other.placeGroupId]);
  vendor = await startVendorServer();
});
after(async () => {
  await vendor[Symbol.asyncDispose]();
  await real.drop();
});
beforeEach(async () => {
  vendor.answer = answerJson({ ok: true, text: "Welcome" });
  vendor.asked.length = 0;
  lines.length = 0;
  await real.database.execute("delete from vendor_apis");
});

let apiCount = 0;

/** Registers an API and has its group ask it. */
async function mapped(fields: Partial<VendorDraft> = {}, at: TestPlace = place): Promise<number> {
  apiCount += 1;
  const vendorApiId = 1_000 + apiCount;
  const { headers, ...draft }: VendorDraft = {
    ...{ name: "api", credential: "card", url: vendor.url, headers: [HEADER], manualFields: [{ key: "site", type: "NUMBER", value: "7" }] },
    autoFields: [
      { key: "deviceId", placeholder: "{{DEVICE_SERIAL}}" },
      { key: "rfCard", placeholder: "{{CARD_NUMBER}}" },
    ],
    ...{ statusCodes: [], result: { key: "$.ok", type: "BOOLEAN", value: "true" }, successMessage: "$.text", failureMessage: "$.text" },
    ...fields,
  };
  const sealed = {
    headerNames: headers.map(({ name }) => name),
    headersSealed: sealHeaders(KEY, vendorApiId, { headers, random: systemRandom }),
    secretSealed: sealSecret(secretOwner(KEY, vendorApiId), SECRET, systemRandom),
    ...{ previousSecretSealed: null, previousSecretUntil: null, madeAt: 0, madeBy: null },
  };
  const { placeGroupId } = at;
  await real.database.transaction((tx) => insertApi(tx, { ...draft, ...sealed, vendorApiId, placeGroupId }));
  await real.database.execute(
    `insert into vendor_mappings(place_group_id, credential, vendor_api_id) values ($1, $2, $3)
     on conflict (place_group_id, credential) do update set vendor_api_id = excluded.vendor_api_id`,
    [placeGroupId, draft.credential, vendorApiId],
  );
  return vendorApiId;
}

function asksBy(outgoing: Pick<OutgoingHttp, "send">, more: Partial<VendorAsksDeps> = {}): VendorAsks {
  const ports = { clock: systemClock, timers: systemTimers, random: systemRandom, log: recordingLog(lines) };
  return new VendorAsks({ ...ports, database: real.database, secretKey: KEY, userAgent: "Postern/test", outgoing, ...more });
}

function questionOf(fields: Partial<VendorQuestion> = {}): VendorQuestion {
  const { placeId, controllerId, doorIds, deviceIds } = place;
  const ids = { placeId, controllerId, doorId: doorIds[0] ?? 0, deviceId: deviceIds[0] ?? 0, authId: null, userId: null };
  return { ...ids, credential: "card", identify: true, presented: "4711-12345", budgetMs: BUDGET_MS, ...fields };
}

function ask(asks: VendorAsks, fields: Partial<VendorQuestion> = {}): Promise<VendorVerdict> {
  return asks.ask(questionOf(fields), new AbortController().signal);
}

/** `silent tls 1`: the verdict, why, and how often it was tried. */
async function outcome(asks: VendorAsks, fields: Partial<VendorQuestion> = {}): Promise<string> {
  const { verdict, detail } = await ask(asks, fields);
  // A second is for a machine that is busy with other things.
  assert.ok(Number(detail["vendorMs"] ?? 0) <= (fields.budgetMs ?? BUDGET_MS) + 1_000, JSON.stringify(detail));
  return [verdict, detail["vendorReason"], detail["vendorTries"]].filter((part) => part !== undefined).join(" ");
}

describe("a question and its answer", () => {
  test("a confirmation has its trace and its message; the request is signed and has what was chosen", async () => {
    const vendorApiId = await mapped();
    const { vendorMs, ...detail } = (await ask(asksBy(vendor.outgoing()))).detail;
    assert.deepEqual(detail, { vendorApiId, vendorStatus: 200, vendorTries: 1 });
    assert.equal(typeof vendorMs, "number");
    const [asked] = vendor.asked;
    const [row] = await real.database.query<{ serial: string }>("select serial from devices where device_id = $1", [place.deviceIds[0]]);
    assert.equal(asked?.body, `{"deviceId":"${row?.serial}","rfCard":"4711-12345","site":7}`);
    assert.equal(asked?.headers["x-api-key"], HEADER.value);
    new Webhook(secretText(SECRET)).verify(asked?.body ?? "", asked?.headers as Record<string, string>);
  });

  test("a judged no is a refusal, with why, its status and its message", async () => {
    const vendorApiId = await mapped();
    vendor.answer = answerJson({ ok: false, text: "Not on Sundays" }, { status: 409 });
    const { detail, ...told } = await ask(asksBy(vendor.outgoing()));
    const { vendorMs: _ms, ...rest } = detail;
    assert.deepEqual(told, { verdict: "refused", message: "Not on Sundays" });
    assert.deepEqual(rest, { vendorApiId, vendorReason: "result_differs", vendorStatus: 409, vendorTries: 1 });
  });

  test("a person is named by their key, and somebody else's person by nothing at all", async () => {
    const autoFields = [{ key: "userKey", placeholder: "{{USER_KEY}}" }] as const;
    await mapped({ credential: "face", autoFields });
    const asks = asksBy(vendor.outgoing());
    const known = { credential: "face", identify: false } as const;
    assert.equal(await outcome(asks, { ...known, userId: 71 }), "confirmed 1");
    assert.equal(vendor.asked[0]?.body, '{"userKey":"ada","site":7}');
    for (const userId of [72, 99, null]) assert.equal(await outcome(asks, { ...known, userId }), "silent no_person", String(userId));
    assert.equal(vendor.asked.length, 1);
  });

  test("what its credential is called by is what is sent: a typed PIN, a code's text", async () => {
    await mapped({ credential: "unique_pin", autoFields: [{ key: "pin", placeholder: "{{UNIQUE_PIN}}" }], manualFields: [] });
    await mapped({ credential: "customer_qr", autoFields: [{ key: "code", placeholder: "{{QR_CODE}}" }], manualFields: [] });
    const asks = asksBy(vendor.outgoing());
    assert.equal(await outcome(asks, { credential: "unique_pin", presented: "004711" }), "confirmed 1");
    assert.equal(await outcome(asks, { credential: "customer_qr", presented: 'a"b\n' }), "confirmed 1");
    assert.deepEqual(
      vendor.asked.map(({ body }) => body),
      ['{"pin":"004711"}', '{"code":"a\\"b\\n"}'],
    );
    const { presented: _left, ...without } = questionOf({ credential: "unique_pin" });
    const { detail } = await asks.ask(without, new AbortController().signal);
    assert.equal(detail["vendorReason"], "nothing_presented");
  });

  test("nobody is asked for what is not mapped, where the access type has it not, and for another customer", async () => {
    await mapped();
    const asks = asksBy(vendor.outgoing());
    assert.equal(await outcome(asks, { credential: "face" }), "silent no_api");
    assert.equal(await outcome(asks, { placeId: other.placeId }), "silent no_api");
    for (const accessType of ["NONE", "MEMBERSHIP"]) {
      await real.database.execute("update place_groups set access_type = $1", [accessType]);
      assert.equal(await outcome(asks), "silent no_api", accessType);
    }
    await real.database.execute("update place_groups set access_type = 'MIXED'");
    assert.equal(await outcome(asks), "confirmed 1");
    await real.database.execute("update place_groups set access_type = 'VENDOR'");
    assert.equal(vendor.asked.length, 1);
  });

  test("a server that was given another key asks nobody with what it cannot unseal", async () => {
    await mapped();
    assert.equal(await outcome(asksBy(vendor.outgoing(), { secretKey: Buffer.alloc(32, 9) })), "silent secret_unreadable");
    assert.equal(vendor.asked.length, 0);
  });

  test("connections are kept: the second question needs no new one", async () => {
    await mapped();
    const asks = asksBy(vendor.outgoing());
    const countBefore = vendor.connectionCount();
    assert.deepEqual([await outcome(asks), await outcome(asks)], ["confirmed 1", "confirmed 1"]);
    assert.equal(vendor.connectionCount(), countBefore + 1);
  });

  test("nothing that was presented, sent or answered is logged", async () => {
    await mapped({ credential: "unique_pin", autoFields: [{ key: "pin", placeholder: "{{UNIQUE_PIN}}" }] });
    vendor.answer = (_asked, response) => void response.writeHead(200, { "content-type": "text/html" }).end("of-the-answer");
    await outcome(asksBy(vendor.outgoing()), { credential: "unique_pin", presented: "471199" });
    assert.deepEqual(
      lines.map(({ event }) => event),
      ["vendor.silent"],
    );
    for (const secret of ["471199", HEADER.value, "of-the-answer", vendor.url]) assert.ok(!JSON.stringify(lines).includes(secret), secret);
  });
});

async function plainServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return { server, port: (server.address() as AddressInfo).port };
}

describe("each failure of a customer's server ends within its time, with its reason", () => {
  const html =
    (type: string, body: string) =>
    (_asked: unknown, response: { writeHead: (status: number, headers: object) => { end(body: string): unknown } }) =>
      void response.writeHead(200, { "content-type": type }).end(body);
  const answers: readonly (readonly [string, VendorServer["answer"], string])[] = [
    ["a page of HTML", html("text/html", "<html>") as VendorServer["answer"], "silent wrong_type 1"],
    ["a text", html("text/plain", "ok") as VendorServer["answer"], "silent wrong_type 1"],
    ["HTML that says it is JSON", html("application/json", "<html>") as VendorServer["answer"], "silent not_json 1"],
    ["nothing", html("application/json", "") as VendorServer["answer"], "silent not_json 1"],
    [
      "10 MB of JSON",
      (_asked, response) =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ok: true, x: "x".repeat(10_000_000) })),
      "silent too_large 1",
    ],
    ["a redirection", answerJson({ ok: true }, { status: 302, headers: { location: "https://example.com/" } }), "silent redirected 1"],
    ["a connection that breaks", (_asked, response) => void response.socket?.destroy(), "silent unreachable 1"],
  ];
  for (const [title, answer, wanted] of answers) {
    test(title, async () => {
      await mapped();
      vendor.answer = answer;
      assert.equal(await outcome(asksBy(vendor.outgoing())), wanted);
    });
  }

  test("one that never answers, and one that never ends", async () => {
    await mapped();
    const asks = asksBy(vendor.outgoing());
    vendor.answer = () => undefined;
    assert.equal(await outcome(asks, { budgetMs: 300 }), "silent timeout 1");
    vendor.answer = (_asked, response) => void response.writeHead(200, { "content-type": "application/json" }).write('{"ok":');
    assert.equal(await outcome(asks, { budgetMs: 300 }), "silent timeout 1");
  });

  test("one that is not there, after a second try", async () => {
    const { server, port } = await plainServer();
    await new Promise((resolve) => server.close(resolve));
    await mapped({ url: vendor.url.replace(/:\d+/, `:${port}`) });
    const outgoing = vendor.outgoing({ alsoAllowed: [`127.0.0.1:${port}`] });
    assert.equal(await outcome(asksBy(outgoing)), "silent unreachable 2");
    assert.equal(await outcome(asksBy(outgoing), { budgetMs: 300 }), "silent unreachable 1", "there is no time for a second");
  });

  test("one whose certificate nobody trusts, and one that speaks no TLS", async () => {
    await mapped();
    assert.equal(await outcome(asksBy(vendor.outgoing({ isTrusted: false }))), "silent tls 1");
    const { server, port } = await plainServer();
    await mapped({ url: vendor.url.replace(/:\d+/, `:${port}`) });
    assert.equal(await outcome(asksBy(vendor.outgoing({ alsoAllowed: [`127.0.0.1:${port}`] }))), "silent tls 1");
    server.close();
    assert.equal(vendor.asked.length, 0);
  });

  test("one at a private address, by its number or by its name", async () => {
    await mapped();
    const outgoing = vendor.outgoing({ isAllowed: false });
    assert.equal(await outcome(asksBy(outgoing)), "silent address_refused 1");
    await mapped({ url: vendor.url.replace("127.0.0.1", "members.example") });
    assert.equal(await outcome(asksBy(outgoing)), "silent address_refused 1");
    assert.equal(vendor.asked.length, 0);
  });

  test("a door that waits no longer ends the question", async () => {
    await mapped();
    vendor.answer = () => undefined;
    const ending = new AbortController();
    const asked = asksBy(vendor.outgoing()).ask(questionOf({ budgetMs: 10_000 }), ending.signal);
    ending.abort();
    assert.equal((await asked).verdict, "silent");
  });
});

type Answering = (request: OutgoingRequest) => Promise<OutgoingResult>;

const GOOD: OutgoingResult = {
  ...{ kind: "answered", status: 200, headers: { "content-type": "application/json" }, body: Buffer.from('{"ok":true}') },
  ...{ isCut: false, durationMs: 1 },
};
const failing = (because: "not_connected" | "connection_lost" | "late", isSent: boolean): OutgoingResult => ({
  kind: "failed",
  because,
  isSent,
  durationMs: 1,
});

/** Answers as told, and counts. */
function outgoingBy(answering: Answering): { send: Answering; readonly sent: OutgoingRequest[] } {
  const sent: OutgoingRequest[] = [];
  return {
    sent,
    send: (request) => {
      sent.push(request);
      return answering(request);
    },
  };
}

describe("what one customer's server costs", () => {
  test("a second try is made where no connection was, with the same id, and nowhere else", async () => {
    await mapped();
    const results = [failing("not_connected", false), GOOD];
    const once = outgoingBy(async () => results.shift() ?? GOOD);
    assert.equal(await outcome(asksBy(once)), "confirmed 2");
    assert.equal(new Set(once.sent.map(({ headers }) => headers["webhook-id"])).size, 1);
    const twice = outgoingBy(async () => failing("not_connected", false));
    assert.equal(await outcome(asksBy(twice)), "silent unreachable 2");
    assert.equal(twice.sent.length, 2);
    for (const because of ["connection_lost", "late"] as const) {
      const sent = outgoingBy(async () => failing(because, true));
      await outcome(asksBy(sent));
      assert.equal(sent.sent.length, 1, because);
    }
  });

  test("a server that did not answer five in a row is left alone, then asked by one, and asked by all once it answers", async () => {
    await mapped();
    const time = { nowMs: 1_000_000 };
    const clock = { nowMs: systemClock.nowMs, monotonicMs: () => time.nowMs };
    let result: OutgoingResult = failing("connection_lost", true);
    const outgoing = outgoingBy(async () => result);
    const asks = asksBy(outgoing, { clock });
    for (let count = 0; count < BREAKER_FAILURES_COUNT; count += 1) assert.equal(await outcome(asks), "silent unreachable 1");
    assert.deepEqual([await outcome(asks), outgoing.sent.length, asks.openBreakerCount], ["silent breaker_open", 5, 1]);
    time.nowMs += 5_000;
    const probe = Promise.withResolvers<OutgoingResult>();
    const probing = asksBy(outgoing, { clock });
    assert.equal(await outcome(probing), "silent unreachable 1", "another process has breakers of its own");
    outgoing.send = () => probe.promise;
    const [first, second] = [outcome(asks), outcome(asks)];
    assert.equal(await second, "silent breaker_open", "while one asks, nobody else does");
    probe.resolve(GOOD);
    assert.equal(await first, "confirmed 1");
    result = GOOD;
    assert.deepEqual([await outcome(asks), asks.openBreakerCount], ["confirmed 1", 0]);
  });

  test("answers that are not as agreed open no breaker: somebody is there", async () => {
    await mapped();
    const outgoing = outgoingBy(async () => ({ ...GOOD, kind: "answered", body: Buffer.from("<html>") }) as OutgoingResult);
    const asks = asksBy(outgoing);
    for (let count = 0; count < 2 * BREAKER_FAILURES_COUNT; count += 1) assert.equal(await outcome(asks), "silent not_json 1");
  });

  test("a customer whose server hangs keeps its own doors waiting, each within its time, and nobody else's", async () => {
    await mapped();
    await mapped({ url: "https://quick.example/" }, other);
    let atOnce = 0;
    let atOnceMax = 0;
    const outgoing = outgoingBy(async ({ url, signal }) => {
      if (url === "https://quick.example/") return GOOD;
      atOnce += 1;
      atOnceMax = Math.max(atOnceMax, atOnce);
      await new Promise<void>((resolve) => {
        if (signal?.aborted === true) resolve();
        signal?.addEventListener("abort", () => resolve());
      });
      atOnce -= 1;
      return failing("late", true);
    });
    const asks = asksBy(outgoing);
    const over = new AbortController();
    const hanging = Array.from({ length: 2 * CALLS_PER_CUSTOMER_MAX }, () => asks.ask(questionOf({ budgetMs: 60_000 }), over.signal));
    await eventually("all turns are taken", async () => atOnce === CALLS_PER_CUSTOMER_MAX);
    const there = { placeId: other.placeId, deviceId: other.deviceIds[0] ?? 0 };
    const quick = await Promise.all(Array.from({ length: 20 }, () => outcome(asks, there)));
    assert.deepEqual([...new Set(quick)], ["confirmed 1"]);
    assert.equal(atOnce, CALLS_PER_CUSTOMER_MAX, "the others still hang");
    assert.equal(await outcome(asks, { budgetMs: 300 }), "silent busy", "nobody waits for a turn for longer than the door does");
    over.abort();
    for (const { verdict } of await Promise.all(hanging)) assert.equal(verdict, "silent");
    assert.equal(atOnceMax, CALLS_PER_CUSTOMER_MAX);
  });

  test("each question is counted by its customer and what came of it", async () => {
    await mapped();
    const noted: string[] = [];
    const results = [GOOD, failing("connection_lost", true)];
    const noteAsked: VendorAsksDeps["noteAsked"] = ({ placeGroupId, outcome: of }) => void noted.push(`${placeGroupId} ${of}`);
    const asks = asksBy(
      outgoingBy(async () => results.shift() ?? GOOD),
      { noteAsked },
    );
    for (const credential of ["card", "card", "face"] as const) await outcome(asks, { credential });
    const { placeGroupId } = place;
    assert.deepEqual(noted, [`${placeGroupId} confirmed`, `${placeGroupId} unreachable`, "null no_api"]);
  });
});
