import type { LedgerHead } from "@postern/contract";
import { assert, type Clock, type Log, type Random } from "@postern/core";
import { type EventChoice, readEventChoice } from "../../following/event-choice.ts";
import type { FollowedEntry } from "../../following/followed-event.ts";
import type { PlaceTails, TailReader } from "../../following/place-tails.ts";
import type { SignedHeads } from "../../ledger/signed-heads.ts";
import type { Database } from "../../platform/database.ts";
import { type DeliveryLogged, type Lease, releaseLease, saveDelivered, saveFailed, savePending } from "./delivery-store.ts";
import { DELIVERY_EVENTS_MAX, LEASE_IDLE_MS } from "./limits.ts";
import { messageOf } from "./message.ts";
import { planRetry } from "./retry-plan.ts";
import { type Attempted, type SendDeps, sendMessage } from "./send-message.ts";

export interface RunnerDeps extends SendDeps {
  readonly database: Database;
  readonly tails: PlaceTails;
  readonly heads: Pick<SignedHeads, "current">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RunnerWatch {
  /** Whether it has something to deliver, or waits for something to happen. */
  onBusy(isBusy: boolean): void;
  /** One of the slots of its webhook, for as long as a request takes. */
  inSlot<Result>(work: () => Promise<Result>): Promise<Result>;
}

interface Batch {
  readonly through: number;
  readonly entries: readonly FollowedEntry[];
}

/**
 * Delivers the events of one place to one webhook, one delivery after the other, for as long as it holds the lease: until nothing happens any more, a
 * delivery fails, or the lease is taken away.
 */
export class PlaceRunner {
  readonly #deps: RunnerDeps;
  readonly #lease: Lease;
  readonly #watch: RunnerWatch;
  readonly #choice: EventChoice;
  #sequence: number;
  #attempts: number;
  /** Of the delivery that is due. */
  #head: LedgerHead | null;

  constructor(deps: RunnerDeps, lease: Lease, watch: RunnerWatch) {
    this.#deps = deps;
    this.#lease = lease;
    this.#watch = watch;
    const choice = readEventChoice(lease.events);
    assert(choice.ok, "the events of a webhook were read when it was made");
    this.#choice = choice.value;
    this.#sequence = lease.sequence;
    this.#attempts = lease.attempts;
    this.#head = lease.pendingHead;
  }

  /** Rejects with the database's failure: then the lease is still held. */
  async run(stopping: AbortSignal): Promise<void> {
    using reader = this.#deps.tails.open(this.#lease);
    let pending = this.#lease.pendingThrough;
    while (!stopping.aborted) {
      this.#watch.onBusy(pending !== null);
      const batch = pending === null ? await this.#next(reader, stopping) : await this.#until(reader, pending, stopping);
      if (batch === null || stopping.aborted) break;
      this.#watch.onBusy(true);
      if (batch.entries.length === 0) this.#sequence = batch.through;
      else {
        if (pending === null && !(await this.#save(batch))) return;
        if (!(await this.#deliver(batch, stopping))) return;
      }
      pending = null;
    }
    await releaseLease(this.#deps.database, this.#lease, this.#sequence);
  }

  async #save({ through }: Batch): Promise<boolean> {
    const { database, heads } = this.#deps;
    this.#head = await heads.current(this.#lease.placeId);
    return savePending(database, this.#lease, { after: this.#sequence, through, head: this.#head });
  }

  /** What is to be delivered next; null: nothing has happened for a while. */
  async #next(reader: TailReader, signal: AbortSignal): Promise<Batch | null> {
    for (;;) {
      const asked = { after: this.#sequence, countMax: DELIVERY_EVENTS_MAX, waitMs: LEASE_IDLE_MS, choice: this.#choice, signal };
      const ahead = await reader.next(asked);
      if (ahead.entries.length > 0) return ahead;
      if (ahead.through === this.#sequence) return null;
      this.#sequence = ahead.through;
    }
  }

  /** The very delivery that was begun, however many events have followed since. */
  async #until(reader: TailReader, through: number, signal: AbortSignal): Promise<Batch | null> {
    const entries: FollowedEntry[] = [];
    let after = this.#sequence;
    while (after < through) {
      const ahead = await reader.next({ after, countMax: DELIVERY_EVENTS_MAX, waitMs: LEASE_IDLE_MS, choice: this.#choice, signal });
      // A ledger that ends before it was brought back from an older copy.
      if (ahead.through === after) return null;
      entries.push(...ahead.entries.filter(({ sequence }) => sequence <= through));
      after = ahead.through;
    }
    return { through, entries };
  }

  /** False: this runner has nothing more to do. */
  async #deliver(batch: Batch, stopping: AbortSignal): Promise<boolean> {
    const lease = this.#lease;
    const message = messageOf({ ...lease, after: this.#sequence, head: this.#head, ...batch });
    const attempted = await this.#watch.inSlot(() => sendMessage(this.#deps, lease, { message, signal: stopping }));
    if (attempted.error === "stopped") return this.#giveUp();
    const logged: DeliveryLogged = {
      ...attempted,
      messageId: message.messageId,
      attempt: this.#attempts + 1,
      atMs: this.#deps.clock.nowMs(),
      url: lease.url,
      eventCount: batch.entries.length,
      first: this.#sequence,
      through: batch.through,
    };
    if (attempted.outcome === "failed") return this.#fail(logged, attempted);
    if (!(await saveDelivered(this.#deps.database, lease, logged))) return false;
    this.#sequence = batch.through;
    this.#attempts = 0;
    return true;
  }

  /** The server stops: another process, or the next start, makes the same delivery. */
  async #giveUp(): Promise<false> {
    await releaseLease(this.#deps.database, this.#lease, this.#lease.sequence);
    return false;
  }

  async #fail(logged: DeliveryLogged, { retryAfterMs }: Attempted): Promise<false> {
    const { webhookId, placeId, failingSince } = this.#lease;
    const failingSinceMs = (this.#attempts === 0 ? null : failingSince) ?? logged.atMs;
    const plan = planRetry({ attempts: logged.attempt, failingSinceMs, nowMs: logged.atMs, retryAfterMs }, this.#deps.random);
    const nextAttemptAtMs = plan.kind === "again" ? plan.atMs : null;
    const isSaved = await saveFailed(this.#deps.database, this.#lease, { logged, failingSinceMs, nextAttemptAtMs });
    if (isSaved && plan.kind === "park") this.#deps.log.warn("webhooks.parked", { webhookId, placeId, error: logged.error });
    return false;
  }
}
