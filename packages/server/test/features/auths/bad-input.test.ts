import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, refusedFor } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { databaseCounts } from "../support/database-counts.ts";
import { type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const PATH = `/v1/places/${PLACE_ID}/auths`;
const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
const whole = (replaced: string): string =>
  JSON.stringify(bodyOf("bad", { credentials: { name: "REPLACED" } })).replace('"REPLACED"', replaced);

/** What is sent, and which code and fields answer it. */
const BAD: readonly (readonly [unknown, string])[] = [
  // Not a body at all.
  ["{", "e1004"],
  ["", "e1004"],
  ["not json", "e1004"],
  [deep, "e1004"],
  [whole(deep), "e1004"],
  [`{"a":${"1".repeat(40)}e99999}`, "e1005 user auth"],
  ["null", "e1005 body"],
  ["[]", "e1005 body"],
  ["3", "e1005 body"],
  ['"text"', "e1005 body"],
  [{}, "e1005 user auth"],
  [{ user: [], auth: "x" }, "e1005 user auth"],
  [`{"__proto__":${whole('"x"')}}`, "e1005 user auth"],
  // The person.
  [bodyOf("", {}), "e1005 user.key"],
  [bodyOf("UPPER"), "e1005 user.key"],
  [bodyOf("a b"), "e1005 user.key"],
  [bodyOf("k".repeat(65)), "e1005 user.key"],
  [bodyOf("nul\0"), "e1005 user.key"],
  [bodyOf("x", { user: { key: 12 } }), "e1005 user.key"],
  [bodyOf("x", { user: { key: null } }), "e1005 user.key"],
  [bodyOf("x", { user: { key: { $ne: "" } } }), "e1005 user.key"],
  [bodyOf("x", { user: { name: "  two  spaces " } }), "e1005 user.name"],
  [bodyOf("x", { user: { name: "n".repeat(51) } }), "e1005 user.name"],
  [bodyOf("x", { credentials: { name: "nul\0" } }), "e1005 auth.credentials.name"],
  [whole('"\\ud800"'), "e1005 auth.credentials.name"],
  [whole('"a\\udc00b"'), "e1005 auth.credentials.name"],
  [whole('"\\u0000"'), "e1005 auth.credentials.name"],
  // The right.
  [bodyOf("x", { auth: { activeStatus: "active" } }), "e1005 auth.activeStatus"],
  [bodyOf("x", { auth: { activeStatus: undefined } }), "e1005 auth.activeStatus"],
  [bodyOf("x", { auth: { startTime: "soon" } }), "e1005 auth.startTime"],
  [bodyOf("x", { auth: { startTime: 1.5 } }), "e1005 auth.startTime"],
  [bodyOf("x", { auth: { startTime: -1 } }), "e1005 auth.startTime"],
  [bodyOf("x", { auth: { startTime: null } }), "e1005 auth.startTime"],
  [bodyOf("x", { auth: { endTime: 1_000 } }), "e1005 auth.endTime"],
  [bodyOf("x", { auth: { endTime: Date.UTC(2038, 1, 1) } }), "e1005 auth.endTime"],
  [bodyOf("x", { auth: { endTime: Number.MAX_SAFE_INTEGER } }), "e1005 auth.endTime"],
  [bodyOf("x", { auth: { doorAccessType: "SOME" } }), "e1005 auth.doorAccessType"],
  [bodyOf("x", { auth: { doorAccessType: "SPECIFIC" } }), "e1005 auth.doorIds"],
  [bodyOf("x", { auth: { doorAccessType: "SPECIFIC", doorIds: [] } }), "e1005 auth.doorIds"],
  [bodyOf("x", { auth: { doorAccessType: "SPECIFIC", doorIds: [234, "two"] } }), "e1005 auth.doorIds[1]"],
  [bodyOf("x", { auth: { doorAccessType: "SPECIFIC", doorIds: [234, 234] } }), "e1005 auth.doorIds"],
  [
    bodyOf("x", { auth: { doorAccessType: "SPECIFIC", doorIds: Array.from({ length: 1_001 }, (_, index) => index + 1) } }),
    "e1005 auth.doorIds",
  ],
  [bodyOf("x", { auth: { doorAccessType: "SPECIFIC", doorIds: [2 ** 53] } }), "e1005 auth.doorIds[0]"],
  [bodyOf("x", { auth: { scheduleType: "SPECIFIC" } }), "e1005 auth.scheduleId"],
  [bodyOf("x", { auth: { scheduleType: "SPECIFIC", scheduleId: "x" } }), "e1005 auth.scheduleId"],
  [bodyOf("x", { auth: { scheduleType: "SPECIFIC", scheduleId: 334 } }), "e1007 auth.scheduleId"],
  [bodyOf("x", { auth: { credentials: undefined } }), "e1005 auth.credentials"],
  [bodyOf("x", { auth: { credentials: [] } }), "e1005 auth.credentials"],
  // Credentials.
  [bodyOf("x", { credentials: { cards: [csn("abc")] } }), "e1005 auth.credentials.cards[0].cardNumber"],
  [bodyOf("x", { credentials: { cards: [csn("1"), csn("2"), csn("3")] } }), "e1005 auth.credentials.cards"],
  [bodyOf("x", { credentials: { cards: [csn("1"), csn("01")] } }), "e1005 auth.credentials.cards[1]"],
  [bodyOf("x", { credentials: { cards: [{ cardNumber: "1", formatType: "NFC" }] } }), "e1005 auth.credentials.cards[0].formatType"],
  [bodyOf("x", { credentials: { cards: [csn("1\0")] } }), "e1005 auth.credentials.cards[0].cardNumber"],
  [bodyOf("x", { credentials: { pin: "12" } }), "e1005 auth.credentials.pin"],
  [bodyOf("x", { credentials: { modes: ["CARD_OR_PIN"] } }), "e1005 auth.credentials.modes[0]"],
  // Two mistakes are both told.
  [bodyOf("x", { auth: { activeStatus: 1, scheduleType: 2 } }), "e1005 auth.activeStatus auth.scheduleType"],
];

test("every bad body has one clear answer that names the field, and changes nothing", async () => {
  const counts = await databaseCounts(server.test.database);
  for (const [body, wanted] of BAD) {
    const answer = await server.call("POST", PATH, { body, headers: { "idempotency-key": "bad" } });
    assert.equal(refusedFor(answer), wanted, JSON.stringify(body).slice(0, 200));
  }
  assert.deepEqual(await databaseCounts(server.test.database), counts);
});

test("an answer to a bad credential never repeats it", async () => {
  const secret = "55667788990011223344556677889900";
  for (const credentials of [
    { cards: [csn(`${secret}x`)] },
    { pin: secret },
    { uniquePin: secret },
    { phone: `${secret}x` },
    { faceImages: [secret, secret, secret] },
  ]) {
    const answer = await server.call("POST", PATH, { body: bodyOf("secret", { credentials }) });
    assert.equal(answer.status, 400);
    assert.doesNotMatch(JSON.stringify(answer.body), /5566/);
  }
});

test("a place that is no id is refused by name", async () => {
  for (const id of ["abc", "0", "-178", "178.0", "9007199254740993", "%20"]) {
    assert.equal(refusedFor(await server.call("POST", `/v1/places/${id}/auths`, { body: bodyOf("x") })), "e1005 placeId", id);
  }
});

test("other methods on the path are refused, and the latest possible end is taken", async () => {
  assert.equal(refusedFor(await server.call("PUT", PATH, { body: bodyOf("x") })), "e1002");
  dataOf(await server.call("POST", PATH, { body: bodyOf("latest", { auth: { endTime: Date.UTC(2038, 1, 1) - 1 } }) }));
});
