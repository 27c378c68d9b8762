import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const LIMIT = fileURLToPath(new URL("../test-file-limit.ts", import.meta.url));

function runFile(body: string): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), "postern-limit-"));
  try {
    const file = join(folder, "one.test.mjs");
    writeFileSync(file, `import { test } from "node:test"; test("passes", () => { ${body} });`);
    const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
    const options = { env: { ...env, POSTERN_TEST_FILE_MS_MAX: "1000" }, encoding: "utf8", timeout: 20_000 } as const;
    const run = spawnSync(process.execPath, ["--import", LIMIT, "--test", "--test-reporter=tap", file], options);
    return { status: run.status, text: run.stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a test file that leaves a timer behind fails, and its output says what kept it alive", () => {
  const run = runFile("setInterval(() => {}, 1000);");
  assert.equal(run.status, 1);
  assert.match(run.text, /still runs after 1000 ms, kept alive by: .*Timeout/);
});

test("a test file that leaves nothing behind passes", () => {
  assert.equal(runFile("").status, 0);
});
