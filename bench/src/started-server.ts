import { spawn } from "node:child_process";
import { once } from "node:events";
import { pause, systemTimers } from "@postern/core";
import { freePort } from "./free-port.ts";
import { machineMs } from "./machine-time.ts";

const READY_MS_MAX = 110_000;
const POLL_MS = 5;

export interface StartCommand {
  readonly command: string;
  readonly words: readonly string[];
  readonly cwd: string;
  readonly dataDir: string;
}

export interface StartedServer extends AsyncDisposable {
  readonly baseUrl: string;
  /** From the command to the first 200 of `/healthz`. */
  readonly readyMs: number;
}

/** A whole server as users start it, ended when disposed. */
export async function startedServer({ command, words, cwd, dataDir }: StartCommand): Promise<StartedServer> {
  const port = await freePort();
  const env = { ...process.env, POSTERN_DATA_DIR: dataDir, POSTERN_HTTP_PORT: String(port), POSTERN_MQTT_PORT: "0" };
  const startMs = machineMs();
  const child = spawn(command, words, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  const kill = (): void => void child.kill("SIGTERM");
  process.on("exit", kill);
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    process.off("exit", kill);
    kill();
    await ended;
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  while (!(await isReady(`${baseUrl}/healthz`))) {
    if (child.exitCode !== null || machineMs() - startMs > READY_MS_MAX) {
      await stop();
      throw new TypeError(`${command} ${words.join(" ")} was not ready`);
    }
    await pause(systemTimers, "look again", POLL_MS);
  }
  return { baseUrl, readyMs: machineMs() - startMs, [Symbol.asyncDispose]: stop };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => null);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
