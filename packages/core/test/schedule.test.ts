import assert from "node:assert/strict";
import { test } from "node:test";
import { alwaysSchedule, isWithinSchedule, type Schedule, utcTransitionsOf } from "../src/index.ts";
import { scheduleDaily, scheduleOn } from "./schedule-builder.ts";

const MINUTE_MS = 60_000;

/** The spans in which a schedule is open between two instants of UTC, as `from/to` in UTC, found by asking every minute. */
function openSpans(schedule: Schedule, timeZone: string, from: string, to: string): string[] {
  const [fromMs, toMs] = [Date.parse(`${from}Z`), Date.parse(`${to}Z`)];
  const transitions = utcTransitionsOf(timeZone, fromMs, toMs);
  const spans: string[] = [];
  let openedMs: number | null = null;
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += MINUTE_MS) {
    const isOpen = nowMs < toMs && isWithinSchedule(schedule, transitions, nowMs);
    if (isOpen && openedMs === null) openedMs = nowMs;
    if (!isOpen && openedMs !== null) {
      spans.push(`${minuteText(openedMs)}/${minuteText(nowMs)}`);
      openedMs = null;
    }
  }
  return spans;
}

function minuteText(ms: number): string {
  return new Date(ms).toISOString().slice(5, 16);
}

interface Case {
  readonly guarantee: string;
  readonly schedule: Schedule;
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
  readonly open: readonly string[];
}

const WEEK: readonly Case[] = [
  {
    guarantee: "a window is open from its first minute and closed from its last on",
    schedule: scheduleOn({ wednesday: ["09:00-18:00"] }),
    timeZone: "Asia/Seoul",
    from: "2026-07-06T00:00",
    to: "2026-07-13T00:00",
    open: ["07-08T00:00/07-08T09:00"],
  },
  {
    guarantee: "several windows of a day are open one after another",
    schedule: scheduleOn({ wednesday: ["09:00-12:00", "13:00-18:00"] }),
    timeZone: "UTC",
    from: "2026-07-06T00:00",
    to: "2026-07-13T00:00",
    open: ["07-08T09:00/07-08T12:00", "07-08T13:00/07-08T18:00"],
  },
  {
    guarantee: "windows that overlap or touch are one",
    schedule: scheduleOn({ wednesday: ["09:00-12:00", "11:00-13:00", "13:00-14:00"] }),
    timeZone: "UTC",
    from: "2026-07-08T00:00",
    to: "2026-07-09T00:00",
    open: ["07-08T09:00/07-08T14:00"],
  },
  {
    guarantee: "24:00 is the end of the day on which the window starts",
    schedule: scheduleOn({ wednesday: ["20:00-24:00"] }),
    timeZone: "UTC",
    from: "2026-07-08T00:00",
    to: "2026-07-10T00:00",
    open: ["07-08T20:00/07-09T00:00"],
  },
  {
    guarantee: "a window to 00:00 ends where one to 24:00 ends",
    schedule: scheduleOn({ wednesday: ["20:00-00:00"] }),
    timeZone: "UTC",
    from: "2026-07-08T00:00",
    to: "2026-07-10T00:00",
    open: ["07-08T20:00/07-09T00:00"],
  },
  {
    guarantee: "a window across midnight belongs to the day on which it starts",
    schedule: scheduleOn({ saturday: ["22:00-06:00"] }),
    timeZone: "UTC",
    from: "2026-07-06T00:00",
    to: "2026-07-14T00:00",
    open: ["07-11T22:00/07-12T06:00"],
  },
  {
    guarantee: "a window that starts and ends at the same time of day lasts a day",
    schedule: scheduleOn({ wednesday: ["08:00-08:00"] }),
    timeZone: "UTC",
    from: "2026-07-07T00:00",
    to: "2026-07-11T00:00",
    open: ["07-08T08:00/07-09T08:00"],
  },
  {
    guarantee: "a week without windows never opens",
    schedule: scheduleOn({}),
    timeZone: "UTC",
    from: "2026-07-06T00:00",
    to: "2026-07-13T00:00",
    open: [],
  },
  {
    guarantee: "a quarter-hour zone opens at its own wall clock",
    schedule: scheduleDaily("00:00-00:15"),
    timeZone: "Asia/Kathmandu",
    from: "2026-07-06T00:00",
    to: "2026-07-07T00:00",
    open: ["07-06T18:15/07-06T18:30"],
  },
];

const HOLIDAYS: readonly Case[] = [
  {
    guarantee: "a holiday without windows keeps its day shut",
    schedule: scheduleOn({ thursday: ["09:00-18:00"], friday: ["09:00-18:00"], saturday: ["09:00-18:00"] }, { "2026-12-25": [] }),
    timeZone: "UTC",
    from: "2026-12-24T00:00",
    to: "2026-12-27T00:00",
    open: ["12-24T09:00/12-24T18:00", "12-26T09:00/12-26T18:00"],
  },
  {
    guarantee: "a holiday's own windows replace the week's",
    schedule: scheduleOn({ friday: ["09:00-18:00"] }, { "2026-12-25": ["10:00-12:00"] }),
    timeZone: "UTC",
    from: "2026-12-25T00:00",
    to: "2026-12-26T00:00",
    open: ["12-25T10:00/12-25T12:00"],
  },
  {
    guarantee: "what began on the evening before runs on into the holiday",
    schedule: scheduleOn({ thursday: ["22:00-06:00"], friday: ["22:00-06:00"] }, { "2026-12-25": [] }),
    timeZone: "UTC",
    from: "2026-12-24T00:00",
    to: "2026-12-27T00:00",
    open: ["12-24T22:00/12-25T06:00"],
  },
  {
    guarantee: "a holiday's window across midnight runs into the next day",
    schedule: scheduleOn({}, { "2026-12-31": ["20:00-04:00"] }),
    timeZone: "UTC",
    from: "2026-12-31T00:00",
    to: "2027-01-02T00:00",
    open: ["12-31T20:00/01-01T04:00"],
  },
  {
    guarantee: "a holiday is a date of the place, not of UTC",
    schedule: scheduleOn({ thursday: ["00:00-24:00"], friday: ["00:00-24:00"], saturday: ["00:00-24:00"] }, { "2026-12-25": [] }),
    timeZone: "Asia/Seoul",
    from: "2026-12-24T00:00",
    to: "2026-12-26T00:00",
    open: ["12-24T00:00/12-24T15:00", "12-25T15:00/12-26T00:00"],
  },
];

const CLOCK_CHANGES: readonly Case[] = [
  {
    guarantee: "in Berlin a window inside the hour that spring skips never opens",
    schedule: scheduleDaily("02:00-03:00"),
    timeZone: "Europe/Berlin",
    from: "2026-03-28T12:00",
    to: "2026-03-29T12:00",
    open: [],
  },
  {
    guarantee: "in Berlin a window that starts in the skipped hour opens with the hour after it",
    schedule: scheduleDaily("02:30-03:30"),
    timeZone: "Europe/Berlin",
    from: "2026-03-28T12:00",
    to: "2026-03-29T12:00",
    open: ["03-29T01:00/03-29T01:30"],
  },
  {
    guarantee: "in Berlin a window over the skipped hour is an hour shorter",
    schedule: scheduleDaily("00:00-06:00"),
    timeZone: "Europe/Berlin",
    from: "2026-03-28T12:00",
    to: "2026-03-29T12:00",
    open: ["03-28T23:00/03-29T04:00"],
  },
  {
    guarantee: "in Berlin the hour that autumn repeats opens twice",
    schedule: scheduleDaily("02:15-02:45"),
    timeZone: "Europe/Berlin",
    from: "2026-10-24T12:00",
    to: "2026-10-25T12:00",
    open: ["10-25T00:15/10-25T00:45", "10-25T01:15/10-25T01:45"],
  },
  {
    guarantee: "in New York the hour that spring skips never opens",
    schedule: scheduleDaily("02:00-02:59", "03:00-03:10"),
    timeZone: "America/New_York",
    from: "2026-03-07T12:00",
    to: "2026-03-08T12:00",
    open: ["03-08T07:00/03-08T07:10"],
  },
  {
    guarantee: "in New York a window that ends inside the repeated hour ends twice",
    schedule: scheduleDaily("22:00-01:30"),
    timeZone: "America/New_York",
    from: "2026-10-31T12:00",
    to: "2026-11-01T12:00",
    open: ["11-01T02:00/11-01T05:30", "11-01T06:00/11-01T06:30"],
  },
  {
    guarantee: "on Lord Howe Island autumn repeats half an hour only",
    schedule: scheduleDaily("01:30-02:00"),
    timeZone: "Australia/Lord_Howe",
    from: "2026-04-04T00:00",
    to: "2026-04-05T00:00",
    open: ["04-04T14:30/04-04T15:30"],
  },
  {
    guarantee: "on Lord Howe Island spring skips half an hour only",
    schedule: scheduleDaily("02:00-03:00"),
    timeZone: "Australia/Lord_Howe",
    from: "2026-10-03T00:00",
    to: "2026-10-04T00:00",
    open: ["10-03T15:30/10-03T16:00"],
  },
  {
    guarantee: "in Seoul no hour of the year is skipped or repeated",
    schedule: scheduleOn({ sunday: ["02:15-02:45"] }),
    timeZone: "Asia/Seoul",
    from: "2026-03-28T12:00",
    to: "2026-03-29T12:00",
    open: ["03-28T17:15/03-28T17:45"],
  },
  {
    guarantee: "in Samoa the Friday that was skipped never opened",
    schedule: scheduleOn({ friday: ["00:00-24:00"] }),
    timeZone: "Pacific/Apia",
    from: "2011-12-26T00:00",
    to: "2012-01-02T00:00",
    open: [],
  },
  {
    guarantee: "in Samoa a night that began before the skipped Friday ended with the day it began on",
    schedule: scheduleOn({ thursday: ["22:00-02:00"] }),
    timeZone: "Pacific/Apia",
    from: "2011-12-29T00:00",
    to: "2012-01-01T00:00",
    open: ["12-30T08:00/12-30T10:00"],
  },
  {
    guarantee: "in Samoa a night that would have begun on the skipped Friday keeps what is left of it on Saturday",
    schedule: scheduleOn({ friday: ["22:00-02:00"] }),
    timeZone: "Pacific/Apia",
    from: "2011-12-29T00:00",
    to: "2012-01-01T00:00",
    open: ["12-30T10:00/12-30T12:00"],
  },
  {
    guarantee: "in Samoa the hours before and after the skipped Friday touch",
    schedule: scheduleOn({ thursday: ["23:00-24:00"], saturday: ["00:00-01:00"] }),
    timeZone: "Pacific/Apia",
    from: "2011-12-29T00:00",
    to: "2012-01-01T00:00",
    open: ["12-30T09:00/12-30T11:00"],
  },
];

for (const { guarantee, schedule, timeZone, from, to, open } of [...WEEK, ...HOLIDAYS, ...CLOCK_CHANGES]) {
  test(guarantee, () => assert.deepEqual(openSpans(schedule, timeZone, from, to), open));
}

test("a window opens and closes at the very millisecond", () => {
  const schedule = scheduleOn({ wednesday: ["09:00-18:00"] });
  const utc = [{ fromMs: 0, offsetSeconds: 0 }];
  const opensMs = Date.parse("2026-07-08T09:00:00Z");
  const closesMs = Date.parse("2026-07-08T18:00:00Z");
  assert.equal(isWithinSchedule(schedule, utc, opensMs - 1), false);
  assert.equal(isWithinSchedule(schedule, utc, opensMs), true);
  assert.equal(isWithinSchedule(schedule, utc, closesMs - 1), true);
  assert.equal(isWithinSchedule(schedule, utc, closesMs), false);
});

test("the schedule of every day is open at every minute, across clock changes and skipped days", () => {
  assert.deepEqual(openSpans(alwaysSchedule, "Europe/Berlin", "2026-10-24T00:00", "2026-10-26T00:00"), ["10-24T00:00/10-26T00:00"]);
  assert.deepEqual(openSpans(alwaysSchedule, "Pacific/Apia", "2011-12-29T00:00", "2012-01-01T00:00"), ["12-29T00:00/01-01T00:00"]);
});

test("before 1970 the wall clock and the weekday hold too", () => {
  assert.deepEqual(openSpans(scheduleOn({ wednesday: ["23:00-01:00"] }), "UTC", "1969-12-30T00:00", "1970-01-03T00:00"), [
    "12-31T23:00/01-01T01:00",
  ]);
});

test("an instant that is no number is outside every schedule", () => {
  assert.equal(isWithinSchedule(alwaysSchedule, [{ fromMs: 0, offsetSeconds: 0 }], Number.NaN), false);
});

test("a week with days missing denies on them", () => {
  const schedule: Schedule = { weekly: [], holidays: [] };
  assert.equal(isWithinSchedule(schedule, [{ fromMs: 0, offsetSeconds: 0 }], 0), false);
});

test("a holiday with a date that does not exist opens nothing and shuts nothing", () => {
  const schedule = scheduleOn({ sunday: ["09:00-10:00"], monday: ["09:00-10:00"] }, { "2026-02-29": ["00:00-24:00"] });
  assert.deepEqual(openSpans(schedule, "UTC", "2026-03-01T00:00", "2026-03-03T00:00"), [
    "03-01T09:00/03-01T10:00",
    "03-02T09:00/03-02T10:00",
  ]);
});
