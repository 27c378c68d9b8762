import { type Clock, type Log, pause, type Timers } from "@postern/core";
import type { Database } from "../platform/database.ts";
import { eventsAfter, type FollowedPlace } from "./follow-store.ts";
import { FollowedEntry } from "./followed-event.ts";
import { type LedgerGrown, LedgerHints } from "./ledger-hints.ts";
import { FOLLOW_POLL_MS, TAIL_GAP_MS, TAIL_KEPT_COUNT_MAX, TAIL_KEPT_MS_MAX, TAIL_READ_COUNT_MAX } from "./limits.ts";

export interface TailDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly ledgerGrown: LedgerGrown;
  /** Told how old the newest event was when it was read. */
  readonly noteFollowed?: (lagMs: number) => void;
}

interface Kept {
  readonly entry: FollowedEntry;
  readonly readAtMs: number;
}

/** The newest events of one place, read once for all who follow it. It reads while anybody does. */
export class PlaceTail {
  readonly #deps: TailDeps;
  readonly #place: FollowedPlace;
  readonly #woken: LedgerHints;
  #kept: Kept[] = [];
  /** Everything after it and up to `#through` is kept; null: nothing was read yet. */
  #from: number | null = null;
  #through = 0;
  #readerCount = 0;
  #reading: AbortController | null = null;

  constructor(deps: TailDeps, place: FollowedPlace) {
    this.#deps = deps;
    this.#place = place;
    this.#woken = new LedgerHints(deps.timers);
  }

  enter(): void {
    this.#readerCount += 1;
    if (this.#reading === null) void this.#read();
  }

  /** True: nobody is left. */
  leave(): boolean {
    this.#readerCount -= 1;
    if (this.#readerCount === 0) this.#reading?.abort();
    return this.#readerCount === 0;
  }

  /** Whether it is known from where on events are kept. */
  get hasBegun(): boolean {
    return this.#from !== null;
  }

  /** What follows a sequence, as far as it is kept; null for one that lies further back. */
  after(sequence: number, countMax: number): readonly FollowedEntry[] | null {
    if (this.#from === null || sequence < this.#from) return null;
    const at = sequence - this.#from;
    return this.#kept.slice(at, at + countMax).map(({ entry }) => entry);
  }

  /** Resolves when there is more than before, or when it begins to be kept. */
  grown(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#woken.wait(this.#place.placeId, timeoutMs, signal);
  }

  async #read(): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    this.#forget();
    const { ledgerGrown, log, timers } = this.#deps;
    while (!reading.signal.aborted) {
      const found = new AbortController();
      // Listens before it looks: what is appended in between is either seen or hinted at.
      const grown = ledgerGrown.wait(this.#place.placeId, FOLLOW_POLL_MS, AbortSignal.any([found.signal, reading.signal]));
      const isMore = await this.#look(reading.signal).catch((cause: unknown) => {
        log.debug("following.unread", { placeId: this.#place.placeId, cause });
        return false;
      });
      if (isMore) found.abort();
      await grown;
      if (!isMore) await pause(timers, "tail gap", TAIL_GAP_MS, reading.signal);
    }
  }

  #forget(): void {
    this.#from = null;
    this.#kept = [];
  }

  /** True: there may be more at once. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { database, clock } = this.#deps;
    const isFirst = this.#from === null;
    const sequence = isFirst ? Number.MAX_SAFE_INTEGER : this.#through;
    const { head, events } = await eventsAfter(database, this.#place, { sequence, countMax: TAIL_READ_COUNT_MAX });
    // Somebody else's reading by now.
    if (signal.aborted) return false;
    const nowMs = clock.monotonicMs();
    if (isFirst || head < this.#through) {
      // A head that went back belongs to other data: whoever follows finds that out from the database.
      this.#kept = [];
      this.#from = head;
      this.#through = head;
    } else this.#keep(events.map((event) => ({ entry: new FollowedEntry(this.#place.placeId, event), readAtMs: nowMs })));
    const newest = events.at(-1);
    if (!isFirst && newest !== undefined) this.#deps.noteFollowed?.(clock.nowMs() - newest.receivedAt);
    this.#trim(nowMs);
    if (isFirst || events.length > 0) this.#woken.hint(String(this.#place.placeId));
    return events.length === TAIL_READ_COUNT_MAX;
  }

  #keep(more: readonly Kept[]): void {
    const last = more.at(-1);
    if (last === undefined) return;
    this.#kept.push(...more);
    this.#through = last.entry.sequence;
  }

  /** Sequences have no hole, so that the first one kept stands right after `#from`. */
  #trim(nowMs: number): void {
    const tooMany = Math.max(0, this.#kept.length - TAIL_KEPT_COUNT_MAX);
    const firstYoung = this.#kept.findIndex(({ readAtMs }) => nowMs - readAtMs <= TAIL_KEPT_MS_MAX);
    const goneCount = Math.max(tooMany, firstYoung === -1 ? this.#kept.length : firstYoung);
    if (goneCount === 0 || this.#from === null) return;
    this.#kept.splice(0, goneCount);
    this.#from += goneCount;
  }
}
