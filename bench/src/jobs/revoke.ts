import { Child } from "../child.ts";
import { type Figure, latency, underLimit } from "../figure.ts";
import type { ClientHandlers } from "../processes/client-process.ts";
import type { ControllersHandlers } from "../processes/controllers-process.ts";
import type { ServerHandlers } from "../processes/server-process.ts";

/** Called in a row, while nearly all of the additions still wait. */
const REVOCATIONS_A_FILL = 3;

/**
 * From the answered revocation until every controller has taken it over, with many additions queued for each. That is the urgent cursor's to
 * say: digests agree only once the additions are there too.
 */
export async function revoke({ controllerCount = 10, queued = 10_000, fills = 8 } = {}): Promise<Figure[]> {
  await using server = await Child.start<ServerHandlers>("server");
  const { api: address, mqttUrl } = await server.ask("start", { dataDir: null });
  const seats = await server.ask("addSeats", { count: controllerCount });
  await using controllers = await Child.start<ControllersHandlers>("controllers");
  await controllers.ask("connect", { mqttUrl, seats });
  await using client = await Child.start<ClientHandlers>("client");
  const calls = { address, paceMs: 0 };
  const enrolled = await client.ask("enrol", { ...calls, first: 0, count: fills * REVOCATIONS_A_FILL });
  await server.ask("allConfirmed", null);

  const latenciesMs: number[] = [];
  for (let fill = 0; fill < fills; fill += 1) {
    await server.ask("addPeople", { first: fill * queued, count: queued });
    const authIds = enrolled.authIds.slice(fill * REVOCATIONS_A_FILL, (fill + 1) * REVOCATIONS_A_FILL);
    const made = await client.ask("revoke", { ...calls, authIds });
    const confirmedAtMs = await server.ask("confirmedAt", { authIds, by: "urgent" });
    latenciesMs.push(...confirmedAtMs.map((atMs, index) => Math.max(0, atMs - (made.answeredAtMs[index] ?? 0))));
    await server.ask("allConfirmed", null);
  }
  const { text, ...percentiles } = latency(latenciesMs);
  return [
    {
      job: "revocation answered → taken over by all",
      ours: text,
      mustReach: "p99 ≤ 150 ms",
      beside: `${queued.toLocaleString("en-US")} additions queued for each of ${controllerCount} controllers; ${latenciesMs.length} revocations, so p99 is the slowest`,
      ratio: `p99 ${underLimit(150, percentiles.p99Ms)}`,
      values: percentiles,
    },
  ];
}
