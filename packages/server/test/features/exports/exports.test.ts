import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { EventExport } from "@postern/contract";
import { silentLog, systemTimers } from "@postern/core";
import { readByteRange } from "../../../src/features/exports/byte-range.ts";
import { ExportFiles } from "../../../src/features/exports/export-files.ts";
import { ExportWriter } from "../../../src/features/exports/export-writer.ts";
import type { Database } from "../../../src/platform/database.ts";
import { eventually } from "../../support/index.ts";
import { type FeatureServer, PLACE_ID, SECOND_PLACE_ID, startFeatureServer } from "../support/feature-server.ts";
import { writeEvents } from "../support/ledger-writer.ts";

const COUNT = 3_000;

let server: FeatureServer;
let folder: string;
let files: ExportFiles;
let baseUrl: string;
const writers: ExportWriter[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-exports-"));
  files = new ExportFiles(folder);
  server = await startFeatureServer({}, { exportFiles: files });
  baseUrl = await server.app.listen({ host: "127.0.0.1", port: 0 });
  const events = Array.from({ length: COUNT }, (_, index) => ({
    eventAt: Date.UTC(2026, 6, 1) + index * 60_000,
    eventType: index % 3 === 0 ? ("DEV_CARD_AUTH_FAIL" as const) : ("DEV_DEVICE_START" as const),
    localLogId: index + 1,
    doorId: 234,
  }));
  await writeEvents(server.test.database, PLACE_ID, events);
});
afterEach(async () => {
  await Promise.all(writers.splice(0).map((each) => each.stop()));
  await server.test.database.execute("delete from event_exports");
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const alive = new Set<number>();

function writer(instanceId = 1, database: Database = server.test.database): ExportWriter {
  alive.add(instanceId);
  const clock = { nowMs: () => server.nowMs, monotonicMs: () => performance.now() };
  const isInstanceAlive = async (id: number): Promise<boolean> => alive.has(id);
  const made = new ExportWriter({ database, clock, timers: systemTimers, log: silentLog, files, instanceId, isInstanceAlive });
  writers.push(made);
  return made;
}

async function ask(body: Record<string, unknown> = {}): Promise<EventExport> {
  const answer = await server.call("POST", `/v2/places/${PLACE_ID}/exports`, { body });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return answer.body as EventExport;
}

async function ended({ exportId }: EventExport, by: ExportWriter): Promise<EventExport> {
  return eventually("it has ended", async () => {
    await by.poll();
    const { body } = await server.call("GET", `/v2/exports/${exportId}`);
    const found = body as EventExport;
    return found.state === "done" || found.state === "failed" ? found : undefined;
  });
}

async function download({ exportId }: EventExport, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${baseUrl}/v2/exports/${exportId}/file`, { headers: { authorization: "Bearer all", ...headers } });
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\r\n$/, "").split("\r\n");
}

test("an export holds every event that stood there when it was asked for, once, in the ledger's order, with times in UTC and in the place's zone", async () => {
  const made = await ask();
  await writeEvents(server.test.database, PLACE_ID, [{ eventAt: 1, eventType: "DEV_DEVICE_START", localLogId: 9_999_999 }]);
  const done = await ended(made, writer());
  assert.equal(done.state, "done");
  const response = await download(done);
  assert.match(String(response.headers.get("content-disposition")), /^attachment; filename="events-178-\d+\.csv"$/);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(bytes.length, done.bytes);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const [head, ...lines] = linesOf(bytes.toString().slice(1));
  assert.equal(
    head,
    "logId,eventAt,localTime,utcOffset,eventType,doorId,doorName,deviceId,authId,userKey,userName,localLogId,receivedAt,deviceAt",
  );
  assert.equal(lines.length, done.eventCount);
  assert.equal(done.lookedCount, done.lookedTotal);
  const numbers = lines.map((line) => Number(line.split(",")[11])).filter((number) => number > 0);
  assert.deepEqual(
    numbers,
    Array.from({ length: COUNT }, (_, index) => index + 1),
  );
  const line = lines.find((one) => one.split(",")[11] === "2");
  assert.match(String(line), /^[\w-]{20},2026-07-01T00:01:00\.000Z,2026-07-01 09:01:00,UTC\+09:00,DEV_DEVICE_START,234,Entrance,/);
});

test("an export says by a signed head which ledger it was made from", async () => {
  const { head, lookedTotal } = await ask();
  assert.ok(head !== null);
  assert.deepEqual(head, (await server.call("GET", `/v2/places/${PLACE_ID}/ledger`)).body);
  assert.equal(head.sequence, lookedTotal);
  await writeEvents(server.test.database, PLACE_ID, [{ eventAt: Date.UTC(2026, 8, 1), eventType: "DEV_DEVICE_START", localLogId: 0 }]);
  const [found] = ((await server.call("GET", `/v2/places/${PLACE_ID}/exports`)).body as { items: EventExport[] }).items;
  assert.deepEqual(found?.head, head, "as it was when it was asked for");
});

test("only the events that are meant are written, within their span", async () => {
  const from = Date.UTC(2026, 6, 1, 10);
  const made = await ask({ types: ["DEV_CARD_AUTH_FAIL"], from, to: from + 3_600_000 });
  const done = await ended(made, writer());
  assert.equal(done.eventCount, 21);
  assert.equal(linesOf(await (await download(done)).text()).length, 22);
});

test("a name that a spreadsheet would calculate, or that breaks a line, is text and nothing else", async () => {
  const { database } = server.test;
  const [door] = await database.query<{ name: string }>("select name from doors where door_id = 234");
  await database.execute(`update doors set name = $1 where door_id = 234`, [`=HYPERLINK("http://x","a,b")`]);
  const from = Date.UTC(2026, 6, 1);
  const done = await ended(await ask({ from, to: from }), writer());
  await database.execute(`update doors set name = $1 where door_id = 234`, [door?.name]);
  assert.ok((await (await download(done)).text()).includes(`,"'=HYPERLINK(""http://x"",""a,b"")",`));
});

test("a download that was cut goes on where it was, and of another file it begins anew", async () => {
  const done = await ended(await ask(), writer());
  const whole = Buffer.from(await (await download(done)).arrayBuffer());
  const first = await download(done, { range: "bytes=0-999" });
  assert.deepEqual([first.status, first.headers.get("content-range")], [206, `bytes 0-999/${whole.length}`]);
  const etag = String(first.headers.get("etag"));
  const rest = await download(done, { range: "bytes=1000-", "if-range": etag });
  assert.equal(rest.status, 206);
  assert.ok(Buffer.concat([Buffer.from(await first.arrayBuffer()), Buffer.from(await rest.arrayBuffer())]).equals(whole));
  const other = await download(done, { range: "bytes=1000-", "if-range": '"another"' });
  assert.deepEqual([other.status, (await other.arrayBuffer()).byteLength], [200, whole.length]);
  const beyond = await download(done, { range: `bytes=${whole.length}-` });
  assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${whole.length}`]);
});

test("a range is read as RFC 9110 has it, and what is none is the whole", () => {
  const part = (from: number, to: number) => ({ kind: "part", from, to });
  assert.deepEqual(readByteRange("bytes=0-9", 100), part(0, 9));
  assert.deepEqual(readByteRange("Bytes = 90-", 100), part(90, 99));
  assert.deepEqual(readByteRange("bytes=-10", 100), part(90, 99));
  assert.deepEqual(readByteRange("bytes=-1000", 100), part(0, 99));
  assert.deepEqual(readByteRange("bytes=50-1000", 100), part(50, 99));
  for (const header of [null, "", "bytes=-", "bytes=9-0", "bytes=0-1,5-6", "items=0-1", "bytes=x"])
    assert.deepEqual(readByteRange(header, 100), { kind: "whole" }, String(header));
  for (const header of ["bytes=100-", "bytes=-0"]) assert.deepEqual(readByteRange(header, 100), { kind: "none" }, header);
});

test("what a process that died had begun is gone on with: no half file is done, no event is missing or twice, whatever stood behind the last sync", async () => {
  const reference = await (await download(await ended(await ask(), writer(1)))).text();
  const made = await ask();
  // Dies in the middle: the database does not hear of anything after the first words about how far it is.
  let saved = 0;
  const execute: Database["execute"] = async (statement, values) => {
    if (typeof statement !== "string" && statement.name === "exports-progress") saved += 1;
    if (saved > 0) await new Promise(() => undefined);
    return server.test.database.execute(statement, values);
  };
  const real = server.test.database;
  const query: Database["query"] = (statement, values) => real.query(statement, values);
  const dying = writer(2, { query, execute, transaction: (work) => real.transaction(work), close: () => real.close() });
  writers.pop();
  await dying.poll();
  await eventually("it has written something", () => saved > 0);
  assert.equal((await download(made)).status, 409);
  alive.delete(2);
  await server.test.database.execute(
    "update event_exports set sequence = first_sequence + 700, event_count = 700, bytes = $2 where export_id = $1",
    [
      made.exportId,
      // `text()` takes the byte order mark away.
      Buffer.byteLength(`\ufeff${linesOf(reference).slice(0, 701).join("\r\n")}\r\n`),
    ],
  );
  // Half a line behind what was synced.
  await appendFile(join(folder, "exports", `${made.exportId}.part`), "half a li");
  const done = await ended(made, writer(3));
  assert.equal(await (await download(done)).text(), reference);
});

test("a file that is not here any more, or is another, is written anew and never sent as it is", async () => {
  const by = writer();
  const done = await ended(await ask(), by);
  const path = join(folder, "exports", `${done.exportId}.csv`);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, 100));
  assert.equal((await download(done)).status, 409);
  const again = await ended(done, by);
  assert.ok(Buffer.from(await (await download(again)).arrayBuffer()).equals(whole));
});

test("a place has so many exports, and they go with their day, when they are deleted, and when somebody is erased", async () => {
  const by = writer();
  const all = [];
  for (let count = 0; count < 5; count += 1) all.push(await ask());
  assert.equal((await server.call("POST", `/v2/places/${PLACE_ID}/exports`)).status, 409);
  const [one, two, three] = all as [EventExport, EventExport, EventExport];
  for (const each of all) await ended(each, by);
  assert.equal((await server.call("DELETE", `/v2/exports/${one.exportId}`)).status, 204);
  assert.equal((await download(one)).status, 404);
  await assert.rejects(stat(join(folder, "exports", `${one.exportId}.csv`)));
  server.nowMs += 1;
  await server.test.database.execute(
    "insert into erasures(user_id, place_group_id, made_at, erased_at, places) values (77, 100, 1, $1, '[]')",
    [server.nowMs],
  );
  assert.equal((await download(two)).status, 404);
  await by.dropOld();
  assert.equal((await server.call("GET", `/v2/exports/${two.exportId}`)).status, 404);
  await assert.rejects(stat(join(folder, "exports", `${three.exportId}.csv`)));
  server.nowMs += 1;
  const last = await ended(await ask(), by);
  server.nowMs += 86_400_001;
  await by.dropOld();
  assert.equal((await download(last)).status, 404);
});

test("an export of a place out of reach is hidden", async () => {
  const made = await ask();
  assert.equal((await server.call("GET", `/v2/exports/${made.exportId}`, { key: "second" })).status, 404);
  assert.equal((await server.call("POST", `/v2/places/${SECOND_PLACE_ID}/exports`, { key: "demo" })).status, 404);
  assert.equal((await server.call("GET", `/v2/exports/${made.exportId}/file`, { key: "people" })).status, 403);
});
