import type { Clock } from "@postern/core";
import type { Queryable } from "../../platform/database.ts";
import { readSample } from "./sample-store.ts";
import type { ServerMetrics } from "./server-metrics.ts";

export interface SamplerDeps {
  readonly database: Queryable;
  readonly clock: Clock;
  readonly metrics: Pick<ServerMetrics, "sampled">;
}

/** Looks now and then at what all processes share, so that reading the measurements asks the database nothing, however often somebody reads. */
export class Sampler {
  readonly #deps: SamplerDeps;
  /** Since when controllers have been behind, by this process's clock that never jumps. */
  #behindSince = new Map<number, number>();

  constructor(deps: SamplerDeps) {
    this.#deps = deps;
  }

  /** Fails as the query does, after it was noted that there is no sample. */
  async take(): Promise<void> {
    const { database, clock, metrics } = this.#deps;
    try {
      const { sample, behindIds } = await readSample(database, clock.nowMs());
      metrics.sampled({ ...sample, behindSeconds: this.#behindSeconds(behindIds, clock.monotonicMs()) });
    } catch (failure) {
      metrics.sampled(null);
      throw failure;
    }
  }

  #behindSeconds(behindIds: readonly number[], nowMs: number): number {
    this.#behindSince = new Map(behindIds.map((id) => [id, this.#behindSince.get(id) ?? nowMs]));
    return Math.max(0, ...[...this.#behindSince.values()].map((sinceMs) => (nowMs - sinceMs) / 1_000));
  }
}
