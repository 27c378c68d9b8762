import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuthSync, Explanation, PlaceSync, WhatIfAnswer, WhoMayOpenAnswer } from "@postern/contract";
import { encodeLogId } from "../../../src/ledger/log-id.ts";
import { changeRoster } from "../../../src/roster/roster-store.ts";
import { dataOf } from "../support/answers.ts";
import { bodyOf, csn } from "../support/create-bodies.ts";
import { type Answer, type Call, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { type WrittenEvent, writeEvents } from "../support/ledger-writer.ts";

const END_MS = 2_000_000_000_000;
let server: FeatureServer;
let authId: number;
before(async () => {
  server = await startFeatureServer();
  authId = await enrol("ada", { doorAccessType: "SPECIFIC", doorIds: [234] }, "4711");
});
after(() => server[Symbol.asyncDispose]());

async function enrol(key: string, auth: object, cardNumber: string): Promise<number> {
  const body = bodyOf(key, { auth: { startTime: 1_000, endTime: END_MS, ...auth }, credentials: { cards: [csn(cardNumber)] } });
  return dataOf<{ authId: number }>(await server.call("POST", `/v1/places/${PLACE_ID}/auths`, { body })).authId;
}

async function ask(body: object, call: Call = {}): Promise<Answer> {
  return server.call("POST", `/v2/places/${PLACE_ID}/what-if`, { ...call, body });
}

function ok<Body>({ status, body }: Answer): Body {
  assert.equal(status, 200, JSON.stringify(body));
  return body as Body;
}

test("what-if answers from the items that the doors hold, by card, auth and key alike", async () => {
  for (const who of [{ card: { cardNumber: "04711" } }, { authId }, { userKey: "ada" }]) {
    const granted = ok<WhatIfAnswer>(await ask({ doorId: 234, ...who }));
    assert.deepEqual([granted.outcome, granted.person?.userKey], ["granted", "ada"], JSON.stringify(granted));
    const refused = ok<WhatIfAnswer>(await ask({ doorId: 235, ...who }));
    assert.deepEqual([refused.outcome, refused.reason, refused.steps.at(-1)?.rule], ["denied", "wrong_door", "doors"]);
  }
  const late = ok<WhatIfAnswer>(await ask({ doorId: 234, authId, at: END_MS }));
  assert.deepEqual([late.outcome, late.reason], ["denied", "ended"]);
  assert.match(late.steps.at(-1)?.text ?? "", /2033-05-18 12:33 \+09:00/);
  assert.equal(ok<WhatIfAnswer>(await ask({ doorId: 234, card: { cardNumber: "99" } })).reason, "unknown");
});

test("what-if refuses a question without exactly one person, naming the field, and hides what is out of reach", async () => {
  assert.equal((await ask({ doorId: 234 })).status, 400);
  assert.equal((await ask({ doorId: 234, authId, userKey: "ada" })).status, 400);
  assert.equal((await ask({ doorId: 234, card: { cardNumber: "x" } })).status, 400);
  const foreignDoor = await ask({ doorId: server.foreign.doorIds[0], authId });
  assert.equal(foreignDoor.status, 404);
  assert.deepEqual(foreignDoor.body, (await ask({ doorId: 999_999, authId })).body);
  assert.equal((await ask({ doorId: 234, authId: 999_999 })).status, 404);
  assert.equal((await ask({ doorId: 234, authId }, { key: "events" })).status, 403);
  assert.equal((await ask({ doorId: 234, authId }, { key: "foreign" })).status, 404);
});

test("who may open a door is told page by page, each person once, and nobody whose right does not cover it", async () => {
  const everywhere = await enrol("grace", {}, "4712");
  await enrol("ended", { endTime: 2_000 }, "4713");
  const found: number[] = [];
  let next: string | undefined = "0";
  while (next !== undefined) {
    const page: WhoMayOpenAnswer = ok(await server.call("GET", `/v2/doors/234/who-may-open?limit=1&after=${next}`));
    assert.ok(page.next === undefined || Number(page.next) > Number(next), "the cursor moves on");
    found.push(...page.items.map((item) => item.authId));
    next = page.next;
  }
  assert.deepEqual(found, [authId, everywhere]);
  const other = ok<WhoMayOpenAnswer>(await server.call("GET", "/v2/doors/235/who-may-open"));
  assert.deepEqual(
    other.items.map((item) => item.authId),
    [everywhere],
  );
  assert.equal((await server.call("GET", "/v2/doors/234/who-may-open?after=x")).status, 400);
});

test("a door in lockdown is opened by nobody, whatever their rights", async () => {
  const lock = (lockdown: boolean) =>
    server.test.database.transaction((tx) =>
      changeRoster(tx, PLACE_ID, {
        changes: [{ key: "mode:234", item: { kind: "mode", id: 234, operator: "none", lockdown } }],
        nowMs: Date.now(),
      }),
    );
  await lock(true);
  const { items, mode, next } = ok<WhoMayOpenAnswer>(await server.call("GET", "/v2/doors/234/who-may-open"));
  assert.deepEqual([items, mode, next], [[], "locked by lockdown", undefined]);
  await lock(false);
  assert.ok(ok<WhoMayOpenAnswer>(await server.call("GET", "/v2/doors/234/who-may-open")).items.length > 0);
});

test("an event is explained by its reason, and by what the present roster says of the same", async () => {
  const detail = { reason: "outside_schedule", chain: "CARD" };
  const [row] = await server.test.database.query<{ user_id: number }>("select user_id from auths where auth_id = $1", [authId]);
  const event = { eventAt: server.nowMs, eventType: "DEV_CARD_AUTH_FAIL" as const, doorId: 234, authId, userId: row?.user_id ?? 0, detail };
  await writeEvents(server.test.database, PLACE_ID, [event]);
  const [head] = await server.test.database.query<{ last: number }>("select max(sequence) as last from events where place_id = $1", [
    PLACE_ID,
  ]);
  const logId = encodeLogId({ placeId: PLACE_ID, sequence: head?.last ?? 0 });
  const told = ok<Explanation>(await server.call("GET", `/v2/events/${logId}/explanation`));
  assert.deepEqual([told.reason, told.userKey, told.now?.outcome], ["outside_schedule", "ada", "granted"]);
  assert.match(told.text, /Not at this time\. Presented: CARD\.$/);
  const none = await server.call("GET", `/v2/events/${encodeLogId({ placeId: PLACE_ID, sequence: 999_999 })}/explanation`);
  const hiddenOne = await server.call("GET", `/v2/events/${logId}/explanation`, { key: "foreign" });
  assert.deepEqual([none.status, hiddenOne.status], [404, 404]);
  assert.deepEqual(none.body, hiddenOne.body);
});

const TRACES: readonly (readonly [WrittenEvent["eventType"], NonNullable<WrittenEvent["detail"]>, RegExp])[] = [
  [
    "VENDOR_AUTH_SUCCESS",
    { vendorApiId: 7, vendorStatus: 200, vendorMs: 84, vendorTries: 1, vendorReason: "as_agreed" },
    /The customer's server \(API 7\) answered 200 after 84 ms, as agreed\.$/,
  ],
  [
    "VENDOR_AUTH_FAIL",
    { reason: "vendor_refused", vendorApiId: 7, vendorStatus: 403, vendorMs: 84, vendorTries: 2, vendorReason: "status_not_listed" },
    /The customer's server refused\. The customer's server \(API 7\) answered 403 after 84 ms and 2 tries: its status is none of those that let somebody in\.$/,
  ],
  [
    "VENDOR_AUTH_FAIL",
    { reason: "vendor_silent", vendorReason: "link_down" },
    /did not answer\. The customer's server gave no answer: the door had no link to the server\.$/,
  ],
  [
    "VENDOR_AUTH_FAIL",
    { reason: "lockdown", vendorStatus: 200, vendorVerdict: "confirmed" },
    /in lockdown\. The customer's server answered 200\. It let this person in, and the door did not\.$/,
  ],
  [
    "VENDOR_AUTH_WAIVED",
    { vendorApiId: 7, vendorMs: 2_700, vendorReason: "a_reason_to_come" },
    /The customer's server \(API 7\) gave no answer after 2700 ms: a_reason_to_come\.$/,
  ],
];

test("an answer of the customer's own server is explained by its trace", async () => {
  for (const [eventType, detail, text] of TRACES) {
    await writeEvents(server.test.database, PLACE_ID, [{ eventAt: server.nowMs, eventType, doorId: 234, authId, detail }]);
    const rows = await server.test.database.query<{ last: number }>("select max(sequence) as last from events where place_id = $1", [
      PLACE_ID,
    ]);
    const logId = encodeLogId({ placeId: PLACE_ID, sequence: rows[0]?.last ?? 0 });
    assert.match(ok<Explanation>(await server.call("GET", `/v2/events/${logId}/explanation`)).text, text);
  }
});

test("the doors have an auth, or its end, only once every controller that may hold it has confirmed that revision", async () => {
  const { database } = server.test;
  const sync = async (): Promise<AuthSync> => ok(await server.call("GET", `/v2/auths/${authId}/sync`));
  const confirm = (revision: number) =>
    database.execute("update controllers set confirmed_revision = $2 where place_id = $1", [PLACE_ID, revision]);
  const live = await sync();
  // Serves no door of this auth, but may have served one: it counts until it has confirmed.
  await database.execute(
    "insert into controllers(controller_id, place_id, serial, name, made_at) values (1, $1, '900000001', 'moved', 0)",
    [PLACE_ID],
  );
  assert.ok((await sync()).controllers.some(({ controllerId }) => controllerId === 1));
  await confirm(live.revision - 1);
  assert.ok((await sync()).controllers.length > 0 && (await sync()).controllers.every(({ state }) => state === "away"));
  await confirm(live.revision);
  const confirmed = await sync();
  assert.deepEqual(
    confirmed.controllers.map(({ controllerId, state }) => [controllerId === 1, state]),
    [[false, "confirmed"]],
  );
  await server.call("DELETE", `/v1/auths/${authId}`);
  const ended = await sync();
  assert.ok(ended.isGone && ended.revision > live.revision && ended.controllers.every(({ state }) => state === "away"));
  await confirm(ended.revision);
  assert.deepEqual(
    (await sync()).controllers.map(({ state }) => state),
    ["confirmed", "confirmed"],
  );
  const place = ok<PlaceSync>(await server.call("GET", `/v2/places/${PLACE_ID}/sync`));
  assert.deepEqual([place.confirmedBy, place.confirmedByAll], [place.controllerCount, place.revision]);
});
