import { pause, type Timers } from "@postern/core";
import pLimit from "p-limit";
import type { Queryable } from "../../platform/database.ts";
import {
  addNewPlaces,
  claimDue,
  freeLeasesOf,
  type Lease,
  otherHolders,
  releaseLease,
  trimLog,
  webhooksByPlace,
} from "./delivery-store.ts";
import * as limits from "./limits.ts";
import { PlaceRunner, type RunnerDeps } from "./place-runner.ts";

export interface DispatcherDeps extends RunnerDeps {
  readonly timers: Timers;
  /** Of this process: what its leases are held by. */
  readonly instanceId: number;
  readonly isInstanceAlive: (instanceId: number, queryable: Queryable) => Promise<boolean>;
}

interface AtWork {
  /** Its leases with something to do. */
  busyCount: number;
  leaseCount: number;
  readonly slot: ReturnType<typeof pLimit>;
}

/**
 * Makes the deliveries of all webhooks, as far as no other process makes them. Each place of each webhook is a runner of its own, so that nobody waits for
 * another's target; a webhook has so many on their way at a time.
 */
export class WebhookDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #atWork = new Map<number, AtWork>();
  readonly #leasesAt = new Map<number, number>();
  #webhooksAt: ReadonlyMap<number, number> = new Map();
  readonly #hinted = new Set<number>();
  #pollsUntilLook = 0;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** Leases that this process holds. */
  get leaseCount(): number {
    return this.#running.size;
  }

  /** A place's ledger has grown, as a notification says; null: any may have. */
  hint(payload: string | null): void {
    // What is missed is found by the next poll.
    if (payload === null || this.#stopping.signal.aborted) return;
    const placeId = Number(payload);
    const isDone = (this.#leasesAt.get(placeId) ?? 0) >= (this.#webhooksAt.get(placeId) ?? 0);
    if (isDone || this.#hinted.has(placeId)) return;
    this.#hinted.add(placeId);
    void this.#claimAt(placeId).finally(() => this.#hinted.delete(placeId));
  }

  async #claimAt(placeId: number): Promise<void> {
    await this.#claim(placeId).catch((cause: unknown) => this.#deps.log.debug("webhooks.unclaimed", { placeId, cause }));
    await pause(this.#deps.timers, "webhook hints", limits.HINT_GAP_MS, this.#stopping.signal);
  }

  /** Looks for what is due anywhere. */
  async poll(): Promise<void> {
    const { database, instanceId, isInstanceAlive } = this.#deps;
    if (this.#stopping.signal.aborted) return;
    for (const other of await otherHolders(database, instanceId)) {
      if (!(await isInstanceAlive(other, database))) await freeLeasesOf(database, other);
    }
    if (this.#pollsUntilLook === 0) await this.#lookAround();
    this.#pollsUntilLook = Math.max(0, this.#pollsUntilLook - 1);
    await this.#claim(null);
  }

  /** New places, and which places have webhooks at all: with many of both that takes a while. */
  async #lookAround(): Promise<void> {
    const { database } = this.#deps;
    await addNewPlaces(database);
    this.#webhooksAt = await webhooksByPlace(database);
    this.#pollsUntilLook = limits.LOOK_AROUND_POLLS;
  }

  async trim(): Promise<void> {
    await trimLog(this.#deps.database, this.#deps.clock.nowMs());
  }

  /** Ends what is on its way and leaves everything to others. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #claim(placeId: number | null): Promise<void> {
    const { database, clock, instanceId } = this.#deps;
    const countMax = Math.min(limits.CLAIMS_MAX, limits.RUNNERS_MAX - this.#running.size);
    if (countMax <= 0) return;
    const full = [...this.#atWork]
      .filter(([, { busyCount }]) => busyCount >= limits.RUNNERS_PER_WEBHOOK_MAX)
      .map(([webhookId]) => webhookId);
    const leases = await claimDue(database, { instanceId, nowMs: clock.nowMs(), placeId, fullWebhookIds: full, countMax });
    for (const lease of leases) this.#start(lease);
    if (leases.some((lease) => !this.#webhooksAt.has(lease.placeId))) this.#pollsUntilLook = 0;
  }

  #start(lease: Lease): void {
    const { webhookId, placeId } = lease;
    const work = this.#atWork.get(webhookId) ?? { busyCount: 0, leaseCount: 0, slot: pLimit(limits.DELIVERIES_PER_WEBHOOK_MAX) };
    this.#atWork.set(webhookId, work);
    work.leaseCount += 1;
    this.#leasesAt.set(placeId, (this.#leasesAt.get(placeId) ?? 0) + 1);
    let isBusy = false;
    const onBusy = (isNow: boolean): void => {
      if (isNow !== isBusy) work.busyCount += isNow ? 1 : -1;
      isBusy = isNow;
    };
    const runner = new PlaceRunner(this.#deps, lease, { onBusy, inSlot: (send) => work.slot(send) });
    const run = this.#run(runner, lease).finally(() => {
      onBusy(false);
      work.leaseCount -= 1;
      if (work.leaseCount === 0) this.#atWork.delete(webhookId);
      const left = (this.#leasesAt.get(placeId) ?? 1) - 1;
      if (left > 0) this.#leasesAt.set(placeId, left);
      else this.#leasesAt.delete(placeId);
      this.#running.delete(run);
      // A lease that was taken away because the webhook is another now is there for whoever comes first.
      this.hint(String(placeId));
    });
    this.#running.add(run);
  }

  async #run(runner: PlaceRunner, lease: Lease): Promise<void> {
    const { webhookId, placeId } = lease;
    try {
      await runner.run(this.#stopping.signal);
    } catch (cause) {
      this.#deps.log.debug("webhooks.runner_failed", { webhookId, placeId, cause });
      await this.#freeWhenItCan(lease);
    }
  }

  /** The database was away: nobody else takes the lease of a process that lives, so it is given up as soon as that can be written. */
  async #freeWhenItCan(lease: Lease): Promise<void> {
    const { database, timers } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      await pause(timers, "webhook lease", limits.DUE_POLL_MS, this.#stopping.signal);
      const isFree = await freeLease(database, lease).catch(() => false);
      if (isFree) return;
    }
    await freeLease(database, lease).catch(() => false);
  }
}

async function freeLease(queryable: Queryable, lease: Lease): Promise<boolean> {
  await releaseLease(queryable, lease, lease.sequence);
  return true;
}
