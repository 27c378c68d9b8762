import { COMMON_SCOPE, type ItemKey } from "@postern/core";
import type { Lane } from "./plan-change.ts";

/** A row of the roster as the pump reads it: what is now, never what was. */
export interface StoredRow {
  readonly key: ItemKey;
  readonly revision: number;
  readonly lane: Lane;
  readonly scopes: readonly number[];
  /** Null for a tombstone. */
  readonly item: unknown;
}

/** How far a controller's pump is in each lane. */
export interface PumpCursors {
  readonly settingsTo: number;
  readonly urgentTo: number;
  readonly additionsTo: number;
}

export interface PageRequest {
  readonly cursors: PumpCursors;
  /** Where the urgent lane began in this session: older changes travel with the additions, since to this replica they are the same. */
  readonly urgentFrom: number;
  /** Up to this revision nothing needs to be taken away: the replica was empty when the session began at it. */
  readonly emptyUntil: number;
  readonly doorIds: readonly number[];
  readonly countMax: number;
}

export interface PageItem {
  readonly key: ItemKey;
  readonly revision: number;
  /** Null: gone from this controller's roster. */
  readonly item: unknown;
  /** Of its fingers, in base64; attached when it is sent. */
  readonly templates?: readonly string[];
  /** Of its faces, likewise. */
  readonly faceTemplates?: readonly string[];
}

export interface Page {
  readonly items: readonly PageItem[];
  readonly cursors: PumpCursors;
  /** The settings and urgent lanes hold nothing more up to this revision, or null. */
  readonly urgentDrainedTo: number | null;
  /** No lane holds anything more up to this revision, or null. */
  readonly drainedTo: number | null;
}

/** Whether a controller of these doors holds an item of these scopes. */
export function concerns(scopes: readonly number[], doorIds: readonly number[]): boolean {
  return scopes.some((scope) => scope === COMMON_SCOPE || doorIds.includes(scope));
}

/** The lane in which this request wants the row, or null when it has had it or never needs it. */
export function laneFor(row: StoredRow, request: PageRequest): Lane | null {
  if (row.revision <= request.emptyUntil && !concerns(row.scopes, request.doorIds)) return null;
  if (row.lane === 1) return row.revision > request.cursors.settingsTo ? 1 : null;
  if (row.lane === 2 && row.revision > request.urgentFrom) return row.revision > request.cursors.urgentTo ? 2 : null;
  return row.revision > request.cursors.additionsTo ? 3 : null;
}

/**
 * The next page for one controller out of rows read in one snapshot at `head`: settings first, then changes to what it holds, then what is new
 * to it. `rows` must hold every row the request still wants, or at least the first `countMax` of them in that order; which rows come depends on
 * the rows alone, never on the clock.
 */
export function pageOf(rows: readonly StoredRow[], head: number, request: PageRequest): Page {
  const wanted = rows.flatMap((row) => {
    const lane = laneFor(row, request);
    return lane === null ? [] : [{ row, lane }];
  });
  wanted.sort((left, right) => left.lane - right.lane || left.row.revision - right.row.revision);
  const taken = wanted.slice(0, request.countMax);
  const items = taken.map(({ row }) => ({
    key: row.key,
    revision: row.revision,
    item: concerns(row.scopes, request.doorIds) ? row.item : null,
  }));
  const last = wanted.length > taken.length ? taken[taken.length - 1] : undefined;
  const lastLane = last?.lane ?? 4;
  const to = (lane: Lane, before: number): number => {
    if (lane < lastLane) return Math.max(before, head);
    return last !== undefined && lane === lastLane ? last.row.revision : before;
  };
  const { cursors } = request;
  return {
    items,
    cursors: { settingsTo: to(1, cursors.settingsTo), urgentTo: to(2, cursors.urgentTo), additionsTo: to(3, cursors.additionsTo) },
    urgentDrainedTo: lastLane > 2 ? head : null,
    drainedTo: last === undefined ? head : null,
  };
}
