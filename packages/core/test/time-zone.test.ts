import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionFailure, isTimeZone, offsetSecondsAt, TRANSITION_SPAN_MS_MAX, utcTransitionsOf } from "../src/index.ts";

const HOUR = 3_600;

function transitionsBetween(timeZone: string, from: string, to: string): [string, number][] {
  return utcTransitionsOf(timeZone, Date.parse(from), Date.parse(to)).map(({ fromMs, offsetSeconds }) => [
    new Date(fromMs).toISOString(),
    offsetSeconds,
  ]);
}

interface Known {
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
  readonly transitions: readonly (readonly [string, number])[];
}

const KNOWN: readonly Known[] = [
  {
    timeZone: "Europe/Berlin",
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-12-31T00:00:00.000Z",
    transitions: [
      ["2026-01-01T00:00:00.000Z", HOUR],
      ["2026-03-29T01:00:00.000Z", 2 * HOUR],
      ["2026-10-25T01:00:00.000Z", HOUR],
    ],
  },
  {
    timeZone: "America/New_York",
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-12-31T00:00:00.000Z",
    transitions: [
      ["2026-01-01T00:00:00.000Z", -5 * HOUR],
      ["2026-03-08T07:00:00.000Z", -4 * HOUR],
      ["2026-11-01T06:00:00.000Z", -5 * HOUR],
    ],
  },
  {
    timeZone: "Australia/Lord_Howe",
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-12-31T00:00:00.000Z",
    transitions: [
      ["2026-01-01T00:00:00.000Z", 11 * HOUR],
      ["2026-04-04T15:00:00.000Z", 10.5 * HOUR],
      ["2026-10-03T15:30:00.000Z", 11 * HOUR],
    ],
  },
  {
    timeZone: "Asia/Seoul",
    from: "2026-01-01T00:00:00.000Z",
    to: "2030-12-31T00:00:00.000Z",
    transitions: [["2026-01-01T00:00:00.000Z", 9 * HOUR]],
  },
  {
    timeZone: "Asia/Kathmandu",
    from: "2026-01-01T00:00:00.000Z",
    to: "2027-01-01T00:00:00.000Z",
    transitions: [["2026-01-01T00:00:00.000Z", 5.75 * HOUR]],
  },
  {
    timeZone: "Pacific/Apia",
    from: "2011-12-01T00:00:00.000Z",
    to: "2012-01-31T00:00:00.000Z",
    transitions: [
      ["2011-12-01T00:00:00.000Z", -10 * HOUR],
      ["2011-12-30T10:00:00.000Z", 14 * HOUR],
    ],
  },
];

for (const { timeZone, from, to, transitions } of KNOWN) {
  test(`${timeZone} changes its clock at the published instants and at no other`, () => {
    assert.deepEqual(transitionsBetween(timeZone, from, to), transitions);
  });
}

test("a change at the very end of the span is in it, one a millisecond later is not", () => {
  const change = "2026-03-29T01:00:00.000Z";
  assert.equal(transitionsBetween("Europe/Berlin", "2026-03-01T00:00:00.000Z", change).length, 2);
  assert.equal(transitionsBetween("Europe/Berlin", "2026-03-01T00:00:00.000Z", "2026-03-29T00:59:59.999Z").length, 1);
});

test("a span that starts at a change starts with the new offset", () => {
  const change = "2026-03-29T01:00:00.000Z";
  assert.deepEqual(transitionsBetween("Europe/Berlin", change, "2026-04-01T00:00:00.000Z"), [[change, 2 * HOUR]]);
});

test("a span of no length has the one offset of its instant", () => {
  assert.deepEqual(utcTransitionsOf("Asia/Seoul", 0, 0), [{ fromMs: 0, offsetSeconds: 9 * HOUR }]);
});

test("a pause of summer time for Ramadan is in the transitions, both its ends", () => {
  assert.equal(transitionsBetween("Africa/Casablanca", "2024-01-01T00:00:00.000Z", "2024-12-31T00:00:00.000Z").length, 3);
  assert.equal(transitionsBetween("Africa/Cairo", "2014-01-01T00:00:00.000Z", "2014-12-31T00:00:00.000Z").length, 5);
});

test("five years of transitions fit the 64 that the link allows, in every zone", () => {
  const fromMs = Date.parse("2026-01-01T00:00:00Z");
  for (const timeZone of ["Africa/Casablanca", "Africa/El_Aaiun", "America/Santiago", "Antarctica/Troll", "Asia/Gaza", "Europe/London"]) {
    const count = utcTransitionsOf(timeZone, fromMs, fromMs + 5 * 366 * 86_400_000).length;
    assert.ok(count <= 64, `${timeZone} has ${count}`);
  }
});

test("before the first transition its offset holds, after the last one that one's", () => {
  const transitions = [
    { fromMs: 1_000, offsetSeconds: 1 },
    { fromMs: 2_000, offsetSeconds: 2 },
    { fromMs: 3_000, offsetSeconds: 3 },
  ];
  const expected: readonly (readonly [number, number])[] = [
    [-5, 1],
    [999, 1],
    [1_000, 1],
    [1_999, 1],
    [2_000, 2],
    [2_999, 2],
    [3_000, 3],
    [9e15, 3],
  ];
  for (const [ms, offsetSeconds] of expected) assert.equal(offsetSecondsAt(transitions, ms), offsetSeconds, `at ${ms}`);
});

test("asking for an offset where there is none is our bug", () => {
  assert.throws(() => offsetSecondsAt([], 0), AssertionFailure);
});

test("an unknown zone, a span that ends before it starts and one that is too long are our bugs", () => {
  assert.throws(() => utcTransitionsOf("Mars/Olympus", 0, 1), AssertionFailure);
  assert.throws(() => utcTransitionsOf("Asia/Seoul", 1, 0), AssertionFailure);
  assert.throws(() => utcTransitionsOf("Asia/Seoul", 0, TRANSITION_SPAN_MS_MAX + 1), AssertionFailure);
  assert.throws(() => utcTransitionsOf("Asia/Seoul", 0, Number.NaN), AssertionFailure);
});

for (const name of ["Asia/Seoul", "Europe/Berlin", "UTC", "Asia/Calcutta", "America/Argentina/Buenos_Aires", "Etc/GMT+3"]) {
  test(`${name} is a time zone`, () => assert.equal(isTimeZone(name), true));
}

for (const name of ["", " ", "+09:00", "-0300", "Asia/Atlantis", "Asia/Seoul ", "Europe/Berlin\u0000", "null"]) {
  test(`${JSON.stringify(name)} is no time zone`, () => assert.equal(isTimeZone(name), false));
}

test("no text makes the question of a time zone fail", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => typeof isTimeZone(name) === "boolean"));
});

test("at every instant the offset is the one that the platform prints beside the local time", () => {
  const fromMs = Date.parse("2024-01-01T00:00:00Z");
  const toMs = Date.parse("2027-01-01T00:00:00Z");
  for (const timeZone of [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/St_Johns",
    "Pacific/Chatham",
  ]) {
    const transitions = utcTransitionsOf(timeZone, fromMs, toMs);
    const printed = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    // Near a change as often as anywhere: an error of one bisection step shows only there.
    const nearChange = fc
      .tuple(fc.constantFrom(...transitions), fc.integer({ min: -3, max: 3 }))
      .map(([{ fromMs: changeMs }, step]) => changeMs + step);
    const instants = fc.oneof(fc.integer({ min: fromMs, max: toMs }), nearChange).filter((ms) => ms >= fromMs);
    fc.assert(
      fc.property(instants, (ms) => assert.equal(offsetSecondsAt(transitions, ms), printedOffsetSeconds(printed, ms))),
      { numRuns: 200 },
    );
  }
});

function printedOffsetSeconds(format: Intl.DateTimeFormat, ms: number): number {
  const text = format.formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(text);
  assert.ok(match, text);
  const seconds = Number(match[2] ?? 0) * HOUR + Number(match[3] ?? 0) * 60;
  return match[1] === "-" ? -seconds : seconds;
}
