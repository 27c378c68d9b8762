import assert from "node:assert/strict";
import { test } from "node:test";
import { type RepositoryFile, repositoryFiles, TIDY_RULES, tidyProblems } from "../tidy.ts";

/** A package has a program for each of two platforms, and one of them is not held. */
const LOCK_WITH_HOLE = {
  packages: {
    "node_modules/a": { version: "1.0.0", optionalDependencies: { "a-linux-x64": "1.0.0", "a-darwin-x64": "1.0.0" } },
    "node_modules/a-linux-x64": { version: "1.0.0" },
  },
};

const source = (text: string): RepositoryFile => ({ path: "packages/server/src/planted.ts", text });

/** By the name of the rule that must catch it. */
const PLANTS: readonly (readonly [string, RepositoryFile])[] = [
  ["time is an argument", source("export const at = Date.now();\n")],
  ["time is an argument", source("export const at = new Date();\n")],
  ["time is an argument", source("setTimeout(act, 5);\n")],
  ["time is an argument", source("globalThis.setTimeout(act, 5);\n")],
  ["chance is an argument", source("export const id = Math.random();\n")],
  ["chance is an argument", source('import { randomUUID } from "node:crypto";\n')],
  ["failures have codes", source('throw new Error("door offline");\n')],
  ["nothing is left for later", { path: "docs/start.md", text: "TODO\n" }],
  ["nothing is left for later", source("// FIXME later\n")],
  ["a file has at most 500 lines", source("export {};\n".repeat(501))],
  ["a file is named after what it is about", { path: "packages/door/src/utils.ts", text: "\n" }],
  ["a file is named after what it is about", { path: "packages/door/src/lock-manager.ts", text: "\n" }],
  ["no path of one machine", { path: "README.md", text: "see /work/main for it\n" }],
  ["no path of one machine", { path: "README.md", text: "`/root/key`\n" }],
  ["SQL stands where it is looked for", source("const all = sql`select id from doors`;\n")],
  ["every package carries the licence and pins what it needs", { path: "packages/x/package.json", text: '{ "license": "MIT" }\n' }],
  ["every package carries the licence and pins what it needs", { path: "package.json", text: '"license": "Apache-2.0", "pg": "^8.0.0"\n' }],
  ["the lock file holds the packages of every platform", { path: "package-lock.json", text: JSON.stringify(LOCK_WITH_HOLE) }],
  ["lines end as Unix ends them, the last one too", source("export {};")],
  ["lines end as Unix ends them, the last one too", source("export {};\r\n")],
];

test("the repository keeps its own rules", () => {
  assert.deepEqual(tidyProblems(repositoryFiles()), []);
});

for (const [rule, file] of PLANTS) {
  test(`${rule}: caught in ${JSON.stringify(file.text.slice(0, 40))} of ${file.path}`, () => {
    const problems = tidyProblems([file]);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.ok(problems[0]?.includes(` ${rule}: `), problems[0]);
  });
}

test("every rule has a plant", () => {
  assert.deepEqual(new Set(PLANTS.map(([rule]) => rule)), new Set(TIDY_RULES.map((rule) => rule.name)));
});

test("comments, tests and the files that own time and chance may name what the rules forbid", () => {
  const call = "export const at = Date.now();\n";
  const kept: readonly RepositoryFile[] = [
    source("/** Never `Date.now()`, nor Math.random(). */\nexport const day = new Date(ms); // not setTimeout()\n"),
    { path: "packages/core/src/clock.ts", text: call },
    { path: "packages/core/src/random.ts", text: "randomBytes(5);\n" },
    { path: "packages/server/test/any.test.ts", text: call },
    { path: "scripts/any.ts", text: call },
    { path: "bench/src/any.ts", text: call },
    { path: "packages/server/src/door-store.ts", text: "const all = sql`select id from doors`;\n" },
    source("socket.setTimeout(5_000);\n"),
    source('export const url = "https://localhost/home/page/";\n'),
  ];
  assert.deepEqual(tidyProblems(kept), []);
});

test("the repository is listed at all", () => {
  const paths = repositoryFiles().map((file) => file.path);
  for (const path of ["package.json", "packages/core/src/clock.ts", "scripts/tidy.ts"]) assert.ok(paths.includes(path), path);
});
