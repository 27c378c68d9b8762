import assert from "node:assert/strict";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type GuardedProcess, startGuarded } from "../../src/platform/postgres/guarded-process.ts";
import { eventually } from "../support/eventually.ts";
import { processesWith } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Starts a program in JavaScript under a guard and waits until it has said that it listens to signals. */
async function startProgram(folder: string, script: string, stopMsMax?: number): Promise<GuardedProcess> {
  const outputPath = join(folder, "output");
  const output = await open(outputPath, "a");
  const command = [process.execPath, "-e", `${script}; setInterval(() => {}, 1000); console.log("ready");`, folder];
  const program = await startGuarded({ command, outputFd: output.fd, ...(stopMsMax === undefined ? {} : { stopMsMax }) });
  await output.close();
  await eventually("ready", async () => (await readFile(outputPath, "utf8")).includes("ready"));
  return program;
}

test("a program that misses the first signals is asked again, and its exit code is reported", async () => {
  await using folder = await temporaryFolder();
  const program = await startProgram(folder.path, `let n = 0; process.on("SIGINT", () => { n += 1; if (n === 3) process.exit(7); })`);
  await program.stop();
  assert.equal(await program.exited, 7);
  assert.deepEqual(processesWith(folder.path), []);
});

test("a program that does not stop when asked is told to stop at once", async () => {
  await using folder = await temporaryFolder();
  const program = await startProgram(folder.path, `process.on("SIGINT", () => {}); process.on("SIGQUIT", () => process.exit(8))`, 400);
  await program.stop();
  assert.equal(await program.exited, 8);
  assert.deepEqual(processesWith(folder.path), []);
});

test("a program is given neither our standard input nor our secrets", async () => {
  await using folder = await temporaryFolder();
  process.env["POSTERN_TEST_SECRET"] = "hunter2";
  const script = `console.log(JSON.stringify([Object.keys(process.env).sort(), require("fs").readFileSync(0, "utf8")])); process.on("SIGINT", () => process.exit(0))`;
  const program = await startProgram(folder.path, script);
  await program.stop();
  const [line = ""] = (await readFile(join(folder.path, "output"), "utf8")).split("\n");
  const [names, input] = JSON.parse(line) as [string[], string];
  assert.deepEqual(
    names.filter((name) => !["LC_ALL", "PATH", "PWD", "OLDPWD", "SHLVL", "_"].includes(name)),
    [],
  );
  assert.equal(input, "");
});
