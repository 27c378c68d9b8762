import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FaultKind } from "../scenario/act.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TAKE_OUT = fileURLToPath(new URL("./take-out.ts", import.meta.url));
const SIMULATION = fileURLToPath(new URL("../main.ts", import.meta.url));

/** The first world in which the lack showed. */
export interface Missed {
  readonly seed: number;
  readonly checker: string;
  readonly line: string;
}

export interface Worlds {
  readonly from: number;
  readonly count: number;
  readonly faults: readonly FaultKind[];
}

/** Runs worlds in a process of their own that reads the product's source without some guards. Null: every promise was kept. */
export async function runWithout(names: readonly string[], { from, count, faults }: Worlds): Promise<Missed | null> {
  const output = await outputOf(names, ["--seeds", String(count), "--from", String(from), "--faults", faults.join(",")]);
  const broken = /^seed (\d+) is BROKEN: ([^:]+): .*$/m.exec(output);
  if (broken !== null) return { seed: Number(broken[1]), checker: broken[2] ?? "", line: broken[0] };
  if (output.includes("every promise was kept")) return null;
  throw new TypeError(`the worlds without ${names.join(", ")} came to no end:\n${output}`);
}

function outputOf(names: readonly string[], words: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = spawn(process.execPath, ["--import", TAKE_OUT, SIMULATION, "--whole-history", ...words], {
    cwd: ROOT,
    env: { ...process.env, SIM_WITHOUT: names.join(";") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("close", () => resolve(output));
  return promise;
}
