import { once } from "node:events";
import { EnrolClient } from "../enrol-client.ts";
import { type Figure, percentile, round } from "../figure.ts";
import { startServerChild } from "../server-child.ts";

const CLUE_PER_SECOND = 1_000 / 300;

/** Single calls, one after another without pause, cards only. */
export async function enrol({ count = 1_500 } = {}): Promise<Figure[]> {
  await using server = await startServerChild();
  const client = new EnrolClient(server);
  for (let index = 0; index < count / 10; index += 1) await client.enrol(1_000_000 + index);
  const latencies: number[] = [];
  const startMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    const callMs = performance.now();
    await client.enrol(index);
    latencies.push(performance.now() - callMs);
  }
  const perSecond = count / ((performance.now() - startMs) / 1_000);
  client.close();
  server.child.send("insert alone");
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: both ends of this pipe are of this package.
  const [{ perSecond: alone }] = (await once(server.child, "message")) as [{ perSecond: number }];
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return [
    {
      job: "enrol, single calls",
      ours: `${round(perSecond)}/s`,
      mustReach: "300/s",
      beside: `one insert a commit: ${round(alone)}/s`,
      ratio: `${(perSecond / alone).toFixed(2)} of it; ${round(perSecond / CLUE_PER_SECOND)} × CLUe's pace`,
    },
    {
      job: "enrol, latency",
      ours: `p50 ${round(p50)} ms, p99 ${round(p99)} ms`,
      mustReach: "p99 ≤ 25 ms",
      beside: "CLUe: 300 ms between calls",
      ratio: `p99 ${(25 / p99).toFixed(1)} × under the limit`,
    },
  ];
}
