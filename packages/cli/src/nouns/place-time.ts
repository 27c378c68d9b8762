import { absoluteMs, offsetSecondsAt, readWallClock, utcTransitionsOf, wallClockText } from "@postern/core";
import { failure } from "../failure.ts";

/** The wall clock of a place, such as `2026-11-29 02:30 +01:00`. */
export function timeText(atMs: number, timeZone: string): string {
  return wallClockText(atMs, offsetAt(atMs, timeZone));
}

/** The same to the second: `2026-11-29 02:30:05 +01:00`. */
export function timeTextToSecond(atMs: number, timeZone: string): string {
  const second = String(Math.floor(atMs / 1_000) % 60).padStart(2, "0");
  return timeText(atMs, timeZone).replace(/ (?=[+-])/, `:${second} `);
}

/** An instant with its own distance from UTC, epoch milliseconds or `now`; null for a wall clock, which needs a place. */
export function absoluteTime(typed: string, nowMs: number): number | null {
  return typed === "now" ? nowMs : absoluteMs(typed);
}

/** When the clocks of the zone show what was typed for this option. */
export function wallClockTime(option: string, typed: string, timeZone: string): number {
  const read = readWallClock(typed, timeZone);
  if (read.kind === "at") return read.atMs;
  throw failure(
    "argument_invalid",
    read.kind === "skipped"
      ? `${option}: ${typed} does not exist in ${timeZone}, where clocks are put forward then.`
      : `${option} takes a time of the place such as '2026-12-01 08:00', one with its zone such as 2026-12-01T08:00Z, epoch milliseconds, or now.`,
  );
}

function offsetAt(atMs: number, timeZone: string): number {
  return offsetSecondsAt(utcTransitionsOf(timeZone, atMs, atMs), atMs);
}
