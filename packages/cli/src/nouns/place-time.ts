import { offsetSecondsAt, utcTransitionsOf, wallClockText } from "@postern/core";
import { failure } from "../failure.ts";

const DAY_MS = 86_400_000;

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
  if (typed === "now") return nowMs;
  if (/^\d{9,16}$/.test(typed)) return Number(typed);
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?) ?(Z|[+-]\d{2}:\d{2})$/.exec(typed);
  if (match === null) return null;
  const atMs = Date.parse(`${match[1]}T${match[2]}${match[3]}`);
  return Number.isNaN(atMs) ? null : atMs;
}

/** When the clocks of the zone show this: `2026-12-01 08:00`, or its first minute for a date alone. The first of two, after clocks were put back. */
export function wallClockTime(option: string, typed: string, timeZone: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?$/.exec(typed);
  const clockMs = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}Z`);
  if (match === null || Number.isNaN(clockMs) || !new Date(clockMs).toISOString().startsWith(match[1] ?? "?")) {
    throw failure(
      "argument_invalid",
      `${option} takes a time of the place such as '2026-12-01 08:00', one with its zone such as 2026-12-01T08:00Z, epoch milliseconds, or now.`,
    );
  }
  const offsets = [offsetAt(clockMs - DAY_MS, timeZone), offsetAt(clockMs + DAY_MS, timeZone)];
  const found = offsets.map((seconds) => clockMs - seconds * 1_000).filter((atMs) => atMs + offsetAt(atMs, timeZone) * 1_000 === clockMs);
  if (found.length > 0) return Math.min(...found);
  throw failure("argument_invalid", `${option}: ${typed} does not exist in ${timeZone}, where clocks are put forward then.`);
}

function offsetAt(atMs: number, timeZone: string): number {
  return offsetSecondsAt(utcTransitionsOf(timeZone, atMs, atMs), atMs);
}
