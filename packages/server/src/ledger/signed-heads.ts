import type { LedgerHead, LedgerKey } from "@postern/contract";
import type { Clock } from "@postern/core";
import type { Database, Queryable } from "../platform/database.ts";
import { nextTurn } from "../platform/next-turn.ts";
import type { HeadSigner } from "./head-signer.ts";
import { dropHeadsBefore, keepHeads, placesToSign, readEnds } from "./head-store.ts";
import { HEADS_KEPT_EVERY_MS, HEADS_SIGNED_AT_ONCE_MAX } from "./limits.ts";

export interface SignedHeadsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly signer: HeadSigner;
}

/** The ends of ledgers as this deployment vouches for them. */
export class SignedHeads {
  readonly #deps: SignedHeadsDeps;

  constructor(deps: SignedHeadsDeps) {
    this.#deps = deps;
  }

  get key(): LedgerKey {
    return this.#deps.signer.key;
  }

  /** A place's end as it is now, or within a transaction; null: there is no such ledger. */
  async current(placeId: number, queryable: Queryable = this.#deps.database): Promise<LedgerHead | null> {
    const [end] = await readEnds(queryable, [placeId], this.#deps.clock.nowMs());
    return end === undefined ? null : this.#deps.signer.sign(end);
  }

  /** Keeps a head of each place that has grown and has none of the last hour. Several processes may do it at once. */
  async keepDue(): Promise<void> {
    const { database, clock, signer } = this.#deps;
    for (;;) {
      const nowMs = clock.nowMs();
      const placeIds = await placesToSign(database, nowMs - HEADS_KEPT_EVERY_MS, HEADS_SIGNED_AT_ONCE_MAX);
      if (placeIds.length === 0) return;
      const ends = await readEnds(database, placeIds, nowMs);
      await keepHeads(database, ends.map(signer.sign));
      if (placeIds.length < HEADS_SIGNED_AT_ONCE_MAX) return;
      await nextTurn();
    }
  }

  /** Takes heads away that are older than events are kept. */
  async dropOld(keptDays: number): Promise<void> {
    const { database, clock } = this.#deps;
    await dropHeadsBefore(database, clock.nowMs() - keptDays * 86_400_000);
  }
}
