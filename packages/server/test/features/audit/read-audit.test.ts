import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuditEntry, AuditLogItem } from "@postern/contract";
import { writeAudit } from "../../../src/platform/audit/audit-store.ts";
import { refusedFor } from "../support/answers.ts";
import {
  type Answer,
  DEMO_GROUP_ID,
  type FeatureServer,
  PLACE_ID,
  SECOND_PLACE_ID,
  startFeatureServer,
} from "../support/feature-server.ts";
import { problemOf } from "../support/problems.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
  await acts();
});
after(() => server[Symbol.asyncDispose]());

/** Twelve acts of the demo's group, four of each kind, two at each moment; and one of somebody else's. */
async function acts(): Promise<void> {
  const by = { keyId: "all", source: "API_TOKEN" } as const;
  const { database } = server.test;
  const entries = Array.from({ length: 12 }, (_, index) => ({
    by,
    placeGroupId: DEMO_GROUP_ID,
    placeId: [PLACE_ID, SECOND_PLACE_ID, null][index % 3] ?? null,
    atMs: 1_000 + Math.floor(index / 2),
    action: ["auth.create", "auth.change", "key.mint"][index % 3] ?? "",
    target: { kind: "thing", id: index },
    ...(index === 4 ? { outcome: "refused" as const, detail: { changed: ["name"] } } : {}),
  }));
  const foreign = { by, placeGroupId: server.foreign.placeGroupId, placeId: server.foreign.placeId, atMs: 1_002, action: "auth.create" };
  await database.transaction((tx) => writeAudit(tx, ...entries, { ...foreign, target: { kind: "thing", id: "foreign" } }));
}

function v2(query: string, key = "all"): Promise<Answer> {
  return server.call("GET", `/v2/audit?${query}`, { key });
}

async function targets(query: string, key = "all"): Promise<readonly number[]> {
  const { status, body } = await v2(query, key);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { items: AuditEntry[] }).items.map((entry) => Number(entry.targetId));
}

test("who did what is told the newest first, in pages without an act left out or told twice, also where many happened in one moment", async () => {
  const all = Array.from({ length: 12 }, (_, index) => 11 - index);
  assert.deepEqual(await targets("limit=200"), all);
  for (const limit of [1, 3]) {
    const seen: number[] = [];
    for (let next: string | undefined = ""; next !== undefined; ) {
      const { body }: Answer = await v2(`limit=${limit}${next === "" ? "" : `&after=${next}`}`);
      const page = body as { items: AuditEntry[]; next?: string };
      seen.push(...page.items.map((entry) => Number(entry.targetId)));
      next = page.next;
    }
    assert.deepEqual(seen, all);
  }
  const { auditId, ...eighth } = ((await v2("limit=200")).body as { items: AuditEntry[] }).items[7] as AuditEntry;
  assert.ok(auditId > 0);
  assert.deepEqual(eighth, {
    ...{
      at: 1_002,
      placeId: SECOND_PLACE_ID,
      keyId: "all",
      source: "API_TOKEN",
      action: "auth.change",
      targetKind: "thing",
      targetId: "4",
    },
    ...{ outcome: "refused", detail: { changed: ["name"] } },
  });
});

test("an act made between two pages moves none of the older ones", async () => {
  const { body } = await v2("limit=2&action=key.mint");
  const { items, next } = body as { items: AuditEntry[]; next: string };
  const by = { keyId: null, source: "OPERATOR" } as const;
  const entry = { by, placeGroupId: DEMO_GROUP_ID, placeId: null, atMs: 5_000, action: "key.mint", target: { kind: "thing", id: 99 } };
  await server.test.database.transaction((tx) => writeAudit(tx, entry));
  assert.deepEqual(
    items.map((item) => item.targetId),
    ["11", "8"],
  );
  assert.deepEqual(await targets(`limit=2&action=key.mint&after=${next}`), [5, 2]);
  assert.deepEqual(await targets("limit=1"), [99]);
});

test("it is found by place, time and action; both ends count", async () => {
  assert.deepEqual(await targets(`placeId=${PLACE_ID}`), [9, 6, 3, 0]);
  assert.deepEqual(await targets("from=1001&to=1002"), [5, 4, 3, 2]);
  assert.deepEqual(await targets(`placeId=${SECOND_PLACE_ID}&from=1002&action=auth.change`), [10, 7, 4]);
});

test("a key sees what concerns its places alone, nobody what is somebody else's, and no scope but keys sees anything", async () => {
  assert.deepEqual(await targets("", "demo"), [9, 6, 3, 0]);
  assert.deepEqual(await targets("", "nowhere"), []);
  const { body } = await v2("", "foreign");
  assert.deepEqual(
    (body as { items: AuditEntry[] }).items.map((entry) => entry.targetId),
    ["foreign"],
  );
  for (const placeId of [server.foreign.placeId, 777]) assert.equal(problemOf(await v2(`placeId=${placeId}`)), "404 not_found placeId");
  assert.equal(problemOf(await v2(`placeId=${SECOND_PLACE_ID}`, "demo")), "404 not_found placeId");
  for (const key of ["people", "events", "doors:configure", "devices"]) {
    assert.equal((await v2("", key)).status, 403, key);
    assert.equal(refusedFor(await server.call("GET", "/v1/audit-logs", { key })), "e1001", key);
  }
});

test("somebody else's cursor opens nothing", async () => {
  const { body } = await v2("", "foreign");
  const [{ auditId }] = (body as { items: [AuditEntry] }).items;
  assert.deepEqual(await targets(`after=${Buffer.from(String(auditId)).toString("base64url")}`), []);
});

test("CLUe's call answers pages with an exact total, at any page, in its own form", async () => {
  const read = async (query: string, key = "all"): Promise<{ total: number; data: AuditLogItem[] }> => {
    const { status, body } = await server.call("GET", `/v1/audit-logs?${query}`, { key });
    assert.equal(status, 200, JSON.stringify(body));
    return body as { total: number; data: AuditLogItem[] };
  };
  const page = await read(`size=2&page=1&placeId=${SECOND_PLACE_ID}`);
  const { auditLogId: _, ...item } = page.data[0] as AuditLogItem;
  assert.deepEqual([page.total, page.data.length], [4, 2]);
  assert.deepEqual(item, {
    ...{
      createdAt: 1_002,
      placeId: SECOND_PLACE_ID,
      keyId: "all",
      source: "API_TOKEN",
      action: "auth.change",
      targetType: "thing",
      targetId: "4",
    },
    ...{ result: "REFUSED", detail: { changed: ["name"] } },
  });
  assert.deepEqual(await read(`size=2&page=9&placeId=${SECOND_PLACE_ID}`), { code: 200, status: true, message: "OK", total: 4, data: [] });
  assert.equal((await read("startAt=1001&endAt=1002&placeId=")).total, 4);
  assert.equal((await read("", "demo")).total, 4);
  assert.equal((await read("", "foreign")).total, 1);
  for (const [query, refusal] of [
    ["size=0", "e1005 size"],
    ["startAt=5&endAt=4", "e1005 endAt"],
    ["placeId=x", "e1005 placeId"],
    ["placeId=777", "e1007 placeId"],
  ] as const)
    assert.equal(refusedFor(await server.call("GET", `/v1/be/audit-logs?${query}`)), refusal);
});
