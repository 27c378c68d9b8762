import type { Output } from "../output.ts";

const BAR_WIDTH = 30;
const PLAIN_EVERY_MS = 5_000;

export interface Progress {
  /** So many rows are done, at this moment of a clock that never jumps. */
  tell(rowCount: number, atMs: number): void;
  end(): void;
}

/** A bar that moves on a terminal; elsewhere a line now and then, so that a log stays readable. */
export function importProgress(output: Output, rowsTotal: number, { beganMs, unit }: { beganMs: number; unit: string }): Progress {
  let saidMs = beganMs;
  return {
    tell(rowCount, atMs) {
      const perSecond = Math.round((rowCount * 1_000) / Math.max(atMs - beganMs, 1));
      const text = `${count(rowCount)} of ${count(rowsTotal)} ${unit}, ${count(perSecond)} a second`;
      if (output.canOverwrite) {
        const filled = Math.min(Math.round((rowCount * BAR_WIDTH) / Math.max(rowsTotal, 1)), BAR_WIDTH);
        output.overwrite(`[${"#".repeat(filled)}${" ".repeat(BAR_WIDTH - filled)}] ${text}`);
      } else if (atMs - saidMs >= PLAIN_EVERY_MS) {
        saidMs = atMs;
        output.note(text);
      }
    },
    end: () => output.overwrite(""),
  };
}

/** `12,345`. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}
