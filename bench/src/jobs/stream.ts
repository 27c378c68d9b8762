import { pause, systemTimers } from "@postern/core";
import { Child } from "../child.ts";
import { type Figure, latency, round, underLimit } from "../figure.ts";
import { machineMs } from "../machine-time.ts";
import type { FollowersHandlers } from "../processes/followers-process.ts";
import type { LedgerHandlers } from "../processes/ledger-process.ts";

const GOAL_MS = 100;
const WAIT_MS_MAX = 30_000;
const LOOK_MS = 100;
/** Before it counts: connections, statements and code that is run for the first time. */
const WARM_SHARE = 0.2;

/** From the commit of an event to its arrival on a stream and at a webhook, while so many are appended each second. Other streams of the place read along. */
export async function stream({ perSecond = 2_000, seconds = 15, streamCount = 10 } = {}): Promise<Figure[]> {
  await using ledger = await Child.start<LedgerHandlers>("ledger");
  await using followers = await Child.start<FollowersHandlers>("followers");
  const api = await ledger.ask("start", null);
  await followers.ask("follow", { ...api, streamCount });
  // A webhook begins to be looked after within a second.
  await pause(systemTimers, "bench begin", 1_500);
  const committedAtMs = await ledger.ask("appendSteadily", { perSecond, seconds });
  const heard = await allHeard(followers, committedAtMs.length);
  const first = Math.floor(committedAtMs.length * WARM_SHARE);
  const times = (arrivals: readonly [number, number][]): number[] =>
    arrivals.flatMap(([number, atMs]) => (number > first ? [Math.max(0, atMs - (committedAtMs[number - 1] ?? atMs))] : []));
  const [streamed, hooked] = [latency(times(heard.streamed)), latency(times(heard.hooked))];
  const rate = (committedAtMs.length * 1_000) / ((committedAtMs.at(-1) ?? 0) - (committedAtMs[0] ?? 0));
  return [
    {
      job: `commit → live stream, ${round(perSecond)} events/s, ${streamCount} streams`,
      ours: streamed.text,
      mustReach: `p99 ≤ ${GOAL_MS} ms`,
      beside: `appended ${round(rate)} events/s`,
      ratio: underLimit(GOAL_MS, streamed.p99Ms),
      values: { p50Ms: streamed.p50Ms, p99Ms: streamed.p99Ms, eventsPerSecond: rate },
    },
    {
      job: `commit → webhook, ${round(perSecond)} events/s`,
      ours: hooked.text,
      mustReach: "–",
      beside: `the stream in the same run: ${streamed.text}; ${round(committedAtMs.length / heard.messageCount)} events a message`,
      ratio: `${(hooked.p99Ms / Math.max(streamed.p99Ms, 0.001)).toFixed(1)} × the stream's p99`,
      values: { p50Ms: hooked.p50Ms, p99Ms: hooked.p99Ms, eventsPerMessage: committedAtMs.length / heard.messageCount },
    },
  ];
}

async function allHeard(followers: Child<FollowersHandlers>, count: number) {
  const endMs = machineMs() + WAIT_MS_MAX;
  for (;;) {
    const heard = await followers.ask("heard", null);
    if (heard.streamed.length >= count && heard.hooked.length >= count) return heard;
    if (machineMs() > endMs)
      throw new TypeError(`${heard.streamed.length} on the stream and ${heard.hooked.length} at the webhook of ${count} events`);
    await pause(systemTimers, "bench look", LOOK_MS);
  }
}
