import { systemClock } from "@postern/core";
import { Child } from "../child.ts";
import { type Figure, latency, percentile, round } from "../figure.ts";
import { RARE_TYPE } from "../processes/fill-ledger.ts";
import type { LedgerHandlers } from "../processes/ledger-process.ts";
import { askPages, type Question, type Window } from "./pages.ts";

const WEEK_MS = 7 * 86_400_000;
const WEEK_EVENTS = 5_000_000;
const SIZES = [1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000];

type Asked = Pick<Question, "by" | "types" | "doorIds"> & { readonly isWhole: boolean };

const ASKED = {
  week: { by: "eventAt", types: null, doorIds: null, isWhole: false },
  weekById: { by: "id", types: null, doorIds: null, isWhole: false },
  weekOfRare: { by: "eventAt", types: [RARE_TYPE], doorIds: null, isWhole: false },
  whole: { by: "eventAt", types: null, doorIds: null, isWhole: true },
} as const satisfies Readonly<Record<string, Asked>>;

/**
 * What a ledger costs as it grows, five million events a week: pages of its last week and of all of it, at the first, the middle and the last page; and the
 * append. Beside them COUNT and OFFSET over the week, and COPY, at the same size.
 */
export async function growth({ sizes = SIZES, calls = 30, appendCount = 60_000 } = {}): Promise<Figure[]> {
  await using ledger = await Child.start<LedgerHandlers>("ledger");
  const api = await ledger.ask("start", null);
  const last = sizes.at(-1) ?? 0;
  const nowMs = systemClock.nowMs();
  const whenMs = (count: number): number => nowMs - ((last - count) * WEEK_MS) / WEEK_EVENTS;
  await ledger.ask("append", { count: appendCount });
  const figures: Figure[] = [];
  let filled = 0;
  for (const size of sizes) {
    const toMs = whenMs(size);
    await ledger.ask("fill", { count: size - filled, fromMs: whenMs(filled), toMs });
    filled = size;
    const window: Window = { fromMs: toMs - WEEK_MS, toMs };
    const times: Record<string, ReturnType<typeof latency>> = {};
    let total = 0;
    for (const [name, { isWhole, ...question }] of Object.entries<Asked>(ASKED)) {
      const asked = await askPages(api, question, isWhole ? null : window, calls);
      times[name] = latency(asked.times);
      if (name === "week") total = asked.total;
    }
    const offset = Math.floor(total / 2);
    const peerMs = await ledger.ask("countAndOffset", { ...window, types: null, doorIds: null, by: "eventAt", offset });
    const rates: Record<"append" | "copy", number[]> = { append: [], copy: [] };
    for (let turn = 0; turn < 3; turn += 1) {
      rates.append.push(await ledger.ask("append", { count: appendCount }));
      rates.copy.push(await ledger.ask("copy", { count: appendCount }));
    }
    figures.push(grown(size, times, { peerMs, append: percentile(rates.append, 0.5), copy: percentile(rates.copy, 0.5) }));
  }
  return figures;
}

function grown(
  size: number,
  times: Readonly<Record<string, ReturnType<typeof latency>>>,
  { peerMs, append, copy }: { readonly peerMs: number; readonly append: number; readonly copy: number },
): Figure {
  const p50 = (name: keyof typeof ASKED): number => times[name]?.p50Ms ?? Number.NaN;
  return {
    job: `a ledger of ${round(size)} events`,
    ours: `a page of the week: ${times["week"]?.text}; sort=id: ${times["weekById"]?.text}; of a rare type: ${times["weekOfRare"]?.text}; of the whole ledger: ${times["whole"]?.text}; append ${round(append)}/s`,
    mustReach: "–",
    beside: `COUNT and OFFSET half-way in the week: ${round(peerMs)} ms; COPY: ${round(copy)}/s`,
    ratio: `${round(peerMs / p50("week"))} × sooner than COUNT and OFFSET; append ${Math.round((100 * append) / copy)} % of COPY`,
    values: {
      count: size,
      weekMs: p50("week"),
      weekByIdMs: p50("weekById"),
      weekOfRareMs: p50("weekOfRare"),
      wholeMs: p50("whole"),
      peerMs,
      appendPerSecond: append,
      copyPerSecond: copy,
    },
  };
}
