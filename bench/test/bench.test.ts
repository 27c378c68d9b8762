import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../src/jobs/decide.ts";

test("a job of any size says what it measured, and beside what", async () => {
  const figures = await decide({ authCount: 100, rounds: 1_000 });
  assert.equal(figures.length, 2);
  for (const { ours, ratio } of figures) assert.match(`${ours} ${ratio}`, /^\d+\.\d\d µs \d+\.\d × /);
});
