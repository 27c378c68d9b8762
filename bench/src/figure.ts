/** One line of the table: what was measured, what it must reach, and what stands beside it from the same run. */
export interface Figure {
  readonly job: string;
  readonly ours: string;
  readonly mustReach: string;
  readonly beside: string;
  readonly ratio: string;
}

/** The value below which `share` of the sorted values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Whole numbers with separators, small ones with a digit. */
export function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(1);
}
