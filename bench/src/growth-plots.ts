import type { Figure } from "./figure.ts";
import { logPlot, type Series } from "./plot.ts";

/** The plots of what a ledger costs as it grows, by file name; none when that was not measured. */
export function growthPlots(figures: readonly Figure[]): ReadonlyMap<string, string> {
  const grown = figures.filter(({ values }) => values["weekMs"] !== undefined).map(({ values }) => values);
  const [first, last] = [grown[0]?.["count"], grown.at(-1)?.["count"]];
  if (first === undefined || last === undefined) return new Map();
  const series = (name: string, key: string): Series => ({
    name,
    points: grown.map((values) => [values["count"] ?? Number.NaN, values[key] ?? Number.NaN] as const),
  });
  const x = {
    label: "events in the ledger, five million a week",
    from: first,
    to: last,
    format: (value: number) => `${value / 1e6} million`,
  };
  return new Map([
    [
      "ledger-pages.svg",
      logPlot({
        title: "A page of events with its exact total, p50 over all depths",
        x,
        y: { label: "milliseconds", from: 1, to: 100_000, format: (value) => value.toLocaleString("en-US") },
        series: [
          series("COUNT and OFFSET, the week", "peerMs"),
          series("the week", "weekMs"),
          series("the week, sort=id", "weekByIdMs"),
          series("the week, a rare type", "weekOfRareMs"),
          series("the whole ledger", "wholeMs"),
        ],
      }),
    ],
    [
      "ledger-append.svg",
      logPlot({
        title: "Events appended a second",
        x,
        y: { label: "events a second", from: 10_000, to: 1_000_000, format: (value) => value.toLocaleString("en-US") },
        series: [series("one COPY into the same tables", "copyPerSecond"), series("append, full frames", "appendPerSecond")],
      }),
    ],
  ]);
}
