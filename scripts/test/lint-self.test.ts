import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIOME = join(ROOT, "node_modules/@biomejs/biome/bin/biome");

interface Plant {
  readonly path: string;
  readonly text: string;
}

/** A rule, and files that break it. The first one is where it must be reported. */
interface Violation {
  readonly rule: string;
  /** Rules that the same file cannot help breaking. */
  readonly also: readonly string[];
  readonly plants: readonly [Plant, ...Plant[]];
}

const importing = (path: string, from: string): Violation => ({
  rule: "lint/style/noRestrictedImports",
  also: [],
  plants: [{ path, text: `import { thing } from "${from}";\n\nexport const own = thing;\n` }],
});

/** A package that may not be imported is not declared either. */
const importingPackage = (path: string, from: string): Violation => ({
  ...importing(path, from),
  also: ["lint/correctness/noUndeclaredDependencies"],
});

const breaks = (rule: string, path: string, text: string): Violation => ({ rule, also: [], plants: [{ path, text }] });

const LONG_FUNCTION = `export function long(): number {\n  let sum = 0;\n${"  sum += 1;\n".repeat(70)}  return sum;\n}\n`;
const BRANCHES = Array.from({ length: 22 }, (_, index) => `  if (value === ${index}) sum += value;\n`).join("");

const VIOLATIONS: readonly Violation[] = [
  importing("packages/core/src/reads-disk.ts", "node:fs"),
  importingPackage("packages/core/src/uses-contract.ts", "@postern/contract"),
  importingPackage("packages/core/src/uses-package.ts", "typebox"),
  importingPackage("packages/contract/src/uses-server.ts", "@postern/server"),
  importing("packages/contract/src/reads-disk.ts", "node:fs"),
  importing("packages/contract/src/reaches-into-core.ts", "../../core/src/clock.ts"),
  importingPackage("packages/server/src/uses-door.ts", "@postern/door"),
  importingPackage("packages/server/src/uses-cli.ts", "@postern/cli"),
  importing("packages/server/src/gateway/uses-feature.ts", "../features/doors/door-store.ts"),
  importing("packages/server/src/gateway/uses-app.ts", "../app.ts"),
  importing("packages/server/src/features/doors/uses-feature.ts", "../auths/auth-store.ts"),
  importing("packages/server/src/features/doors/uses-feature-from-afar.ts", "../../features/auths/auth-store.ts"),
  importing("packages/server/src/features/doors/uses-app.ts", "../../app.ts"),
  importing("packages/server/src/features/doors/uses-api.ts", "../../api.ts"),
  importingPackage("packages/door/src/uses-server.ts", "@postern/server"),
  importingPackage("packages/door/src/drivers/uses-server-inside.ts", "@postern/server/internal"),
  importingPackage("conformance/src/uses-contract.ts", "@postern/contract"),
  importing("conformance/src/reaches-into-contract.ts", "../../packages/contract/src/index.ts"),
  importing("packages/cli/src/reaches-into-server.ts", "../../server/src/app.ts"),
  breaks(
    "lint/correctness/noUndeclaredDependencies",
    "packages/server/src/undeclared.ts",
    'import { z } from "zod";\n\nexport const schema = z;\n',
  ),
  breaks(
    "lint/correctness/noUndeclaredDependencies",
    "packages/server/src/test-only.ts",
    'import { connect } from "mqtt";\n\nexport const open = connect;\n',
  ),
  {
    rule: "lint/suspicious/noImportCycles",
    also: [],
    plants: [
      { path: "packages/door/src/cycle-a.ts", text: 'import { b } from "./cycle-b.ts";\n\nexport const a = (): unknown => b;\n' },
      { path: "packages/door/src/cycle-b.ts", text: 'import { a } from "./cycle-a.ts";\n\nexport const b = (): unknown => a;\n' },
    ],
  },
  breaks(
    "lint/nursery/noFloatingPromises",
    "packages/server/src/floating.ts",
    "async function save(): Promise<void> {}\n\nexport function act(): void {\n  save();\n}\n",
  ),
  breaks(
    "lint/nursery/noUnsafeTypeAssertion",
    "packages/server/src/cast.ts",
    "export const read = (value: unknown): { readonly id: number } => value as { readonly id: number };\n",
  ),
  breaks("lint/suspicious/noExplicitAny", "packages/server/src/any.ts", "export const anything = (value: any): string => String(value);\n"),
  breaks("lint/suspicious/noConsole", "packages/server/src/console.ts", 'console.log("hello");\n'),
  breaks(
    "lint/style/noNonNullAssertion",
    "packages/server/src/non-null.ts",
    "export const first = (list: string[]): string => list[0]!;\n",
  ),
  breaks("lint/style/noDefaultExport", "packages/server/src/default-export.ts", "export default 1;\n"),
  breaks("lint/style/useThrowOnlyError", "packages/server/src/throws-text.ts", 'export function fail(): never {\n  throw "no";\n}\n'),
  breaks("lint/style/useFilenamingConvention", "packages/server/src/camelCase.ts", "export const one = 1;\n"),
  breaks("lint/performance/noBarrelFile", "packages/server/src/barrel.ts", 'export * from "./one.ts";\n'),
  breaks("lint/complexity/noExcessiveLinesPerFunction", "packages/server/src/long.ts", LONG_FUNCTION),
  breaks(
    "lint/complexity/noExcessiveCognitiveComplexity",
    "packages/server/src/complex.ts",
    `export function complex(value: number): number {\n  let sum = 0;\n${BRANCHES}  return sum;\n}\n`,
  ),
  breaks(
    "lint/complexity/useMaxParams",
    "packages/server/src/parameters.ts",
    "export const five = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;\n",
  ),
  breaks(
    "lint/correctness/useImportExtensions",
    "packages/server/src/extension.ts",
    'import { one } from "./one";\n\nexport const two = one;\n',
  ),
  breaks(
    "lint/suspicious/noFocusedTests",
    "packages/server/test/focused.test.ts",
    'import { test } from "node:test";\n\ntest.only("a", () => undefined);\n',
  ),
];

/** Files that keep the rules where they come closest to breaking them. */
const KEPT: readonly Plant[] = [
  { path: "packages/core/src/hashes.ts", text: 'import { createHash } from "node:crypto";\n\nexport const hash = createHash;\n' },
  { path: "packages/server/src/one.ts", text: "export const one = 1;\n" },
  {
    path: "packages/server/src/features/doors/door-routes.ts",
    text: 'import { thing } from "@postern/contract";\nimport { one } from "../../one.ts";\nimport { own } from "./door-store.ts";\n\nexport const all = [thing, one, own];\n',
  },
  { path: "packages/server/src/features/doors/door-store.ts", text: "export const own = 1;\n" },
  { path: "packages/server/src/features/auths/auth-store.ts", text: "export const own = 1;\n" },
  { path: "packages/server/src/app.ts", text: 'import { own } from "./features/doors/door-store.ts";\n\nexport const app = own;\n' },
  { path: "packages/server/src/api.ts", text: 'import { own } from "./features/doors/door-store.ts";\n\nexport const api = own;\n' },
  { path: "packages/server/src/index.ts", text: 'export * from "./app.ts";\n' },
  {
    path: "packages/server/src/kept-promise.ts",
    text: "async function save(): Promise<void> {}\n\nexport async function act(): Promise<void> {\n  await save();\n}\n",
  },
  { path: "packages/server/test/open.test.ts", text: 'import { connect } from "mqtt";\n\nexport const open = connect;\n' },
  { path: "packages/cli/src/main.ts", text: 'import { app } from "@postern/server";\n\nexport const run = app;\n' },
  { path: "packages/core/src/index.ts", text: "export const clock = 1;\n" },
];

let world: string;
let reported: ReadonlyMap<string, ReadonlySet<string>>;

function put({ path, text }: Plant): void {
  mkdirSync(dirname(join(world, path)), { recursive: true });
  writeFileSync(join(world, path), text);
}

interface LintReport {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

/** The rules reported for each file. */
function lint(): ReadonlyMap<string, ReadonlySet<string>> {
  const run = spawnSync(process.execPath, [BIOME, "lint", "--reporter=json", "--max-diagnostics=none"], { cwd: world, encoding: "utf8" });
  const report: LintReport = JSON.parse(run.stdout);
  const rules = new Map<string, Set<string>>();
  for (const { category, location } of report.diagnostics) {
    const path = location.path.replaceAll("\\", "/");
    rules.set(path, (rules.get(path) ?? new Set()).add(category));
  }
  return rules;
}

before(() => {
  world = mkdtempSync(join(tmpdir(), "postern-lint-"));
  for (const path of ["biome.json", "package.json", ".gitignore"]) cpSync(join(ROOT, path), join(world, path));
  for (const name of ["core", "contract", "server", "door", "cli"]) {
    mkdirSync(join(world, "packages", name), { recursive: true });
    cpSync(join(ROOT, "packages", name, "package.json"), join(world, "packages", name, "package.json"));
  }
  for (const plant of [...KEPT, ...VIOLATIONS.flatMap((violation) => violation.plants)]) put(plant);
  reported = lint();
});

after(() => {
  rmSync(world, { recursive: true, force: true });
});

for (const { rule, also, plants } of VIOLATIONS) {
  test(`${rule} catches ${plants[0].path}`, () => {
    assert.deepEqual(reported.get(plants[0].path), new Set([rule, ...also]));
  });
}

test("files that keep the rules are not reported", () => {
  for (const { path } of KEPT) assert.deepEqual(reported.get(path) ?? new Set(), new Set(), path);
});
