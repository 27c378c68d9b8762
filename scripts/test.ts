// `npm test`: every test of the workspace, or with `npm test -- WORD …` those whose path contains one of the words. Words that
// begin with a dash are for node's test runner, for example `--test-name-pattern=revoked`.
import { spawn } from "node:child_process";
import { glob } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PATTERNS = [
  "packages/*/test/**/*.test.ts",
  "bench/test/**/*.test.ts",
  "conformance/test/**/*.test.ts",
  "simulation/test/**/*.test.ts",
  "scripts/test/**/*.test.ts",
];

/** Two cores: a second file fills the first one's waits for disk and database; more would only make time limits fail. */
const FILES_AT_ONCE = 2;

/** One test that waits for something that does not come fails then. A file as a whole has a limit of its own (`test-file-limit.ts`). */
const TEST_MS_MAX = 120_000;

async function testFiles(words: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(PATTERNS, { cwd: ROOT, exclude: (name) => name === "node_modules" })) files.push(file);
  return files.filter((file) => words.length === 0 || words.some((word) => file.includes(word))).sort();
}

const given = process.argv.slice(2);
const files = await testFiles(given.filter((word) => !word.startsWith("-")));
if (files.length === 0) {
  process.stderr.write("No test file matches.\n");
  process.exit(1);
}
const runner = spawn(
  process.execPath,
  [
    "--import",
    "./scripts/test-file-limit.ts",
    "--test",
    `--test-concurrency=${FILES_AT_ONCE}`,
    `--test-timeout=${TEST_MS_MAX}`,
    `--test-reporter=${process.stdout.isTTY ? "spec" : "tap"}`,
    "--test-global-setup=packages/server/test/support/global-setup.ts",
    ...given.filter((word) => word.startsWith("-")),
    ...files,
  ],
  { cwd: ROOT, stdio: "inherit" },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void runner.kill(signal));
runner.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
