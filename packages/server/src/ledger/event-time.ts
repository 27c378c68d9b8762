import { CLOCK_OFFSET_MS_BELIEVED, EVENT_AGE_MS_MAX } from "./limits.ts";

/** The time an event is filed under, and how it came to it. */
export interface EventTime {
  readonly eventAt: number;
  /** What was added to the device's time; 0 when it was believed. */
  readonly correctionMs: number;
}

/**
 * The device's time where it is plausible, else corrected by the offset between the controller's clock and ours when it sent the frame. An event
 * from a clock that was never set, or that has jumped since, ends at the time of receipt: late and true beats a date nobody can find.
 */
export function eventTime(deviceAtMs: number, sentAtMs: number, receivedAtMs: number): EventTime {
  const offsetMs = sentAtMs - receivedAtMs;
  const correctionMs = Math.abs(offsetMs) <= CLOCK_OFFSET_MS_BELIEVED ? 0 : -offsetMs;
  const corrected = deviceAtMs + correctionMs;
  if (isPlausible(corrected, receivedAtMs)) return { eventAt: corrected, correctionMs };
  return { eventAt: receivedAtMs, correctionMs: receivedAtMs - deviceAtMs };
}

function isPlausible(atMs: number, receivedAtMs: number): boolean {
  return atMs <= receivedAtMs + CLOCK_OFFSET_MS_BELIEVED && atMs >= receivedAtMs - EVENT_AGE_MS_MAX;
}
