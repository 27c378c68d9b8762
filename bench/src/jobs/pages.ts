import type { EventType } from "@postern/contract";
import { systemClock } from "@postern/core";
import { Child } from "../child.ts";
import { type Figure, latency, round, underLimit } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import type { LedgerHandlers } from "../processes/ledger-process.ts";
import type { ApiAddress } from "../processes/people-client.ts";

const PAGE_SIZE = 20;
const TYPES: readonly EventType[] = ["DEV_CARD_AUTH_SUCCESS", "DEV_DOOR_RELAY_ON"];
const LATE_MS = 86_400_000;

const WEEK_MS = 7 * 86_400_000;

export interface Question {
  readonly job: string;
  readonly by: "eventAt" | "id";
  readonly types: readonly EventType[] | null;
  readonly doorIds: readonly number[] | null;
  readonly limitMs: number;
}

export const QUESTIONS: readonly Question[] = [
  { job: "page with exact total", by: "eventAt", types: null, doorIds: null, limitMs: 20 },
  { job: "page with exact total, two types at two doors", by: "eventAt", types: TYPES, doorIds: [234, 235], limitMs: 20 },
  { job: "page with exact total, sort=id", by: "id", types: null, doorIds: null, limitMs: 75 },
  { job: "page with exact total, sort=id, two types", by: "id", types: TYPES, doorIds: null, limitMs: 75 },
];

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** CLUe's page call over HTTP at the first, the middle and the last page of a week of events, beside COUNT and OFFSET on the same rows. */
export async function pages({ count = 5_000_000, calls = 30, peerCalls = 3 } = {}): Promise<Figure[]> {
  await using ledger = await Child.start<LedgerHandlers>("ledger");
  const api = await ledger.ask("start", null);
  const toMs = systemClock.nowMs();
  const fromMs = toMs - WEEK_MS;
  await ledger.ask("fill", { count, fromMs, toMs });
  // Twelve hours of the day before belong to it, for what came late.
  const window = { fromMs: fromMs - LATE_MS / 2, toMs };
  const figures: Figure[] = [];
  for (const question of QUESTIONS) {
    const { job, by, types, doorIds, limitMs } = question;
    const { total, times } = await askPages(api, question, window, calls);
    const peers: number[] = [];
    for (let call = 0; call < peerCalls; call += 1)
      peers.push(await ledger.ask("countAndOffset", { ...window, types, doorIds, by, offset: Math.floor(total / 2) }));
    const peer = latency(peers);
    const { text, ...percentiles } = latency(times);
    figures.push({
      job,
      ours: text,
      mustReach: `p99 ≤ ${limitMs} ms`,
      beside: `${round(total)} of ${round(count)} events match, at the first, the middle and the last page; COUNT and OFFSET half-way on the same rows: ${round(peer.p50Ms)} ms`,
      ratio: `p99 ${underLimit(limitMs, percentiles.p99Ms)}; ${round(peer.p50Ms / percentiles.p50Ms)} × sooner than COUNT and OFFSET`,
      values: { ...percentiles, peerMs: peer.p50Ms, total },
    });
  }
  return figures;
}

/** Asks for the first, the middle and the last page in turns, of a time or of the whole ledger; answers how many events match, and each call's milliseconds. */
export async function askPages(
  { baseUrl, key }: ApiAddress,
  { by, types, doorIds }: Pick<Question, "by" | "types" | "doorIds">,
  window: Window | null,
  calls: number,
): Promise<{ readonly total: number; readonly times: readonly number[] }> {
  const filters = `${types === null ? "" : `&filterEvents=${types.join(",")}`}${doorIds === null ? "" : `&filterDoorIds=${doorIds.join(",")}`}`;
  const between = window === null ? "" : `&startTime=${window.fromMs}&endTime=${window.toMs}`;
  const query = `placeId=178${between}&size=${PAGE_SIZE}&sort=${by},desc${filters}`;
  const ask = (page: number): Promise<number> => totalOf(`${baseUrl}/v1/events?${query}&page=${page}`, key);
  const total = await ask(0);
  const depths = [0, Math.floor(total / PAGE_SIZE / 2), Math.max(0, Math.ceil(total / PAGE_SIZE) - 1)];
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const startMs = machineMs();
    await ask(depths[call % depths.length] ?? 0);
    times.push(machineMs() - startMs);
  }
  return { total, times };
}

async function totalOf(url: string, key: string): Promise<number> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  const body: unknown = await response.json();
  const total = typeof body === "object" && body !== null && "total" in body ? body.total : undefined;
  if (typeof total !== "number") throw new TypeError(`${url} answered ${response.status}: ${JSON.stringify(body).slice(0, 200)}`);
  return total;
}
