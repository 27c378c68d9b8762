import assert from "node:assert/strict";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { EVENTS_PER_FRAME_MAX, GENERATIONS_PER_HELLO_MAX } from "@postern/contract";
import { CodedError } from "@postern/core";
import { OUTBOX_KEPT_MS, OUTBOX_TRIM_COUNT_MAX } from "../../src/limits.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { DAY_MS, NOW_MS } from "../support/builders.ts";
import { anEvent, type OutboxOptions, openOutbox } from "../support/outbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function freshOutbox(context: TestContext, options: OutboxOptions = {}): { outbox: Outbox; path: string } {
  const path = join(temporaryFolder(context), "outbox.db");
  const outbox = openOutbox(path, options);
  context.after(() => outbox.close());
  return { outbox, path };
}

function restart(context: TestContext, outbox: Outbox, path: string, options: OutboxOptions = {}): Outbox {
  outbox.close();
  const again = openOutbox(path, options);
  context.after(() => again.close());
  return again;
}

const FROM_START = { generation: 0, from: 0 };

test("outbox: numbers go on after a restart", (context) => {
  const { outbox, path } = freshOutbox(context);
  assert.equal(outbox.append([anEvent(), anEvent()]), 2);
  const again = restart(context, outbox, path);
  assert.equal(again.append([anEvent()]), 5, "1 began the first generation, 4 the second");
  const { generations } = again.greeting();
  assert.deepEqual(
    generations.map(({ first, last }) => [first, last]),
    [
      [4, 5],
      [1, 3],
    ],
  );
});

test("outbox: each start begins a generation", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append([anEvent()]);
  const first = outbox.generation;
  const again = restart(context, outbox, path);
  const [second, before] = again.greeting().generations;
  assert.notEqual(again.generation, first);
  assert.deepEqual(second?.predecessor, { generation: first, last: 2 });
  assert.equal(before?.predecessor, null);
  const batch = again.batchFrom({ generation: again.generation, from: 0 });
  assert.deepEqual(batch?.predecessor, { generation: first, last: 2 });
  assert.deepEqual(batch?.events, [{ eventAt: NOW_MS, eventType: "DEV_DEVICE_START" }]);
});

test("outbox: a frame holds one generation, names its predecessor only at its begin, and ends at the frame's limit", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append(Array.from({ length: EVENTS_PER_FRAME_MAX }, () => anEvent()));
  const generation = outbox.generation;
  const again = restart(context, outbox, path);
  const begin = again.batchFrom(FROM_START);
  assert.deepEqual(
    [begin?.generation, begin?.first, begin?.events.length, begin?.predecessor],
    [generation, 1, EVENTS_PER_FRAME_MAX, null],
  );
  const rest = again.batchFrom({ generation, from: EVENTS_PER_FRAME_MAX + 1 });
  assert.deepEqual(
    [rest?.generation, rest?.first, rest?.events.length, rest?.predecessor],
    [generation, EVENTS_PER_FRAME_MAX + 1, 1, undefined],
  );
  const next = again.batchFrom({ generation, from: EVENTS_PER_FRAME_MAX + 2 });
  assert.deepEqual([next?.generation, next?.first], [again.generation, EVENTS_PER_FRAME_MAX + 2]);
  assert.equal(again.batchFrom({ generation: again.generation, from: EVENTS_PER_FRAME_MAX + 3 }), null);
});

test("outbox: a frame of large events stays below the link's packet limit", (context) => {
  const { outbox } = freshOutbox(context);
  const detail = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`field${index}`, "x".repeat(128)]));
  outbox.append(Array.from({ length: 250 }, () => anEvent({ detail })));
  const batch = outbox.batchFrom(FROM_START);
  assert.ok(JSON.stringify(batch).length < 200 * 1024);
  assert.ok((batch?.events.length ?? 0) > 100);
});

test("outbox: after a welcome it goes on behind the newest mark the server has", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append([anEvent(), anEvent()]);
  const first = outbox.generation;
  const again = restart(context, outbox, path);
  assert.deepEqual(again.welcomed([{ generation: first, through: 2 }]), { generation: first, from: 3 });
  assert.deepEqual(
    again.welcomed([
      { generation: first, through: 3 },
      { generation: again.generation, through: 4 },
    ]),
    { generation: again.generation, from: 5 },
  );
  assert.deepEqual(again.welcomed([]), { generation: first, from: 0 });
});

test("outbox: what was stored is kept for 30 days and then deleted; what was not is kept", (context) => {
  const { outbox } = freshOutbox(context);
  outbox.append(Array.from({ length: 9 }, () => anEvent()));
  const { generation } = outbox;
  outbox.stored(generation, 6, NOW_MS);
  outbox.trim(NOW_MS + OUTBOX_KEPT_MS - 1);
  assert.equal(outbox.batchFrom(FROM_START)?.first, 1);
  outbox.trim(NOW_MS + OUTBOX_KEPT_MS);
  assert.equal(outbox.batchFrom({ generation, from: 7 })?.first, 7);
  assert.deepEqual(outbox.batchFrom({ generation, from: 2 })?.lost, [{ generation, from: 2, to: 6 }]);
  outbox.trim(NOW_MS + 100 * OUTBOX_KEPT_MS);
  assert.equal(outbox.batchFrom({ generation, from: 7 })?.events.length, 4, "nothing unstored is ever trimmed");
});

test("outbox: a server that has gone back makes what it lost unstored again", (context) => {
  const { outbox } = freshOutbox(context);
  outbox.append(Array.from({ length: 9 }, () => anEvent()));
  const { generation } = outbox;
  outbox.stored(generation, 10, NOW_MS);
  outbox.welcomed([{ generation, through: 4 }]);
  outbox.trim(NOW_MS + OUTBOX_KEPT_MS);
  const batch = outbox.batchFrom({ generation, from: 5 });
  assert.deepEqual([batch?.first, batch?.events.length, batch?.lost], [5, 6, undefined]);
});

test("outbox: one round of trimming is bounded, and the next ones finish it", (context) => {
  const { outbox } = freshOutbox(context);
  const count = OUTBOX_TRIM_COUNT_MAX + 500;
  outbox.append(Array.from({ length: count }, () => anEvent()));
  const { generation, last } = outbox;
  outbox.stored(generation, last, NOW_MS);
  outbox.trim(NOW_MS + OUTBOX_KEPT_MS);
  assert.equal(outbox.greeting().generations[0]?.first, OUTBOX_TRIM_COUNT_MAX + 1);
  outbox.trim(NOW_MS + OUTBOX_KEPT_MS);
  assert.equal(outbox.greeting().generations[0]?.first, last + 1);
  assert.equal(outbox.append([anEvent()]), last + 1, "an empty log goes on with its numbers");
});

test("outbox: beyond its limit the oldest events are given up and declared lost", (context) => {
  const { outbox } = freshOutbox(context, { eventsMax: 10 });
  for (let count = 0; count < 15; count += 1) outbox.append([anEvent()]);
  const { generation } = outbox;
  const batch = outbox.batchFrom({ generation, from: 3 });
  assert.deepEqual(batch?.lost, [{ generation, from: 3, to: 6 }]);
  assert.deepEqual([batch?.first, batch?.events.length], [7, 10]);
});

test("outbox: a whole generation that is no longer kept is declared lost before the next one", (context) => {
  const { outbox, path } = freshOutbox(context, { eventsMax: 3 });
  outbox.append([anEvent()]);
  const first = outbox.generation;
  const again = restart(context, outbox, path, { eventsMax: 3 });
  again.append([anEvent(), anEvent(), anEvent()]);
  const batch = again.batchFrom({ generation: first, from: 0 });
  assert.deepEqual(batch?.lost, [
    { generation: first, from: 1, to: 2 },
    { generation: again.generation, from: 3, to: 3 },
  ]);
  assert.equal(batch?.first, 4);
});

test("outbox: a predecessor that this disk does not know is lost as far as the next generation says", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.close();
  const disk = new DatabaseSync(path);
  disk.exec("update generations set predecessor_generation = 4242, predecessor_last = 0");
  disk.exec(
    "update generations set first = 8; update events set number = 8; update state set next = 9; update generations set predecessor_last = 7",
  );
  disk.close();
  const again = openOutbox(path);
  context.after(() => again.close());
  assert.deepEqual(again.welcomed([]), { generation: 4242, from: 0 }, "a server that knows nothing is told of it");
  const batch = again.batchFrom({ generation: 4242, from: 3 });
  assert.deepEqual(batch?.lost, [{ generation: 4242, from: 3, to: 7 }]);
  assert.equal(batch?.first, 8);
});

test("outbox: an event that rotted on the disk goes as nothing, and the rest go on", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append([anEvent(), anEvent()]);
  const disk = new DatabaseSync(path);
  disk.exec("update events set body = '{\"eventAt\":' where number = 2");
  disk.close();
  const batch = outbox.batchFrom(FROM_START);
  assert.deepEqual([batch?.events.length, batch?.events[1], batch?.events[2]], [3, null, anEvent()]);
});

test("outbox: a row missing in the middle shifts no number", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append([anEvent({ authId: 2 }), anEvent({ authId: 3 }), anEvent({ authId: 4 })]);
  const disk = new DatabaseSync(path);
  disk.exec("delete from events where number = 3");
  disk.close();
  const { generation } = outbox;
  assert.equal(outbox.batchFrom({ generation, from: 1 })?.events.length, 2);
  const rest = outbox.batchFrom({ generation, from: 3 });
  assert.deepEqual([rest?.lost, rest?.first, rest?.events], [[{ generation, from: 3, to: 3 }], 4, [anEvent({ authId: 4 })]]);
});

test("outbox: a disk that cannot be written is an error of its own, and leaves no hole", (context) => {
  const { outbox, path } = freshOutbox(context);
  const disk = new DatabaseSync(path);
  disk.exec("begin immediate");
  assert.throws(
    () => outbox.append([anEvent()]),
    (error) => error instanceof CodedError && error.code === "disk_unusable" && error.class === "transient",
  );
  disk.exec("rollback");
  disk.close();
  assert.equal(outbox.append([anEvent()]), 2);
});

test("outbox: after a failure the disk says what the next number is, whatever became of the failed one", (context) => {
  const { outbox, path } = freshOutbox(context);
  const disk = new DatabaseSync(path);
  disk.exec("begin immediate");
  assert.throws(() => outbox.append([anEvent()]));
  disk.exec("insert into events values(2, '{}'); update state set next = 3; commit");
  disk.close();
  assert.equal(outbox.append([anEvent()]), 3);
});

test("outbox: a full disk refuses the event whole and takes the next one once there is room", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.close();
  const disk = new DatabaseSync(path);
  const { page_count: pages } = disk.prepare("pragma page_count").get() as { page_count: number };
  disk.close();
  const again = openOutbox(path, {});
  context.after(() => again.close());
  again.limitPages(pages + 2);
  const big = Array.from({ length: 500 }, () => anEvent({ detail: { text: "x".repeat(100) } }));
  const { last } = again;
  assert.throws(
    () => again.append(big),
    (error) => error instanceof CodedError && error.code === "disk_unusable",
  );
  again.limitPages(pages + 1_000);
  assert.equal(again.append(big), last + 1);
});

test("outbox: the newest time is remembered with the events", (context) => {
  const { outbox, path } = freshOutbox(context, { startMs: 5 });
  outbox.append([anEvent({ eventAt: NOW_MS + DAY_MS }), anEvent()]);
  const again = restart(context, outbox, path, { startMs: 6 });
  assert.equal(again.newestMs, NOW_MS + DAY_MS);
  again.writeNewest(NOW_MS);
  assert.equal(restart(context, again, path, { startMs: 7 }).newestMs, NOW_MS);
});

test("outbox: a relay recorded as on is known after a kill, and no longer once it is recorded as off", (context) => {
  const { outbox, path } = freshOutbox(context);
  outbox.append([anEvent({ eventType: "DEV_DOOR_RELAY_ON" }), anEvent({ eventType: "DEV_DOOR_RELAY_ON", doorId: 235 })]);
  const again = restart(context, outbox, path);
  assert.deepEqual(again.openRelays(), [234, 235]);
  again.append([anEvent({ eventType: "DEV_DOOR_RELAY_OFF" })]);
  assert.deepEqual(again.openRelays(), [235]);
});

test("outbox: a hello names the newest generations alone", (context) => {
  const { outbox, path } = freshOutbox(context);
  let current = outbox;
  for (let count = 0; count < GENERATIONS_PER_HELLO_MAX + 3; count += 1) current = restart(context, current, path);
  const { generations } = current.greeting();
  assert.equal(generations.length, GENERATIONS_PER_HELLO_MAX);
  assert.equal(generations[0]?.generation, current.generation);
});

test("outbox: a damaged file is set aside and a log without predecessor begins", (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "outbox.db");
  writeFileSync(path, "not a database at all, but long enough to be taken for one at first sight ".repeat(50));
  const outbox = openOutbox(path);
  context.after(() => outbox.close());
  assert.equal(outbox.greeting().generations[0]?.predecessor, null);
  assert.ok(existsSync(`${path}.damaged`));
});

test("outbox: a disk restored from an old copy goes on from the copy, in a generation of its own", (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "outbox.db");
  const before = openOutbox(path);
  before.append([anEvent()]);
  before.close();
  copyFileSync(path, join(folder, "copy.db"));
  const lost = openOutbox(path);
  lost.append([anEvent()]);
  lost.close();
  const restored = openOutbox(join(folder, "copy.db"));
  context.after(() => restored.close());
  assert.deepEqual(restored.greeting().generations[0]?.predecessor, { generation: before.generation, last: 2 });
  const cursor = restored.welcomed([{ generation: before.generation, through: 4 }]);
  const batch = restored.batchFrom(cursor);
  assert.deepEqual([batch?.generation, batch?.first, batch?.predecessor?.last], [restored.generation, 3, 2]);
  restored.stored(before.generation, 4, NOW_MS);
  restored.trim(NOW_MS + OUTBOX_KEPT_MS);
  assert.equal(
    restored.batchFrom({ generation: restored.generation, from: 3 })?.events.length,
    1,
    "a mark of the other log trims nothing of this one",
  );
});
