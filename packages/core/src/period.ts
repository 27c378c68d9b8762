export type PeriodState = "not_started" | "within" | "ended";

/**
 * Where an instant stands in a period whose start is inclusive and whose end is exclusive (epoch milliseconds). An end at or before the
 * start is a period that holds no instant. `within` has to be shown: a number that is none leaves the period not started or ended.
 */
export function periodState(startMs: number, endMs: number, nowMs: number): PeriodState {
  if (nowMs >= endMs) return "ended";
  if (nowMs >= startMs && nowMs < endMs) return "within";
  return "not_started";
}
