import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochDayOf, weekdayOf } from "../src/calendar-date.ts";

const DAY_MS = 86_400_000;

test("known dates have their day and weekday", () => {
  assert.equal(epochDayOf("1970-01-01"), 0);
  assert.equal(weekdayOf(0), 4);
  assert.equal(epochDayOf("2026-12-25"), Date.UTC(2026, 11, 25) / DAY_MS);
  assert.equal(weekdayOf(Date.UTC(2026, 11, 25) / DAY_MS), 5);
});

test("days before 1970 have a weekday too", () => {
  assert.equal(weekdayOf(-1), 3);
  assert.equal(weekdayOf(-4), 0);
  assert.equal(weekdayOf(-5), 6);
});

test("29 February exists in leap years only", () => {
  assert.notEqual(epochDayOf("2024-02-29"), null);
  assert.notEqual(epochDayOf("2000-02-29"), null);
  assert.equal(epochDayOf("2026-02-29"), null);
  assert.equal(epochDayOf("2100-02-29"), null);
});

for (const text of [
  "",
  "2026-1-01",
  "2026-13-01",
  "2026-00-10",
  "2026-04-31",
  "2026-04-00",
  "1969-12-31",
  "02026-01-01",
  "2026-01-01 ",
  "2026/01/01",
  "２０２６-01-01",
]) {
  test(`"${text}" is no date`, () => {
    assert.equal(epochDayOf(text), null);
  });
}

test("every date of the years 1970 to 9999 has the day and the weekday that the platform's calendar says", () => {
  const dates = fc.date({ min: new Date("1970-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true });
  fc.assert(
    fc.property(dates, (date) => {
      const epochDay = Math.floor(date.getTime() / DAY_MS);
      assert.equal(epochDayOf(date.toISOString().slice(0, 10)), epochDay);
      assert.equal(weekdayOf(epochDay), date.getUTCDay());
    }),
  );
});

test("a text of the right form is a date exactly when the platform keeps it as it is", () => {
  const part = fc.integer({ min: 0, max: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 1970, max: 2100 }), part, part, (year, month, day) => {
      const text = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
      const kept = month >= 1 && new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10) === text;
      assert.equal(epochDayOf(text) !== null, kept);
    }),
  );
});
