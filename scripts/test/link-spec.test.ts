import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("each invariant of the link names a test that exists", () => {
  const spec = readFileSync(join(ROOT, "packages/contract/src/link/SPEC.md"), "utf8");
  const tests = globSync("packages/*/test/**/*.test.ts", { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), "utf8"));
  const invariants = spec.split("\n\n").filter((paragraph) => /^\*\*[ACEL]\d+\*\*/.test(paragraph));
  assert.ok(invariants.length >= 21);
  for (const invariant of invariants) {
    const named = /(?<!\*)\*([^*]+)\*(?!\*)/.exec(invariant.replaceAll("\n", " "))?.[1];
    assert.ok(
      named !== undefined && tests.some((text) => text.includes(`"${named}`) || text.includes(`\`${named}`)),
      invariant.slice(0, 120),
    );
  }
});
