import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { seededRandom, silentLog, systemTimers } from "@postern/core";
import { SCANNER_LINE_BYTES_MAX } from "../../src/limits.ts";
import { Scanner } from "../../src/qr/scanner.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Scanned {
  readonly path: string;
  readonly codes: string[];
  readonly told: string[];
  readonly scanner: Scanner;
  /** Resolves once so many codes have come. */
  came(count: number): Promise<void>;
}

async function openScanner(context: TestContext, { isThere = true }: { isThere?: boolean } = {}): Promise<Scanned> {
  const path = join(temporaryFolder(context), "scanner");
  if (isThere) execFileSync("mkfifo", [path]);
  const codes: string[] = [];
  const told: string[] = [];
  let look = (): void => undefined;
  const note = (word: string): void => {
    told.push(word);
    look();
  };
  const scanner = new Scanner({
    path,
    timers: { after: (name, _delayMs, action) => systemTimers.after(name, 5, action) },
    random: seededRandom(1),
    log: silentLog,
    onCode: async (payload) => {
      codes.push(payload);
      look();
      if (payload === "REFUSED") throw new TypeError("the door is dead");
    },
    onFailed: () => {
      note("failed");
      return true;
    },
    onRecovered: () => note("recovered"),
  });
  context.after(() => scanner.stop());
  await scanner.start();
  const came = async (count: number): Promise<void> => {
    while (codes.length < count) await new Promise<void>((resolve) => (look = resolve));
  };
  return { path, codes, told, scanner, came };
}

test("each line of a scanner is a code, however it ends, and one that a door does not take stops none", async (context) => {
  const { path, codes, came } = await openScanner(context);
  appendFileSync(path, "ONE\nTWO\r\n\r\nREFUSED\rFO");
  await came(3);
  appendFileSync(path, "UR\n");
  await came(4);
  assert.deepEqual(codes, ["ONE", "TWO", "REFUSED", "FOUR"]);
});

test("a scanner that is not there is told of once, and once again when it is", async (context) => {
  const { path, codes, told, came } = await openScanner(context, { isThere: false });
  assert.deepEqual(told, ["failed"]);
  execFileSync("mkfifo", [path]);
  while (!told.includes("recovered")) await new Promise((resolve) => setImmediate(resolve));
  appendFileSync(path, "ONE\n");
  await came(1);
  assert.deepEqual([codes, told], [["ONE"], ["failed", "recovered"]]);
});

test("a line without an end is no code, and the scanner goes on after it", async (context) => {
  const { path, codes, told, came } = await openScanner(context);
  appendFileSync(path, `${"x".repeat(SCANNER_LINE_BYTES_MAX + 1)}`);
  while (!told.includes("recovered")) await new Promise((resolve) => setImmediate(resolve));
  appendFileSync(path, "NEXT\n");
  await came(1);
  assert.deepEqual(codes, ["NEXT"]);
  rmSync(path);
});
