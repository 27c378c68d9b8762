import { offsetSecondsAt, utcTransitionsOf } from "./time-zone.ts";

const DAY_MS = 86_400_000;

/** An instant with its own distance from UTC, or epoch milliseconds; null for a wall clock, which needs a place. */
export function absoluteMs(typed: string): number | null {
  if (/^\d{9,16}$/.test(typed)) return Number(typed);
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?) ?(Z|[+-]\d{2}:\d{2})$/.exec(typed);
  if (match === null) return null;
  const atMs = Date.parse(`${match[1]}T${match[2]}${match[3]}`);
  return Number.isNaN(atMs) ? null : atMs;
}

export type WallClockRead =
  | { readonly kind: "at"; readonly atMs: number }
  | { readonly kind: "malformed" }
  /** Clocks are put forward over it. */
  | { readonly kind: "skipped" };

/** When the clocks of the zone show this: `2026-12-01 08:00`, or its first minute for a date alone. The first of two, after clocks were put back. */
export function readWallClock(typed: string, timeZone: string): WallClockRead {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?$/.exec(typed);
  const clockMs = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}Z`);
  if (match === null || Number.isNaN(clockMs) || !new Date(clockMs).toISOString().startsWith(match[1] ?? "?")) return { kind: "malformed" };
  const offsets = [offsetAt(clockMs - DAY_MS, timeZone), offsetAt(clockMs + DAY_MS, timeZone)];
  const found = offsets.map((seconds) => clockMs - seconds * 1_000).filter((atMs) => atMs + offsetAt(atMs, timeZone) * 1_000 === clockMs);
  return found.length > 0 ? { kind: "at", atMs: Math.min(...found) } : { kind: "skipped" };
}

function offsetAt(atMs: number, timeZone: string): number {
  return offsetSecondsAt(utcTransitionsOf(timeZone, atMs, atMs), atMs);
}
