import type { ItemKey } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import { DigestHistory } from "./digest-history.ts";
import { readDeltas, readTotals } from "./digest-store.ts";
import { FEED_ITEMS_MAX, FEED_REVISIONS_MAX } from "./limits.ts";
import { type Page, type PageRequest, pageOf, type StoredRow } from "./page.ts";
import { readChangesSince, readLanes } from "./page-store.ts";

/**
 * One place's roster as its connected controllers follow it. What changed lately stands in memory, read once for all of them; a controller that is
 * further behind reads its pages from the database.
 */
export class PlaceFeed {
  readonly placeId: number;
  readonly #database: Queryable;
  readonly #history = new DigestHistory(FEED_REVISIONS_MAX);
  /** Rows changed after `#from` up to `#head`, in the order of their revisions. One that changed again stands twice; only its newest counts. */
  #rows: StoredRow[] = [];
  readonly #newest = new Map<ItemKey, number>();
  #from = 0;
  #head = 0;
  #isFilled = false;

  constructor(database: Queryable, placeId: number) {
    this.#database = database;
    this.placeId = placeId;
  }

  /** The newest revision this feed has seen. */
  get head(): number {
    return this.#head;
  }

  /** Reads what changed since the last call. True when the head moved. One call at a time. */
  async refresh(): Promise<boolean> {
    const before = this.#head;
    if (!this.#isFilled) return this.#begin();
    const { head, rows } = await readChangesSince(this.#database, this.placeId, this.#head, FEED_ITEMS_MAX);
    // A head below ours: the data went back in time under us. More changes than the feed holds: begin anew, those behind read pages.
    if (head < before || rows.length >= FEED_ITEMS_MAX) return this.#begin();
    if (head === before) return false;
    this.#history.advance(head, await readDeltas(this.#database, this.placeId, before, head));
    for (const row of rows) this.#newest.set(row.key, row.revision);
    this.#rows.push(...rows);
    this.#head = head;
    this.#forgetOldest();
    return true;
  }

  /** The next page for one controller. */
  async page(request: PageRequest): Promise<Page> {
    const { settingsTo, urgentTo, additionsTo } = request.cursors;
    if (Math.min(settingsTo, urgentTo, additionsTo) >= this.#from && this.#isFilled)
      return pageOf(this.#rowsAfter(additionsTo, settingsTo, urgentTo), this.#head, request);
    const { head, rows } = await readLanes(this.#database, this.placeId, request);
    return pageOf(rows, head, request);
  }

  /** The digest a controller of these doors should have at `revision`; null when no longer known. */
  digestAt(revision: number, doorIds: readonly number[]): string | null {
    return this.#history.digestAt(revision, doorIds);
  }

  async #begin(): Promise<boolean> {
    const { head, totals } = await readTotals(this.#database, this.placeId);
    const hasMoved = head !== this.#head || !this.#isFilled;
    this.#history.reset(head, totals);
    this.#rows = [];
    this.#newest.clear();
    this.#from = head;
    this.#head = head;
    this.#isFilled = true;
    return hasMoved;
  }

  /** Looks from the end, so that a controller at the tip looks at what is new and at nothing else. */
  #rowsAfter(...cursors: readonly number[]): StoredRow[] {
    const oldest = Math.min(...cursors);
    const rows: StoredRow[] = [];
    for (let index = this.#rows.length - 1; index >= 0; index -= 1) {
      const row = this.#rows[index];
      if (row === undefined || row.revision <= oldest) break;
      if (this.#newest.get(row.key) === row.revision) rows.push(row);
    }
    return rows;
  }

  #forgetOldest(): void {
    const excess = this.#rows.length - FEED_ITEMS_MAX;
    if (excess <= 0) return;
    for (const row of this.#rows.splice(0, excess)) {
      if (this.#newest.get(row.key) === row.revision) this.#newest.delete(row.key);
      this.#from = row.revision;
    }
  }
}
