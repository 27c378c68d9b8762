import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { assert } from "@postern/core";
import { platformError } from "../platform-errors.ts";
import { POSTGRES_STOP_MS_MAX } from "../platform-limits.ts";

/** Between two requests to stop. A fast shutdown takes less, so that most hear one. */
const ASK_MS = 200;

/**
 * The guard: a shell that starts the program, prints its pid, and holds the reading end of a pipe whose other end only we hold. When we
 * end, however we end, `read` sees the end of the pipe and the program is asked to stop (SIGINT), later told to (SIGQUIT). Being the
 * program's parent it knows the pid cannot have passed to another process. It asks repeatedly: a shell starts its programs with SIGINT ignored,
 * so that one which has not yet set its own handler hears nothing. Pauses are short, because a killed shell leaves its `sleep`.
 */
const GUARD_SCRIPT = `
trap '' PIPE
left=$1
shift
exec 3<&0
"$@" </dev/null >&2 3<&- &
child=$!
echo "$child"
exec >&-
(
  while read -r _ <&3; do :; done
  while [ "$left" -gt 0 ] && kill -INT "$child"; do sleep ${ASK_MS / 1_000}; left=$((left - 1)); done
  kill -QUIT "$child"
) </dev/null 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

export interface GuardedProcess {
  /** Of the program itself, not of its guard. */
  readonly pid: number;
  readonly guardPid: number;
  /** Resolves with the exit code (128 + n for signal n) once the guard has seen the program's end, or has been killed itself. */
  readonly exited: Promise<number>;
  /** Lets this process end by itself without having stopped the program; then the guard does the stopping. */
  unref(): void;
  /** Asks the program to stop and waits for its end. Idempotent. */
  stop(): Promise<void>;
}

export interface GuardedProcessOptions {
  readonly command: readonly string[];
  /** An open file for what the program prints. */
  readonly outputFd: number;
  /** How long the program may take to stop before it is told to do so at once. Default: `POSTGRES_STOP_MS_MAX`. */
  readonly stopMsMax?: number;
}

/** Starts a program in a session of its own, out of reach of the terminal's Ctrl-C, so that the server can drain before it stops. */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  // A clean environment: PGDATA and its like would change what the programs do, and secrets are none of their business.
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" };
  const askCountMax = Math.ceil((options.stopMsMax ?? POSTGRES_STOP_MS_MAX) / ASK_MS);
  const guard = spawn("sh", ["-c", GUARD_SCRIPT, "postern-guard", String(askCountMax), ...options.command], {
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", options.outputFd],
  });
  const { stdin, stdout } = guard;
  assert(stdin instanceof Socket && stdout !== null, "the guard's pipes are sockets of this process");
  const exited = new Promise<number>((resolve) => {
    guard.once("exit", (code, signal) => {
      stdin.destroy(); // of a killed guard: its watcher lives on and now stops the program
      resolve(signal === null ? (code ?? 1) : 137);
    });
    guard.once("error", () => resolve(127));
  });
  stdin.on("error", () => undefined);
  const lines = createInterface(stdout);
  const first: unknown[] = await Promise.race([once(lines, "line"), exited.then(() => [])]);
  lines.close();
  stdout.destroy();
  const pid = Number(first[0]);
  if (!Number.isInteger(pid) || guard.pid === undefined)
    throw platformError("embedded_start_failed", { detail: "Its guard could not be started (sh)." });
  const unref = (): void => {
    guard.unref();
    stdin.unref();
  };
  const stop = async (): Promise<void> => {
    guard.ref();
    stdin.destroy();
    await exited;
  };
  return { pid, guardPid: guard.pid, exited, unref, stop };
}
