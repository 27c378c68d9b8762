import { pause, systemClock, systemTimers } from "@postern/core";
import type { Output } from "./output.ts";

const PARENT_LOOK_MS = 500;

/** npm passes on a Ctrl-C that the terminal has sent to this process already; nobody types two that fast. */
const SAME_SIGNAL_MS = 250;

/** Disposing ends the watch: a command that failed must not be kept from ending by it. */
export interface ToldToStop extends Disposable {
  readonly promise: Promise<void>;
}

/**
 * Resolves at the first Ctrl-C, SIGTERM or SIGHUP, or when the npm that started this process has gone; a second Ctrl-C ends the process at once.
 * Without the look at the parent, a killed npm would leave a server behind that nobody sees.
 */
export function untilToldToStop(output: Output): ToldToStop {
  const over = new AbortController();
  const promise = new Promise<void>((resolve) => {
    let sinceMs: number | null = null;
    const stop = (): void => {
      const nowMs = systemClock.monotonicMs();
      if (sinceMs !== null) {
        if (nowMs - sinceMs < SAME_SIGNAL_MS) return;
        output.note("Stopped at once; what was answered is on the disk.");
        process.exit(130);
      }
      sinceMs = nowMs;
      over.abort();
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    process.on("SIGHUP", stop);
    if (process.env["npm_lifecycle_event"] !== undefined) void stopWithParent(stop, over.signal);
  });
  return { promise, [Symbol.dispose]: () => over.abort() };
}

async function stopWithParent(stop: () => void, over: AbortSignal): Promise<void> {
  const parent = process.ppid;
  while (!over.aborted) {
    if (process.ppid !== parent) return stop();
    await pause(systemTimers, "look at the parent", PARENT_LOOK_MS, over);
  }
}
