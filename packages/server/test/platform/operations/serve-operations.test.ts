import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Group, Scope } from "@postern/contract";
import { systemClock } from "@postern/core";
import { createAccess } from "../../../src/platform/access/access.ts";
import { WaitingKeys } from "../../../src/platform/access/waiting-keys.ts";
import { writeAudit } from "../../../src/platform/audit/audit-store.ts";
import { deletedSince, makeOnce } from "../../../src/platform/operations/make-once.ts";
import { serveOperations } from "../../../src/platform/operations/serve-operations.ts";
import { refuseStale } from "../../../src/platform/operations/version-tag.ts";
import { type HttpWorld, startHttpWorld } from "../../http/http-world.ts";
import { createTestDatabase, createTestPlace, type TestDatabase, type TestPlace } from "../../support/index.ts";

let test_: TestDatabase;
let place: TestPlace;
let http: HttpWorld;
/** A feature of this test's own: groups in memory. */
const groups = new Map<number, Group>();
let nextId = 1;

function groupOf(groupId: number): Group {
  const group = groups.get(groupId);
  if (group === undefined) throw deletedSince();
  return group;
}

before(async () => {
  test_ = await createTestDatabase();
  const { database } = test_;
  place = await createTestPlace(database, { placeId: 501 });
  const access = createAccess({ database, clock: systemClock });
  const actor = { keyId: "people", placeGroupId: place.placeGroupId, placeIds: null, scopes: new Set<Scope>(["people"]) };
  const actors = new Map([
    ["people", actor],
    ["events", { ...actor, keyId: "events", scopes: new Set<Scope>(["events"]) }],
    ["foreign", { ...actor, keyId: "foreign", placeGroupId: 1 }],
  ]);
  http = await startHttpWorld({
    verifyKey: async (text) => {
      const found = actors.get(text ?? "");
      return found === undefined
        ? { kind: "refused", because: "unknown" }
        : { kind: "accepted", actor: found, expiresAtMs: Number.MAX_SAFE_INTEGER };
    },
    v2: (routes) => {
      const stopping = new AbortController().signal;
      const serve = serveOperations(routes, {
        tellDoors: async () => undefined,
        access,
        clock: systemClock,
        requestKey: Buffer.alloc(32),
        waitingKeys: new WaitingKeys(),
        stopping,
        checkAnswers: true,
      });
      serve("createGroup", async ({ params, body, once, by, place: reach }) => {
        const { placeId, placeGroupId } = await reach(params.placeId);
        const groupId = await database.transaction(async (tx) => {
          const id = await makeOnce(tx, once, async () => {
            groups.set(nextId, { groupId: nextId, placeId, memberCount: 0, ...body });
            return nextId++;
          });
          const target = { kind: "group", id };
          await writeAudit(tx, { by, placeGroupId, placeId, atMs: systemClock.nowMs(), action: "group.create", target });
          return id;
        });
        return groupOf(groupId);
      });
      serve("readGroup", async ({ params, placeOf }) => {
        await placeOf("groupId", groups.get(params.groupId)?.placeId ?? null);
        return groupOf(params.groupId);
      });
      serve("changeGroup", async ({ params, body, ifMatch, placeOf }) => {
        await placeOf("groupId", groups.get(params.groupId)?.placeId ?? null);
        const present = groupOf(params.groupId);
        refuseStale(ifMatch, present);
        const { name = present.name, grants = present.grants } = body;
        groups.set(params.groupId, { ...present, name, grants });
        return groupOf(params.groupId);
      });
      serve("deleteGroup", async ({ params }) => void groups.delete(params.groupId));
    },
  });
});
after(async () => {
  await http[Symbol.asyncDispose]();
  await test_.drop();
});

const body = (name: string): string => JSON.stringify({ name, grants: [{ doors: "all", scheduleId: null }] });
const post = (text: string, headers: Record<string, string> = {}) =>
  http.call("POST", "/v2/places/501/groups", { key: "people", body: text, headers });

test("a place out of reach answers like one that does not exist; without the scope nothing is told at all", async () => {
  const [foreign, missing] = [
    await http.call("POST", "/v2/places/501/groups", { key: "foreign", body: body("a") }),
    await http.call("POST", "/v2/places/777/groups", { key: "foreign", body: body("a") }),
  ];
  assert.equal(foreign.status, 404);
  assert.equal(foreign.text.replace("501", "N"), missing.text.replace("777", "N"));
  assert.equal((await http.call("POST", "/v2/places/501/groups", { key: "events", body: body("a") })).status, 403);
});

test("a thing out of reach is refused by the name of the thing, as if it were not there", async () => {
  const made = await post(body("hidden"));
  const [foreign, missing] = [
    await http.call("GET", `/v2/groups/${made.body.groupId}`, { key: "foreign" }),
    await http.call("GET", "/v2/groups/9999", { key: "foreign" }),
  ];
  assert.equal(foreign.status, 404);
  assert.equal(foreign.text, missing.text);
});

test("a wrong body is refused with every field named, and makes nothing", async () => {
  const count = groups.size;
  const answer = await post(JSON.stringify({ name: " x", grants: [{ doors: "some" }], more: 1 }));
  assert.equal(answer.status, 400);
  const fields = (answer.body.errors as { field: string }[]).map((each) => each.field);
  assert.deepEqual(fields, ["name", "grants[0].scheduleId", "grants[0].doors", "more"]);
  assert.equal(groups.size, count);
});

test("the same request with the same Idempotency-Key makes one thing; with another body it is refused", async () => {
  const headers = { "idempotency-key": "k-1" };
  const [one, again] = [await post(body("once"), headers), await post(body("once"), headers)];
  assert.equal(one.status, 201);
  assert.equal(again.text, one.text);
  const other = await post(body("other"), headers);
  assert.equal(`${other.status} ${other.body.errors[0].field}`, "409 Idempotency-Key");
});

test("a repeat does not bring back what somebody deleted since", async () => {
  const headers = { "idempotency-key": "k-2" };
  const one = await post(body("gone"), headers);
  assert.equal((await http.call("DELETE", `/v2/groups/${one.body.groupId}`, { key: "people" })).status, 204);
  assert.equal((await post(body("gone"), headers)).status, 409);
});

test("a change on a version that is no longer true is refused and changes nothing", async () => {
  const made = await post(body("first"));
  const path = `/v2/groups/${made.body.groupId}`;
  const tag = (await http.call("GET", path, { key: "people" })).headers.get("etag") ?? "";
  assert.match(tag, /^"[\w-]{22}"$/);
  const change = (name: string, ifMatch: string) =>
    http.call("PATCH", path, { key: "people", body: JSON.stringify({ name }), headers: { "if-match": ifMatch } });
  assert.equal((await change("second", tag)).status, 200);
  const stale = await change("third", tag);
  assert.equal(`${stale.status} ${stale.body.code}`, "412 changed_meanwhile");
  assert.equal((await http.call("GET", path, { key: "people" })).body.name, "second");
  assert.equal((await change("fourth", "*")).status, 200);
});

test("a reader who has the version is told so without the thing", async () => {
  const made = await post(body("known"));
  const path = `/v2/groups/${made.body.groupId}`;
  const tag = (await http.call("GET", path, { key: "people" })).headers.get("etag") ?? "";
  const again = await http.call("GET", path, { key: "people", headers: { "if-none-match": tag } });
  assert.equal(`${again.status} ${again.text}`, "304 ");
});
