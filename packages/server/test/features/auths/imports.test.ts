import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Import, ImportResult } from "@postern/contract";
import { Client } from "pg";
import { databaseCounts } from "../support/database-counts.ts";
import { type Answer, type FeatureServer, PLACE_ID, startFeatureServer } from "../support/feature-server.ts";

let server: FeatureServer;
before(async () => {
  server = await startFeatureServer();
});
after(() => server[Symbol.asyncDispose]());

const BULK = `/v2/places/${PLACE_ID}/auths:bulk`;

async function post(body: string, { query = "", type = "text/csv", key = "all" } = {}): Promise<Answer> {
  return server.call("POST", BULK + query, { key, body, headers: { "content-type": type } });
}

async function imported(body: string, options = {}): Promise<Import> {
  const answer = await post(body, options);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Import;
}

async function resultsOf({ importId }: Import, query = ""): Promise<readonly ImportResult[]> {
  const answer = await server.call("GET", `/v2/imports/${importId}/results?limit=200${query}`);
  assert.equal(answer.status, 200);
  return (answer.body as { items: ImportResult[] }).items;
}

function counts({ rowCount, createdCount, changedCount, unchangedCount, failedCount }: Import): readonly number[] {
  return [rowCount, createdCount, changedCount, unchangedCount, failedCount];
}

const HEAD = "userKey,name,startAt,endAt,doors,cards";
const csv = (...rows: string[]): string => `${[HEAD, ...rows].join("\n")}\n`;
const lines = (...rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const NDJSON = { type: "application/x-ndjson" };
const PERIOD = { startAt: 1_000, endAt: 2_000_000_000_000, doors: "all" };

async function state(): Promise<unknown> {
  const { imports: _i, import_results: _r, ...others } = (await databaseCounts(server.test.database)) as Record<string, unknown>;
  const [head] = await server.test.database.query<{ revision: number }>("select revision from roster_heads where place_id = $1", [
    PLACE_ID,
  ]);
  return { others, revision: head?.revision };
}

test("rows of a CSV file become rights with their cards, at the doors and in the audit log", async () => {
  const done = await imported(
    csv("csv-1,Ada,2026-12-01,2027-12-01,all,7001 7002", 'csv-2,"Grace",2026-12-01 08:00,2027-12-01,234 235,12-123'),
  );
  assert.deepEqual([done.state, ...counts(done)], ["done", 2, 2, 0, 0, 0]);
  const [first, second] = await resultsOf(done);
  const ada = (await server.call("GET", `/v2/auths/${first?.authId}`)).body as Record<string, unknown>;
  // The clocks of the place, which is in Seoul.
  assert.deepEqual([ada["name"], ada["startAt"], ada["doors"]], ["Ada", Date.parse("2026-11-30T15:00Z"), "all"]);
  const [item] = await server.test.database.query<{ item: { cards: string[]; doors: unknown } }>(
    "select item from roster_items where place_id = $1 and item_key = $2",
    [PLACE_ID, `auth:${second?.authId}`],
  );
  assert.deepEqual([item?.item.cards, item?.item.doors], [["WIEGAND:26:12:123"], [234, 235]]);
  const audit = await server.test.database.query("select action, detail from audit where target_kind = 'auth' and target_id = $1", [
    String(first?.authId),
  ]);
  assert.deepEqual(audit, [{ action: "auth.create", detail: { importId: done.importId } }]);
});

test("the same file again changes nothing, to the last row", async () => {
  const file = csv("again-1,Ada,2026-12-01,2027-12-01,all,7101", "again-2,Bob,2026-12-01,2027-12-01,234,7102");
  await imported(file);
  const before = await state();
  server.nowMs += 60_000;
  const again = await imported(file);
  assert.deepEqual(counts(again), [2, 0, 0, 2, 0]);
  const { others, revision } = (await state()) as { others: Record<string, unknown>; revision: number };
  const then = before as { others: Record<string, unknown>; revision: number };
  // That an import was begun is in the audit log.
  assert.deepEqual({ ...others, audit: 0, revision }, { ...then.others, audit: 0, revision: then.revision });
});

test("what a row does not say stays as it is, and a result names what became different", async () => {
  const made = await imported(
    lines({
      userKey: "stay-1",
      name: "Stay",
      ...PERIOD,
      credentials: { cards: [{ cardNumber: "7201", formatType: "CSN" }], phone: "123" },
    }),
    NDJSON,
  );
  const changed = await imported(lines({ userKey: "stay-1", endAt: 1_900_000_000_000 }), NDJSON);
  const [result] = await resultsOf(changed);
  const authId = (await resultsOf(made))[0]?.authId;
  assert.deepEqual(result, { row: 1, outcome: "changed", authId, changed: ["endMs"] });
  const auth = (await server.call("GET", `/v2/auths/${authId}`)).body as {
    name: string;
    endAt: number;
    credentials: { cards: unknown[]; phone: string };
  };
  assert.deepEqual([auth.name, auth.endAt, auth.credentials.cards.length, auth.credentials.phone], ["Stay", 1_900_000_000_000, 1, "123"]);
});

test("a row that is wrong fails alone, with the field that is at fault and nothing of what was sent", async () => {
  const done = await imported(
    [
      ...[
        { userKey: "ok-1", ...PERIOD },
        { userKey: "Bad Key", ...PERIOD },
        { userKey: "new-1" },
        { userKey: "door-1", ...PERIOD, doors: [987_654] },
      ].map((row) => JSON.stringify(row)),
      "{not json",
      JSON.stringify({ userKey: "photo-1", ...PERIOD, credentials: { faceImages: ["AAAA"] } }),
      JSON.stringify({ userKey: "secret-1", ...PERIOD, credentials: { cards: [{ cardNumber: "x999", formatType: "CSN" }] } }),
      JSON.stringify({ userKey: "late-1", ...PERIOD, endAt: 500 }),
      JSON.stringify({ userKey: "long-1", name: "x".repeat(70_000) }),
      JSON.stringify({ userKey: "ok-1", ...PERIOD, name: "Other" }),
      JSON.stringify({ userKey: "ok-2", ...PERIOD }),
    ].join("\n"),
    NDJSON,
  );
  assert.deepEqual(counts(done), [11, 2, 0, 0, 9]);
  const results = await resultsOf(done);
  assert.deepEqual(
    results.map(({ row, outcome, problems }) => `${row} ${outcome} ${(problems ?? []).map(({ field }) => field).join(" ")}`.trim()),
    [
      "1 created",
      "2 failed userKey",
      "3 failed startAt endAt doors",
      "4 failed doors[0]",
      "5 failed row",
      "6 failed credentials.faceImages",
      "7 failed credentials.cards[0].cardNumber",
      "8 failed endAt",
      "9 failed row",
      "10 failed userKey",
      "11 created",
    ],
  );
  assert.match(JSON.stringify(results[5]), /PATCH/);
  assert.match(JSON.stringify(results[9]), /row 1/);
  assert.doesNotMatch(JSON.stringify(results), /Bad Key|x999|photo-1|987654/);
  assert.equal((await resultsOf(done, "&outcome=failed")).length, 9);
});

test("a dry run says what would be and changes nothing", async () => {
  await imported(csv("dry-1,Ada,2026-12-01,2027-12-01,all,7301"));
  const before = await state();
  const file = csv(
    "dry-1,Eve,2026-12-01,2027-12-01,all,7302",
    "dry-2,Bob,2026-12-01,2027-12-01,all,7303",
    "dry-3,Bob,2026-12-01,2027-12-01,all,7303",
  );
  const dry = await imported(file, { query: "?dryRun=true" });
  assert.deepEqual([dry.dryRun, ...counts(dry)], [true, 3, 1, 1, 0, 1]);
  const results = await resultsOf(dry);
  assert.deepEqual(results[0]?.changed, ["name", "cards"]);
  assert.equal(results[1]?.authId, undefined);
  assert.deepEqual(results[2]?.problems?.[0]?.field, "credentials.cards[0]");
  const pins = await imported(lines({ userKey: "dry-pin", ...PERIOD, credentials: { pin: "1234" } }), { ...NDJSON, query: "?dryRun=true" });
  assert.deepEqual(counts(pins), [1, 1, 0, 0, 0]);
  const after = (await state()) as { others: Record<string, unknown> };
  assert.deepEqual(
    { ...after, others: { ...after.others, audit: 0 } },
    { ...(before as object), others: { ...(before as typeof after).others, audit: 0 } },
  );
});

test("a card that a row gives away is taken by a later row, and refused to an earlier one", async () => {
  await imported(csv("card-1,A,2026-12-01,2027-12-01,all,7401", "card-2,B,2026-12-01,2027-12-01,all,7402"));
  const early = await imported(csv("card-3,C,2026-12-01,2027-12-01,all,7402", "card-2,B,2026-12-01,2027-12-01,all,7403"));
  assert.deepEqual(counts(early), [2, 0, 1, 0, 1]);
  const moved = await imported(csv("card-1,A,2026-12-01,2027-12-01,all,none", "card-4,D,2026-12-01,2027-12-01,all,7401"));
  assert.deepEqual(counts(moved), [2, 1, 1, 0, 0]);
});

test("PINs come in rows too, are proven as single ones are, and again change nothing", async () => {
  const file = lines(
    { userKey: "pin-1", ...PERIOD, credentials: { pin: "1234" } },
    { userKey: "pin-2", ...PERIOD, credentials: { uniquePin: "778899" } },
    { userKey: "pin-3", ...PERIOD, credentials: { uniquePin: "778899" } },
    { userKey: "pin-4", ...PERIOD },
  );
  const done = await imported(file, NDJSON);
  assert.deepEqual(counts(done), [4, 3, 0, 0, 1]);
  const before = await state();
  const again = await imported(file, NDJSON);
  assert.deepEqual(counts(again), [4, 0, 0, 3, 1]);
  assert.equal((before as { revision: number }).revision, ((await state()) as { revision: number }).revision);
  const stored = await server.test.database.query("select to_jsonb(import_results)::text as text from import_results");
  assert.doesNotMatch(JSON.stringify(stored), /1234|778899/);
});

test("a row that the database refuses for reasons nobody foresaw keeps no other", async () => {
  const owner = new Client({ connectionString: server.test.ownerUrl });
  await owner.connect();
  await owner.query(
    "create function refuse_mallory() returns trigger language plpgsql as $$ begin if new.name = 'Mallory' then raise exception 'no'; end if; return new; end $$",
  );
  await owner.query("create trigger refuse_mallory before insert on auths for each row execute function refuse_mallory()");
  const rows = Array.from(
    { length: 7 },
    (_, index) => `mal-${index},${index === 4 ? "Mallory" : "Good"},2026-12-01,2027-12-01,all,${7500 + index}`,
  );
  const done = await imported(csv(...rows));
  await owner.query("drop trigger refuse_mallory on auths");
  await owner.end();
  assert.deepEqual(counts(done), [7, 6, 0, 0, 1]);
  assert.deepEqual(
    (await resultsOf(done, "&outcome=failed")).map(({ row }) => row),
    [5],
  );
});

test("an import goes on behind the rows that are done, and only with the same file", async () => {
  const rows = Array.from({ length: 5 }, (_, index) => `resume-${index},R,2026-12-01,2027-12-01,all,${7600 + index}`);
  const broken = await post(`${csv(...rows.slice(0, 3))}resume-3,"R,2026`);
  assert.equal(broken.status, 400);
  assert.match(JSON.stringify(broken.body), /Row 4 has quotes that never close/);
  const list = (await server.call("GET", `/v2/places/${PLACE_ID}/imports?limit=200`)).body as { items: Import[] };
  const open = list.items.at(-1);
  assert.ok(open !== undefined);
  assert.deepEqual([open.state, ...counts(open)], ["open", 3, 3, 0, 0, 0]);
  const query = `?importId=${open.importId}`;
  for (const other of [csv(...rows.slice(0, 2)), csv(...rows.toReversed())]) assert.equal((await post(other, { query })).status, 409);
  const done = await imported(csv(...rows), { query });
  assert.deepEqual([done.importId, done.state, ...counts(done)], [open.importId, "done", 5, 5, 0, 0, 0]);
  assert.deepEqual(
    (await resultsOf(done)).map(({ row }) => row),
    [1, 2, 3, 4, 5],
  );
  const repeated = await imported(csv(...rows), { query });
  assert.deepEqual(repeated, done);
  assert.equal((await post(csv(...rows, "more,R,2026-12-01,2027-12-01,all,"), { query })).status, 409);
});

test("a head that names an unknown column refuses the file, and nothing is done", async () => {
  const before = await state();
  const answer = await post("userKey;nmae;endAt\nx;y;2027-01-01\n");
  assert.equal(answer.status, 400);
  assert.match(JSON.stringify(answer.body), /"field":"nmae"/);
  assert.equal((await post("{}", { type: "application/json" })).status, 415);
  assert.equal((await post("userKey\nx\n", { type: "text/csv; charset=latin1" })).status, 415);
  const after = (await state()) as { others: Record<string, unknown> };
  assert.deepEqual({ ...after.others, audit: 0 }, { ...(before as typeof after).others, audit: 0 });
});

test("groups are joined and left by rows, and their doors follow", async () => {
  const group = (
    await server.call("POST", `/v2/places/${PLACE_ID}/groups`, { body: { name: "g", grants: [{ doors: [234], scheduleId: null }] } })
  ).body as { groupId: number };
  const head = "userKey,startAt,endAt,doors,groupIds";
  const joined = await imported(`${head}\ngroup-1,2026-12-01,2027-12-01,none,${group.groupId}\n`);
  const [result] = await resultsOf(joined);
  const item = async () =>
    (
      await server.test.database.query<{ scopes: number[] }>("select scopes from roster_items where item_key = $1", [
        `auth:${result?.authId}`,
      ])
    )[0]?.scopes;
  assert.deepEqual(await item(), [234]);
  const left = await imported(`${head}\ngroup-1,,,,none\n`);
  assert.deepEqual(counts(left), [1, 0, 1, 0, 0]);
  assert.deepEqual(await item(), []);
});

test("a key without people, or of elsewhere, imports nothing and reads no result", async () => {
  const done = await imported(csv("key-1,K,2026-12-01,2027-12-01,all,"));
  assert.equal((await post(csv("key-2,K,2026-12-01,2027-12-01,all,"), { key: "events" })).status, 403);
  assert.equal((await post(csv("key-2,K,2026-12-01,2027-12-01,all,"), { key: "foreign" })).status, 404);
  assert.equal((await server.call("GET", `/v2/imports/${done.importId}/results`, { key: "foreign" })).status, 404);
});
