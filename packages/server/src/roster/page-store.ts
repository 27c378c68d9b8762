import type { ItemKey } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import type { PageRequest, StoredRow } from "./page.ts";
import type { Lane } from "./plan-change.ts";

export interface RosterSnapshot {
  readonly head: number;
  readonly rows: readonly StoredRow[];
}

interface Row {
  readonly head: number;
  readonly item_key: ItemKey | null;
  readonly revision: number;
  readonly lane: Lane;
  readonly scopes: number[];
  readonly item: unknown;
}

// The head and the rows come from one statement, hence from one snapshot: a row at or below that head cannot be missed.
const LANES = `
  select heads.revision as head, page.item_key, page.revision, page.lane, page.scopes, page.item
  from roster_heads heads left join lateral (
    (select item_key, revision, lane, scopes, item, 1 as wanted from roster_items
      where place_id = $1 and lane = 1 and revision > $2 and (revision > $6 or scopes && $7) order by revision limit $8)
    union all
    (select item_key, revision, lane, scopes, item, 2 from roster_items
      where place_id = $1 and lane = 2 and revision > greatest($3::bigint, $5::bigint) and (revision > $6 or scopes && $7) order by revision limit $8)
    union all
    (select item_key, revision, lane, scopes, item, 3 from roster_items
      where place_id = $1 and lane >= 2 and revision > $4 and (lane = 3 or revision <= $5) and (revision > $6 or scopes && $7) order by revision limit $8)
    order by wanted, revision limit $8
  ) page on true
  where heads.place_id = $1`;

/** The first rows a request wants, one more than a page holds, so that the page knows whether it is the last. */
export async function readLanes(queryable: Queryable, placeId: number, request: PageRequest): Promise<RosterSnapshot> {
  const { cursors } = request;
  const rows = await queryable.query<Row>({
    name: "roster-read-lanes",
    text: LANES,
    values: [
      placeId,
      cursors.settingsTo,
      cursors.urgentTo,
      cursors.additionsTo,
      request.urgentFrom,
      request.emptyUntil,
      [0, ...request.doorIds],
      request.countMax + 1,
    ],
  });
  return toSnapshot(rows);
}

/** Every row changed since `revision`, the oldest first, at most `countMax`. */
export async function readChangesSince(queryable: Queryable, placeId: number, revision: number, countMax: number): Promise<RosterSnapshot> {
  const rows = await queryable.query<Row>({
    name: "roster-read-changes",
    text: `
      select heads.revision as head, items.item_key, items.revision, items.lane, items.scopes, items.item
      from roster_heads heads left join lateral (
        select item_key, revision, lane, scopes, item from roster_items where place_id = $1 and revision > $2 order by revision limit $3
      ) items on true
      where heads.place_id = $1`,
    values: [placeId, revision, countMax],
  });
  return toSnapshot(rows);
}

function toSnapshot(rows: readonly Row[]): RosterSnapshot {
  return {
    head: rows[0]?.head ?? 0,
    rows: rows.flatMap((row) =>
      row.item_key === null ? [] : [{ key: row.item_key, revision: row.revision, lane: row.lane, scopes: row.scopes, item: row.item }],
    ),
  };
}
