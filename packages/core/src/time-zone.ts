/** From `fromMs` (UTC, inclusive) on, local time is UTC plus `offsetSeconds`, until the next transition. */
export interface UtcTransition {
  readonly fromMs: number;
  readonly offsetSeconds: number;
}
