import type { PosternClient } from "@postern/client";
import { type Clock, pause, type Timers } from "@postern/core";
import { CALM_MS, CONVERGED_MS_MAX, LOOK_MS } from "./limits.ts";
import type { Stage } from "./machines/stage.ts";

export interface SettleParts {
  readonly stage: Stage;
  readonly client: PosternClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** Ends every fault. Processes that are down come up by themselves. */
export function mend({ database, servers, doors, lines }: Stage): void {
  for (const line of lines) line.heal();
  for (const server of servers) server.process.goOn();
  for (const door of doors) door.goOn();
  database.goOn();
}

/** Waits until doors and server agree, and have done so for a while; returns after how long they did, or what they lacked when the time was over. */
export async function settle(parts: SettleParts): Promise<{ readonly tookMs: number } | { readonly lacks: string }> {
  const { clock, timers, signal } = parts;
  const beganMs = clock.monotonicMs();
  let calmFromMs: number | null = null;
  for (;;) {
    const lacks = await lacking(parts).catch((failure: unknown) => `an answer: ${String(failure)}`);
    const tookMs = clock.monotonicMs() - beganMs;
    if (lacks === null) calmFromMs ??= tookMs;
    else calmFromMs = null;
    if (calmFromMs !== null && tookMs - calmFromMs >= CALM_MS) return { tookMs: calmFromMs };
    signal.throwIfAborted();
    if (lacks !== null && tookMs > CONVERGED_MS_MAX) return { lacks };
    await pause(timers, "look whether all agree", LOOK_MS, signal);
  }
}

/** What is not yet as it has to be; null: nothing. */
async function lacking({ stage, client }: SettleParts): Promise<string | null> {
  const asleep = [...stage.servers.map(({ process }) => process), ...stage.doors].find((process) => !process.isReady);
  if (asleep !== undefined) return `${asleep.name}, which is not up`;
  const { placeId } = stage.place;
  const { revision, controllers } = await client.readPlaceSync({ params: { placeId } });
  const behind = controllers.find((one) => !one.connected || one.state !== "confirmed");
  if (behind !== undefined) return `controller ${behind.controllerId}, ${behind.state} at ${behind.confirmedRevision} of ${revision}`;
  for await (const { controllerId, connected, awaited, holes } of client.pages("listContinuity", { params: { placeId } })) {
    if (!connected || awaited.length > 0) return `what controller ${controllerId} has written down`;
    if (holes.length > 0) return `a declaration of what controller ${controllerId} has lost`;
  }
  return null;
}
