import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Figure, percentile, round } from "../figure.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** From the command to "Ready.", with data present. */
export async function start({ count = 3 } = {}): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "postern-bench-"));
  try {
    await untilReady(process.execPath, ["packages/cli/src/main.ts", "start"], { cwd: ROOT, folder });
    const times: number[] = [];
    for (let index = 0; index < count; index += 1)
      times.push(await untilReady(process.execPath, ["packages/cli/src/main.ts", "start"], { cwd: ROOT, folder }));
    const median = percentile(times, 0.5);
    return [
      {
        job: "start to ready, data present",
        ours: `${round(median)} ms`,
        mustReach: "≤ 2 s",
        beside: `median of ${count}`,
        ratio: `${(2_000 / median).toFixed(1)} × under the limit`,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A clone of what is committed, then `npm start`, with whatever npm's cache holds. */
export async function fresh(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "postern-fresh-"));
  try {
    const clone = join(folder, "postern");
    spawnSync("git", ["clone", "--quiet", ROOT, clone]);
    const elapsedMs = await untilReady("npm", ["start"], { cwd: clone, folder: join(folder, "data") });
    return [
      {
        job: "fresh clone to ready",
        ours: `${round(elapsedMs / 1_000)} s`,
        mustReach: "≤ 90 s",
        beside: "npm's cache as it is",
        ratio: `${(90_000 / elapsedMs).toFixed(1)} × under the limit`,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds until the command says that it is ready; then it is ended. */
async function untilReady(
  command: string,
  words: readonly string[],
  { cwd, folder }: { readonly cwd: string; readonly folder: string },
): Promise<number> {
  const env = { ...process.env, POSTERN_DATA_DIR: folder, POSTERN_HTTP_PORT: "0", POSTERN_MQTT_PORT: "0" };
  const startMs = performance.now();
  const child: ChildProcess = spawn(command, words, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let printed = "";
  const elapsedMs = await new Promise<number>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes("Ready.")) resolve(performance.now() - startMs);
    });
    void ended.then(() => reject(new TypeError(`ended before it was ready: ${printed.slice(-400)}`)));
  });
  child.kill("SIGTERM");
  await ended;
  return elapsedMs;
}
