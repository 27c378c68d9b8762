import { eventLine } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import { periodOf } from "./period.ts";
import type { EventRow } from "./plan-append.ts";
import { BLOCK_EVENTS } from "./summarise.ts";

/** Where a place's ledger ends. */
export interface LedgerEnd {
  readonly placeId: number;
  readonly nextSequence: number;
  /** null: nothing was appended since there are chains. */
  readonly chain: Chain | null;
}

export interface Chain {
  /** Over every event from `from` to the last. */
  readonly hash: string;
  readonly from: number;
  /** The month of the last event. */
  readonly period: number;
  /** Of the block that is still open: its first event, or the next one. */
  readonly blockFirst: number;
}

/** A run of events of one month that ends where the next block begins, with the hash over everything up to its last event. */
export interface LedgerBlock {
  readonly placeId: number;
  readonly period: number;
  readonly first: number;
  readonly last: number;
  readonly hash: string;
}

/** An event with its place in the ledger. */
export interface PlacedRow {
  readonly placeId: number;
  readonly sequence: number;
  readonly period: number;
  readonly row: EventRow;
}

/** Gives events of one place their sequences and months, then rolls the place's chain over them in the same order. */
export class ChainRoll {
  readonly #placeId: number;
  readonly #blocks: LedgerBlock[] = [];
  #next: number;
  #lastPeriod: number | null;
  #chain: Chain | null;

  constructor({ placeId, nextSequence, chain }: LedgerEnd) {
    this.#placeId = placeId;
    this.#next = nextSequence;
    this.#chain = chain;
    this.#lastPeriod = chain?.period ?? null;
  }

  /**
   * An event that was received in the last moment of a month and comes to its turn after one of the next goes with that: so a month's events are one run,
   * and dropping it leaves no hole. A clock that was further ahead holds nobody's events back.
   */
  place(row: EventRow): PlacedRow {
    const own = periodOf(row.receivedAt);
    const period = this.#lastPeriod === own + 1 ? own + 1 : own;
    this.#lastPeriod = period;
    const sequence = this.#next;
    this.#next += 1;
    return { placeId: this.#placeId, sequence, period, row };
  }

  /** Every row that was placed, once and in order. */
  add({ sequence, period, row }: PlacedRow): void {
    const before = this.#chain ?? { hash: chainOrigin(this.#placeId, sequence), from: sequence, period, blockFirst: sequence };
    const isNewBlock = period !== before.period || sequence % BLOCK_EVENTS === 0;
    if (isNewBlock && before.blockFirst < sequence)
      this.#blocks.push({
        ...{ placeId: this.#placeId, period: before.period, first: before.blockFirst, last: sequence - 1 },
        hash: before.hash,
      });
    this.#chain = {
      hash: chainHash(before.hash, eventLine({ sequence, ...row })),
      from: before.from,
      period,
      blockFirst: isNewBlock ? sequence : before.blockFirst,
    };
  }

  /** Where the ledger ends now. */
  get end(): LedgerEnd {
    return { placeId: this.#placeId, nextSequence: this.#next, chain: this.#chain };
  }

  /** Those that ended meanwhile. */
  get blocks(): readonly LedgerBlock[] {
    return this.#blocks;
  }
}
