import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pause, type Timer, type Timers } from "@postern/core";
import { END_MS_MAX, RESTART_MS } from "../limits.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = fileURLToPath(new URL("../../../../packages/cli/src/main.ts", import.meta.url));

export interface KeptParts {
  readonly name: string;
  /** What stands behind `postern`. */
  readonly args: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  /** Where it writes what is wrong. */
  readonly logFile: string;
  readonly timers: Timers;
  readonly onLine?: (line: string) => void;
  /** It was up and ended although nobody ended it. */
  readonly onEndedByItself: (code: number | null) => void;
}

/** A `postern` process of its own, started again whenever it ends, until it is told to end. Only processes that it started are ever sent a signal. */
export class KeptProcess {
  readonly #parts: KeptParts;
  #child: ChildProcess | null = null;
  #isWanted = false;
  #isReady = false;
  #isKilled = false;
  #isStopped = false;
  #restart: Timer | null = null;
  #downMs = RESTART_MS;
  countStarts = 0;

  constructor(parts: KeptParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** It said that it is ready, and has not ended since. */
  get isReady(): boolean {
    return this.#isReady;
  }

  start(): void {
    this.#isWanted = true;
    this.#spawn();
  }

  /** SIGKILL; it is started again after a while. False when it does not run. */
  kill(downMs: number): boolean {
    if (this.#child === null) return false;
    this.#downMs = RESTART_MS + downMs;
    this.#isKilled = true;
    this.#isReady = false;
    this.#isStopped = false;
    return this.#child.kill("SIGKILL");
  }

  /** SIGSTOP; false when it does not run. */
  stop(): boolean {
    if (this.#child === null || this.#isStopped) return false;
    this.#isStopped = true;
    return this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    if (this.#isStopped) this.#child?.kill("SIGCONT");
    this.#isStopped = false;
  }

  /** Ends it for good; resolves with its exit code, null when a signal ended it. SIGKILL follows when it takes too long. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.#isWanted = false;
    this.#restart?.cancel();
    const child = this.#child;
    if (child === null) return null;
    this.#isKilled = true;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    this.goOn();
    child.kill(signal);
    const over = new AbortController();
    void pause(this.#parts.timers, "end a process", END_MS_MAX, over.signal).then(() => {
      if (!over.signal.aborted) child.kill("SIGKILL");
    });
    const code = await ended;
    over.abort();
    return code;
  }

  /** At the very end of this process, when nothing can be waited for any more. */
  killAtOnce(): void {
    this.#isWanted = false;
    this.#child?.kill("SIGKILL");
  }

  #spawn(): void {
    const { args, settings, logFile, onLine } = this.#parts;
    const log = openSync(logFile, "a", 0o600);
    // In a group of its own, so that a Ctrl-C of the terminal leaves the order of ending to us.
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: ROOT,
      env: environment(settings),
      stdio: ["ignore", "pipe", log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#isKilled = false;
    this.#isReady = false;
    this.countStarts += 1;
    const { stdout } = child;
    if (stdout === null) throw new TypeError("the output of this process is a pipe");
    createInterface(stdout).on("line", (line) => {
      if (this.#child !== child) return;
      onLine?.(line);
      if (line.startsWith("Ready.")) this.#isReady = true;
    });
    child.once("exit", (code) => this.#ended(code));
  }

  #ended(code: number | null): void {
    const wasReady = this.#isReady;
    this.#child = null;
    this.#isReady = false;
    this.#isStopped = false;
    if (wasReady && !this.#isKilled) this.#parts.onEndedByItself(code);
    if (!this.#isWanted) return;
    this.#restart = this.#parts.timers.after("start again", this.#downMs, () => this.#spawn());
    this.#downMs = RESTART_MS;
  }
}

/** Nothing of this machine's settings; as a child of npm a process ends when its parent has, however that ended. */
function environment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(POSTERN_|npm_|NODE_TEST_|NODE_OPTIONS$|DATABASE_URL$)/.test(name));
  return {
    ...Object.fromEntries(kept),
    POSTERN_LOG_LEVEL: process.env["POSTERN_LOG_LEVEL"] ?? "warn",
    npm_lifecycle_event: "torture",
    ...settings,
  };
}
