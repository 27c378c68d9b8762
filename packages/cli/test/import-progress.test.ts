import assert from "node:assert/strict";
import { test } from "node:test";
import { importProgress } from "../src/commands/import-progress.ts";
import type { Output } from "../src/output.ts";

function watched(canOverwrite: boolean): { readonly output: Output; readonly overwritten: string[]; readonly notes: string[] } {
  const [overwritten, notes]: [string[], string[]] = [[], []];
  const same = (text: string): string => text;
  const output: Output = {
    ...{ line: () => undefined, json: () => undefined, outliveReader: () => undefined, canOverwrite },
    note: (text) => void notes.push(text),
    overwrite: (text) => void overwritten.push(text),
    paint: { good: same, bad: same, dim: same, strong: same },
  };
  return { output, overwritten, notes };
}

test("on a terminal a bar grows with the rows, never beyond its end, and is taken away", () => {
  const { output, overwritten, notes } = watched(true);
  const progress = importProgress(output, 12_000, { beganMs: 0, unit: "rows" });
  progress.tell(0, 1);
  progress.tell(6_000, 2_000);
  progress.tell(13_000, 4_000);
  progress.end();
  assert.deepEqual(overwritten, [
    `[${" ".repeat(30)}] 0 of 12,000 rows, 0 a second`,
    `[${"#".repeat(15)}${" ".repeat(15)}] 6,000 of 12,000 rows, 3,000 a second`,
    `[${"#".repeat(30)}] 13,000 of 12,000 rows, 3,250 a second`,
    "",
  ]);
  assert.deepEqual(notes, []);
});

test("elsewhere a line comes every five seconds and no bar", () => {
  const { output, overwritten, notes } = watched(false);
  const progress = importProgress(output, 100_000, { beganMs: 0, unit: "rows" });
  for (let atMs = 250; atMs <= 11_000; atMs += 250) progress.tell(atMs, atMs);
  progress.end();
  assert.deepEqual(notes, ["5,000 of 100,000 rows, 1,000 a second", "10,000 of 100,000 rows, 1,000 a second"]);
  assert.deepEqual(overwritten, [""]);
});
