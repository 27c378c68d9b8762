import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GUARDS, type Guard } from "./guard-list.ts";

/** Worlds in which the lack of one guard must show. */
const WORLDS_MAX = 300;

/** Two cores. */
const AT_ONCE = 2;

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TAKE_OUT = fileURLToPath(new URL("./take-out.ts", import.meta.url));
const SIMULATION = fileURLToPath(new URL("../main.ts", import.meta.url));

const words = process.argv.slice(2);
const guards = GUARDS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const unmissed: string[] = [];

/** What the worlds say without a guard: the first line that names a broken promise, or null. */
function runWithout({ name }: Guard): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const child = spawn(
    process.execPath,
    ["--import", TAKE_OUT, SIMULATION, "--seeds", String(WORLDS_MAX), "--from", "1", "--whole-history"],
    { cwd: ROOT, env: { ...process.env, SIM_WITHOUT: name }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    output += data;
  });
  child.on("exit", () => resolve(/^seed \d+ is BROKEN.*$|^.*(?:Error|AssertionFailure).*$/m.exec(output)?.[0] ?? null));
  return promise;
}

async function work(): Promise<void> {
  for (let guard = guards.shift(); guard !== undefined; guard = guards.shift()) {
    if (!readFileSync(`${ROOT}${guard.file}`, "utf8").includes(guard.from)) {
      unmissed.push(guard.name);
      process.stdout.write(`GONE    ${guard.name}: ${guard.file} reads otherwise now\n`);
      continue;
    }
    const found = await runWithout(guard);
    if (found === null) unmissed.push(guard.name);
    process.stdout.write(`${found === null ? "UNMISSED" : "missed  "} ${guard.name}${found === null ? "" : `: ${found.slice(0, 150)}`}\n`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
process.stdout.write(unmissed.length === 0 ? "every guard is missed\n" : `nobody misses: ${unmissed.join(", ")}\n`);
process.exitCode = unmissed.length === 0 ? 0 : 1;
