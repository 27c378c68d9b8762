import type { AuthSync } from "@postern/contract";
import { pause, type Timers } from "@postern/core";
import type { Confirmations } from "../../gateway/confirmations.ts";
import type { Queryable } from "../../platform/database.ts";
import { AWAITED_POLL_MS, WAITERS_COUNT_MAX } from "./limits.ts";
import { placeOfAuth } from "./store.ts";
import { authSync } from "./sync.ts";
import { loadProgress, type ProgressRow } from "./sync-store.ts";

export interface DoorsAwaitedDeps {
  readonly database: Queryable;
  readonly confirmations: Pick<Confirmations, "listen" | "flush">;
  readonly timers: Timers;
}

interface Waiter {
  readonly revision: number;
  /** Those that have not confirmed and may still. */
  readonly pending: Set<number>;
  readonly done: () => void;
}

/**
 * Everybody who waits for doors, behind one look at the database. A confirmation that comes to this process is written down and looked at, at once;
 * those that come to others are found by one poll for all who wait. Nobody holds a connection of the database while waiting.
 */
export class DoorsAwaited {
  readonly #deps: DoorsAwaitedDeps;
  readonly #waiters = new Set<Waiter>();
  #watching: AbortController | null = null;
  #isReading = false;
  #isStale = false;

  constructor(deps: DoorsAwaitedDeps) {
    this.#deps = deps;
  }

  /** How many wait. */
  get count(): number {
    return this.#waiters.size;
  }

  /**
   * How far the doors are with an auth, once all that are connected have it, at the latest after `waitMs`. A controller that is away, or that failed to
   * take the auth over, is not waited for: it is told that way. So is everything when too many wait already.
   */
  async wait(authId: number, { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<AuthSync> {
    const { database, timers } = this.#deps;
    const placeId = (await placeOfAuth(database, authId)) ?? 0;
    const first = await authSync(database, placeId, authId);
    const pending = new Set(first.controllers.flatMap(({ controllerId, state }) => (state === "waiting" ? [controllerId] : [])));
    if (pending.size === 0 || waitMs === 0 || this.#waiters.size >= WAITERS_COUNT_MAX) return first;
    const over = new AbortController();
    const waiter: Waiter = { revision: first.revision, pending, done: () => over.abort() };
    this.#enter(waiter);
    try {
      await pause(timers, "wait for doors", waitMs, AbortSignal.any([over.signal, signal]));
    } finally {
      this.#leave(waiter);
    }
    return authSync(database, placeId, authId);
  }

  #enter(waiter: Waiter): void {
    this.#waiters.add(waiter);
    if (this.#watching === null) {
      this.#watching = new AbortController();
      void this.#watch(this.#watching.signal);
    }
    // What was confirmed between the first look and this moment woke nobody.
    void this.#look();
  }

  #leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size > 0) return;
    this.#watching?.abort();
    this.#watching = null;
  }

  async #watch(over: AbortSignal): Promise<void> {
    const leave = this.#deps.confirmations.listen(({ controllerId }) => {
      if ([...this.#waiters].some(({ pending }) => pending.has(controllerId))) void this.#look();
    });
    while (!over.aborted) {
      await pause(this.#deps.timers, "look for confirmations", AWAITED_POLL_MS, over);
      await this.#look();
    }
    leave();
  }

  /** One reading at a time for all who wait; a hint during it makes one more. */
  async #look(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale && this.#waiters.size > 0) {
      this.#isStale = false;
      await this.#read();
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    const { database, confirmations } = this.#deps;
    const awaited = new Set([...this.#waiters].flatMap(({ pending }) => [...pending]));
    try {
      await confirmations.flush();
      const progress = await loadProgress(database, [...awaited]);
      const byId = new Map(progress.map((row) => [row.controllerId, row]));
      for (const waiter of this.#waiters) settle(waiter, byId, awaited);
    } catch {
      // The next look, a moment later, tries again; whoever waits is answered in time whatever happens.
    }
  }
}

function settle({ pending, revision, done }: Waiter, progress: ReadonlyMap<number, ProgressRow>, awaited: ReadonlySet<number>): void {
  for (const controllerId of pending) {
    // Whoever came during the reading is looked at by the next.
    if (!awaited.has(controllerId)) continue;
    const row = progress.get(controllerId);
    const isOver = row === undefined || row.confirmedRevision >= revision || !row.connected || row.hasFailures;
    if (isOver) pending.delete(controllerId);
  }
  if (pending.size === 0) done();
}
