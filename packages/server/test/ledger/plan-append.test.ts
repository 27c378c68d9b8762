import assert from "node:assert/strict";
import { test } from "node:test";
import { eventName } from "@postern/contract";
import fc from "fast-check";
import { type AppendBatch, type AppendPlan, type ControllerReach, type LogState, planAppend } from "../../src/ledger/plan-append.ts";

const NOW = 1_760_000_000_000;
const reach: ControllerReach = { doorIds: new Set([234]), deviceIds: new Set([1343]) };
const event = (changes: object = {}): object => ({ eventAt: NOW, eventType: "DEV_DOOR_RELAY_ON", doorId: 234, deviceId: 1343, ...changes });
const events = (count: number): object[] => Array.from({ length: count }, () => event());
const log = (marks: [number, number][], hasBegun = marks.length > 0): LogState => ({ marks: new Map(marks), hasBegun });

function batch(changes: Partial<AppendBatch>): AppendBatch {
  return {
    placeId: 178,
    controllerId: 1,
    session: 1,
    generation: 7,
    predecessor: undefined,
    first: 1,
    events: [],
    lost: [],
    sentAtMs: NOW,
    receivedAtMs: NOW,
    ...changes,
  };
}

const plan = (state: LogState, changes: Partial<AppendBatch>): AppendPlan => planAppend(state, reach, batch(changes));
const types = (result: AppendPlan): (string | null)[] => result.rows.map((row) => eventName(row.eventType));
const numbers = (result: AppendPlan): number[] => result.rows.map((row) => row.localLogId);

test("the first log of a disk begins where it says", () => {
  const result = plan(log([]), { predecessor: null, first: 1, events: events(3) });
  assert.deepEqual(numbers(result), [1, 2, 3]);
  assert.deepEqual(result.answer, { generation: 7, through: 3, refused: [] });
});

test("a repeat changes nothing and is answered as stored", () => {
  const result = plan(log([[7, 3]]), { first: 1, events: events(3) });
  assert.deepEqual(result.rows, []);
  assert.equal(result.marks.size, 0);
  assert.equal(result.answer.through, 3);
});

test("a batch that overlaps what is stored adds only the rest", () => {
  assert.deepEqual(numbers(plan(log([[7, 3]]), { first: 2, events: events(4) })), [4, 5]);
});

test("ledger: a hole is asked for and never skipped", () => {
  const result = plan(log([[7, 3]]), { first: 5, events: events(2) });
  assert.deepEqual(result.rows, []);
  assert.deepEqual(result.answer.expect, { generation: 7, from: 4 });
});

test("ledger: a declared loss is a fact of its own, and the log goes on behind it", () => {
  const result = plan(log([[7, 3]]), { first: 5, events: events(1), lost: [{ generation: 7, from: 4, to: 4 }] });
  assert.deepEqual(types(result), ["LOG_LOST", "DEV_DOOR_RELAY_ON"]);
  assert.deepEqual(result.rows[0]?.detail, { controllerId: 1, generation: 7, from: 4, to: 4 });
  assert.equal(result.answer.through, 5);
});

test("a declared loss beyond the next number does not hide what lies between", () => {
  const result = plan(log([[7, 3]]), { first: 9, events: events(1), lost: [{ generation: 7, from: 6, to: 8 }] });
  assert.deepEqual(result.rows, []);
  assert.deepEqual(result.answer.expect, { generation: 7, from: 4 });
});

test("a declared loss of what is stored takes nothing back", () => {
  const result = plan(log([[7, 9]]), { first: 10, events: events(1), lost: [{ generation: 7, from: 2, to: 9 }] });
  assert.deepEqual(types(result), ["DEV_DOOR_RELAY_ON"]);
});

test("a generation goes on where the one before it ended", () => {
  const result = plan(log([[6, 20]]), { predecessor: { generation: 6, last: 20 }, first: 21, events: events(2) });
  assert.deepEqual(numbers(result), [21, 22]);
  assert.equal(result.answer.through, 22);
});

test("a generation whose predecessor is not wholly stored waits for it", () => {
  const result = plan(log([[6, 18]]), { predecessor: { generation: 6, last: 20 }, first: 21, events: events(2) });
  assert.deepEqual(result.rows, []);
  assert.deepEqual(result.answer.expect, { generation: 6, from: 19 });
});

test("a generation whose predecessor is unknown asks for it from its first record", () => {
  assert.deepEqual(plan(log([]), { predecessor: { generation: 6, last: 20 }, first: 21, events: events(1) }).answer.expect, {
    generation: 6,
    from: 0,
  });
});

test("a batch of an unknown generation without its first record asks for that", () => {
  assert.deepEqual(plan(log([]), { first: 40, events: events(1) }).answer.expect, { generation: 7, from: 0 });
});

test("ledger: a restored disk is a fork and nothing of it is skipped", () => {
  const result = plan(log([[6, 50]]), { predecessor: { generation: 6, last: 20 }, first: 21, events: events(2) });
  assert.deepEqual(types(result), ["LOG_FORKED", "DEV_DOOR_RELAY_ON", "DEV_DOOR_RELAY_ON"]);
  assert.deepEqual(numbers(result).slice(1), [21, 22]);
});

test("an emptied disk is a fork too", () => {
  const result = plan(log([], true), { predecessor: null, first: 1, events: events(1) });
  assert.deepEqual(types(result), ["LOG_FORKED", "DEV_DOOR_RELAY_ON"]);
});

const REFUSED: [string, unknown, string][] = [
  ["no object", 5, "event_malformed"],
  ["no time", { eventType: "DEV_DOOR_RELAY_ON" }, "event_malformed"],
  ["an unknown type", event({ eventType: "DEV_DOOR_EXPLODED" }), "event_type_unknown"],
  ["a type that only the server writes", event({ eventType: "PLACE_MODIFY" }), "event_type_foreign"],
  ["another controller's door", event({ doorId: 999 }), "door_unknown"],
  ["another controller's device", event({ deviceId: 999 }), "device_unknown"],
  ["a NUL in its detail", event({ detail: { reason: "a\u0000b" } }), "event_malformed"],
  ["half a surrogate pair in its detail", event({ detail: { reason: "a\ud800" } }), "event_malformed"],
  [
    "more than an event may weigh",
    event({ detail: Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`d${index}`, "x".repeat(120)])) }),
    "event_too_large",
  ],
];

for (const [title, bad, code] of REFUSED) {
  test(`ledger: one bad event stops no other: ${title}`, () => {
    const result = plan(log([[7, 3]]), { first: 4, events: [event(), bad, event()] });
    assert.deepEqual(types(result), ["DEV_DOOR_RELAY_ON", "EVENT_REFUSED", "DEV_DOOR_RELAY_ON"]);
    assert.deepEqual(result.answer.refused, [{ localLogId: 5, code }]);
    assert.equal(result.answer.through, 6);
  });
}

test("an event from 1970 sent by a clock at 1970 is filed under the time it happened", () => {
  const result = plan(log([[7, 3]]), { first: 4, events: [event({ eventAt: 5_000 })], sentAtMs: 65_000 });
  assert.equal(result.rows[0]?.eventAt, NOW - 60_000);
  assert.deepEqual(result.rows[0]?.detail, { deviceAt: 5_000, correctionMs: NOW - 65_000 });
});

test("an event from 2099 sent by a clock that is right is filed under its receipt, with its own time beside it", () => {
  const in2099 = Date.UTC(2099, 0, 1);
  const result = plan(log([[7, 3]]), { first: 4, events: [event({ eventAt: in2099 })] });
  assert.equal(result.rows[0]?.eventAt, NOW);
  assert.equal(result.rows[0]?.detail?.["deviceAt"], in2099);
});

test("an event of yesterday from a clock that is right keeps its time", () => {
  const yesterday = NOW - 86_400_000;
  assert.equal(plan(log([[7, 3]]), { first: 4, events: [event({ eventAt: yesterday })] }).rows[0]?.eventAt, yesterday);
});

test("however batches are cut, repeated and reordered, each number is stored once and in order", () => {
  const someBatch = fc.record({ first: fc.integer({ min: 1, max: 30 }), count: fc.integer({ min: 0, max: 8 }) });
  fc.assert(
    fc.property(fc.array(someBatch, { maxLength: 40 }), (batches) => {
      const marks = new Map<number, number>([[7, 0]]);
      const stored: number[] = [];
      for (const { first, count } of batches) {
        const result = plan({ marks, hasBegun: true }, { first, events: events(count) });
        stored.push(...numbers(result));
        for (const [generation, through] of result.marks) marks.set(generation, through);
      }
      assert.deepEqual(
        stored,
        stored.map((_, index) => index + 1),
      );
    }),
  );
});
