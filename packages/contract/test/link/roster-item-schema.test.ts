import assert from "node:assert/strict";
import { test } from "node:test";
import { SCHEDULE_WINDOWS_PER_DAY_MAX } from "@postern/core";
import { readRosterItem } from "../../src/link/index.ts";

const window = { fromMinute: 0, toMinute: 60 };
const scheduleWith = (count: number) => ({
  kind: "schedule",
  id: 1,
  schedule: { weekly: [Array.from({ length: count }, () => window), [], [], [], [], [], []], holidays: [] },
});

test("the link takes exactly as many windows a day as a schedule may have", () => {
  assert.ok(readRosterItem(scheduleWith(SCHEDULE_WINDOWS_PER_DAY_MAX)) !== null);
  assert.equal(readRosterItem(scheduleWith(SCHEDULE_WINDOWS_PER_DAY_MAX + 1)), null);
});
