import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("./controller-child.ts", import.meta.url));

export interface ControllerChild {
  readonly process: ChildProcess;
  readonly socketPath: string;
  /** Why it did not start; undefined when it did. */
  readonly code: string | undefined;
  kill(): Promise<void>;
}

/** A controller in a process of its own, that runs until it is killed. */
export async function runChild(context: TestContext, dataDir: string, mqttUrl: string): Promise<ControllerChild> {
  const child = spawn(process.execPath, [CHILD, dataDir, mqttUrl], {
    stdio: ["ignore", "pipe", "inherit"],
    // A killed child leaves its socket behind: there it goes with the folder.
    env: { ...process.env, TMPDIR: dataDir },
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  context.after(kill);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { socketPath = "", code } = JSON.parse(line.toString()) as { socketPath?: string; code?: string };
  return { process: child, socketPath, code, kill };
}
