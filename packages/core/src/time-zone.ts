import { assert } from "./assert.ts";
import { TRANSITION_SPAN_MS_MAX } from "./limits.ts";

/** From `fromMs` (UTC, inclusive) on, local time is UTC plus `offsetSeconds`, until the next transition. */
export interface UtcTransition {
  readonly fromMs: number;
  readonly offsetSeconds: number;
}

/** One day: no zone has ever changed its offset and changed it back within one. */
const STRIDE_MS = 86_400_000;

/** Whether this runtime knows the IANA zone, under its present name or an older one. A bare offset such as `+09:00` is none: it has no summer time to know. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }) !== null;
  } catch {
    // The constructor has no other way to say that it does not know the name.
    return false;
  }
}

/**
 * The offsets of a zone from `fromMs` to `toMs`, both inclusive (epoch milliseconds, at most `TRANSITION_SPAN_MS_MAX` apart), in ascending
 * order and to the very millisecond. The first entry says what holds at `fromMs`, the last one what holds from then on.
 *
 * The server computes them and the roster carries them, so that a door with an older time zone database never disagrees.
 */
export function utcTransitionsOf(timeZone: string, fromMs: number, toMs: number): UtcTransition[] {
  assert(isTimeZone(timeZone), "a place's time zone was checked when it was set");
  assert(toMs >= fromMs && toMs - fromMs <= TRANSITION_SPAN_MS_MAX, "a span of transitions is bounded");
  const offsetSecondsNow = offsetReader(timeZone);
  let current: UtcTransition = { fromMs, offsetSeconds: offsetSecondsNow(fromMs) };
  const transitions = [current];
  let knownMs = fromMs;
  while (knownMs < toMs) {
    const aheadMs = Math.min(knownMs + STRIDE_MS, toMs);
    if (offsetSecondsNow(aheadMs) === current.offsetSeconds) {
      knownMs = aheadMs;
      continue;
    }
    knownMs = firstChangeMs(offsetSecondsNow, knownMs, aheadMs);
    current = { fromMs: knownMs, offsetSeconds: offsetSecondsNow(knownMs) };
    transitions.push(current);
  }
  return transitions;
}

/** The local offset at an instant. Before the first transition its offset holds, after the last one that one's. */
export function offsetSecondsAt(transitions: readonly UtcTransition[], ms: number): number {
  let holding = transitions[0];
  // From the end: a place carries at most a few dozen transitions, and decisions are about now.
  for (let index = transitions.length - 1; index > 0; index -= 1) {
    const transition = transitions[index];
    if (transition !== undefined && transition.fromMs <= ms) {
      holding = transition;
      break;
    }
  }
  assert(holding !== undefined, "a place has at least one offset");
  return holding.offsetSeconds;
}

/** Wall clock with its distance from UTC, to the minute: `2026-11-29 02:30 +01:00`. */
export function wallClockText(ms: number, offsetSeconds: number): string {
  const local = new Date(ms + offsetSeconds * 1_000).toISOString();
  const minutes = Math.round(Math.abs(offsetSeconds) / 60);
  const two = (part: number): string => String(part).padStart(2, "0");
  const offset = `${offsetSeconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${offset}`;
}

/** Bisects: the offset at `sameMs` holds, at `changedMs` no longer. Returns the first millisecond of another offset. */
function firstChangeMs(offsetSecondsNow: (ms: number) => number, sameMs: number, changedMs: number): number {
  const offsetBefore = offsetSecondsNow(sameMs);
  let low = sameMs;
  let high = changedMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetSecondsNow(middle) === offsetBefore) low = middle;
    else high = middle;
  }
  return high;
}

/** Reads the wall clock as if it were UTC: what it is ahead of UTC is the offset. */
function offsetReader(timeZone: string): (ms: number) => number {
  const wallClock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (ms) => {
    const fields = new Map(wallClock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const field = (type: Intl.DateTimeFormatPartTypes): number => fields.get(type) ?? Number.NaN;
    const wallMs = Date.UTC(field("year"), field("month") - 1, field("day"), field("hour"), field("minute"), field("second"));
    const offsetSeconds = (wallMs - Math.floor(ms / 1_000) * 1_000) / 1_000;
    assert(Number.isInteger(offsetSeconds), "a wall clock shows every field");
    return offsetSeconds;
  };
}
