// `npm run check`: everything that judges the code without running the product, at once. Prints what each finding is and, at the end, which
// of them failed.
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The slowest takes a few seconds; one that still runs then hangs, and fails. */
const CHECK_MS_MAX = 120_000;

interface Check {
  readonly name: string;
  readonly arguments: readonly string[];
}

const CHECKS: readonly Check[] = [
  {
    name: "biome (format, lint, imports)",
    arguments: [
      "node_modules/@biomejs/biome/bin/biome",
      "ci",
      "--max-diagnostics=100",
      process.stdout.isTTY ? "--colors=force" : "--colors=off",
    ],
  },
  { name: "tsc (types)", arguments: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"] },
  { name: "tsc (types of the phone's page)", arguments: ["node_modules/typescript/bin/tsc", "-p", "packages/phone/tsconfig.json"] },
  { name: "knip (unused files, exports, packages)", arguments: ["node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints"] },
  { name: "gen (what is generated is current, and good)", arguments: ["scripts/gen.ts", "--check"] },
  { name: "tidy (our own rules, and that the linter has teeth)", arguments: ["--test", "--test-reporter=dot", "scripts/test/*.test.ts"] },
];

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: string;
  readonly output: string;
}

function run({ name, arguments: words }: Check): Promise<Outcome> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], timeout: CHECK_MS_MAX });
    let output = "";
    const keep = (bytes: Buffer): void => {
      output += bytes.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => {
      output += `${error.message}\n`;
    });
    child.on("close", (code) => {
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      resolve({ name, passed: code === 0, seconds, output });
    });
  });
}

const outcomes = await Promise.all(CHECKS.map(run));
const failed = outcomes.filter((outcome) => !outcome.passed);
for (const { name, output } of failed) console.log(`\n── ${name}\n${output.trimEnd()}`);
console.log("");
for (const { name, passed, seconds } of outcomes) console.log(`${passed ? "passed" : "FAILED"}  ${seconds.padStart(5)} s  ${name}`);
process.exitCode = failed.length === 0 ? 0 : 1;
