/** One line of the table: what was measured, what it must reach, and what stands beside it from the same run. */
export interface Figure {
  readonly job: string;
  readonly ours: string;
  readonly mustReach: string;
  readonly beside: string;
  readonly ratio: string;
  /** The same as plain numbers, named with their unit, for `--json`. */
  readonly values: Readonly<Record<string, number>>;
}

/** The value below which `share` of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Whole numbers with separators, small ones with a digit. */
export function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(1);
}

/** `p50` and `p99` in milliseconds, as a cell and as numbers. */
export function latency(values: readonly number[]): { readonly text: string; readonly p50Ms: number; readonly p99Ms: number } {
  const [p50Ms, p99Ms] = [percentile(values, 0.5), percentile(values, 0.99)];
  return { text: `p50 ${round(p50Ms)} ms, p99 ${round(p99Ms)} ms`, p50Ms, p99Ms };
}

/** How a measured time stands to its limit. */
export function underLimit(limit: number, measured: number): string {
  return `${(limit / measured).toFixed(2)} × under the limit`;
}
