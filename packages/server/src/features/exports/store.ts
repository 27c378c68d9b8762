import type { EventChoice, EventExport, LedgerHead } from "@postern/contract";
import { assert } from "@postern/core";
import { periodOf } from "../../ledger/period.ts";
import type { Queryable, Transaction } from "../../platform/database.ts";
import type { PageWanted } from "../../platform/operations/page-cursor.ts";
import { EXPORT_KEPT_MS } from "./limits.ts";

const COLUMNS = `export_id as "exportId", place_id as "placeId", events, from_ms as "from", to_ms as "to", state,
  sequence - first_sequence as "lookedCount", through_sequence - first_sequence as "lookedTotal", event_count as "eventCount", bytes, made_at as "madeAt",
  ended_at as "endedAt", case when state = 'done' then ended_at + ${EXPORT_KEPT_MS} end as "expiresAt", error, head`;

export async function findExport(queryable: Queryable, exportId: number): Promise<EventExport | null> {
  const text = `select ${COLUMNS} from event_exports where export_id = $1`;
  const [row] = await queryable.query<EventExport>({ name: "exports-find", text, values: [exportId] });
  return row ?? null;
}

/** In ascending id, with one row more than the page has. */
export async function listExports(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly EventExport[]> {
  return queryable.query<EventExport>({
    name: "exports-list",
    text: `select ${COLUMNS} from event_exports where place_id = $1 and export_id > $2 order by export_id limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
}

export interface ExportCounts {
  readonly underWay: number;
  readonly kept: number;
}

/** Locks a place, so that its exports are counted one after the other; null: it is gone. */
export async function lockAndCountExports(transaction: Transaction, placeId: number): Promise<ExportCounts | null> {
  const locked = await transaction.query("select 1 from places where place_id = $1 for no key update", [placeId]);
  if (locked.length === 0) return null;
  const [row] = await transaction.query<ExportCounts>(
    `select count(*) filter (where state in ('waiting', 'running')) as "underWay", count(*) as kept from event_exports where place_id = $1`,
    [placeId],
  );
  assert(row !== undefined, "counts are one row");
  return row;
}

export interface NewExport {
  readonly placeId: number;
  readonly events: EventChoice;
  readonly from: number | null;
  readonly to: number | null;
  /** Nothing that was received before can be meant; null: everything can. */
  readonly receivedFromMs: number | null;
  readonly madeAt: number;
  /** What stands in the ledger up to here is meant. */
  readonly head: LedgerHead;
}

/** Of what stands in the ledger up to its head. Returns its id. */
export async function insertExport(transaction: Transaction, made: NewExport): Promise<number> {
  const { receivedFromMs } = made;
  const [row] = await transaction.query<{ export_id: number }>(
    `with span as (
       select $7::bigint as last,
         case when $5::int is null then 0
           else least($7, coalesce((select min(sequence) - 1 from events where place_id = $1 and period >= $5), $7)) end as first
     )
     insert into event_exports(export_id, place_id, events, from_ms, to_ms, state, first_sequence, through_sequence, sequence, made_at, head)
     select nextval('event_export_ids'), $1, $2, $3, $4, 'waiting', first, last, first, $6, $8 from span returning export_id`,
    [
      ...[made.placeId, JSON.stringify(made.events), made.from, made.to],
      ...[receivedFromMs === null ? null : periodOf(Math.max(0, receivedFromMs)), made.madeAt],
      ...[made.head.sequence, JSON.stringify(made.head)],
    ],
  );
  assert(row !== undefined, "what is inserted is one row");
  return row.export_id;
}

export async function deleteExport(transaction: Transaction, exportId: number): Promise<void> {
  await transaction.execute("delete from event_exports where export_id = $1", [exportId]);
}

/** What is to be written, and how far that is. */
export interface ExportWork {
  readonly exportId: number;
  readonly placeId: number;
  readonly placeGroupId: number;
  readonly timeZone: string;
  readonly events: EventChoice;
  readonly from: number | null;
  readonly to: number | null;
  readonly firstSequence: number;
  readonly throughSequence: number;
  readonly sequence: number;
  readonly eventCount: number;
  readonly bytes: number;
}

/** Takes the oldest export that waits or was left by a process that died. */
export async function claimExport(queryable: Queryable, instanceId: number): Promise<ExportWork | null> {
  const [row] = await queryable.query<ExportWork>({
    name: "exports-claim",
    text: `
      with next as (
        select export_id from event_exports where state in ('waiting', 'running') and leased_by is null order by export_id limit 1 for update skip locked
      )
      update event_exports set state = 'running', leased_by = $1 from next, places
      where event_exports.export_id = next.export_id and places.place_id = event_exports.place_id
      returning event_exports.export_id as "exportId", event_exports.place_id as "placeId", place_group_id as "placeGroupId", time_zone as "timeZone",
        events, from_ms as "from", to_ms as "to", first_sequence as "firstSequence", through_sequence as "throughSequence", sequence,
        event_count as "eventCount", bytes`,
    values: [instanceId],
  });
  return row ?? null;
}

export interface ExportProgress {
  readonly exportId: number;
  readonly instanceId: number;
  readonly sequence: number;
  readonly eventCount: number;
  readonly bytes: number;
}

/** Only what is on the disk is written down. False: it is nobody's export any more, or another's. */
export async function saveProgress(
  queryable: Queryable,
  { exportId, instanceId, sequence, eventCount, bytes }: ExportProgress,
): Promise<boolean> {
  const count = await queryable.execute({
    name: "exports-progress",
    text: "update event_exports set sequence = $3, event_count = $4, bytes = $5 where export_id = $1 and leased_by = $2",
    values: [exportId, instanceId, sequence, eventCount, bytes],
  });
  return count === 1;
}

/** `error` null: it is done. */
export async function endExport(
  queryable: Queryable,
  {
    exportId,
    instanceId,
    atMs,
    error,
  }: { readonly exportId: number; readonly instanceId: number; readonly atMs: number; readonly error: string | null },
): Promise<boolean> {
  const count = await queryable.execute(
    `update event_exports set state = case when $4::text is null then 'done' else 'failed' end, ended_at = $3, error = $4, leased_by = null
     where export_id = $1 and leased_by = $2`,
    [exportId, instanceId, atMs, error],
  );
  return count === 1;
}

/** It is left to whoever comes next. */
export async function releaseExport(queryable: Queryable, exportId: number, instanceId: number): Promise<void> {
  await queryable.execute("update event_exports set leased_by = null where export_id = $1 and leased_by = $2", [exportId, instanceId]);
}

/** Its file is not where it should be: from the beginning. False: somebody else has begun already. */
export async function beginExportAnew(queryable: Queryable, exportId: number): Promise<boolean> {
  const count = await queryable.execute(
    "update event_exports set state = 'waiting', sequence = first_sequence, event_count = 0, bytes = 0, ended_at = null where export_id = $1 and state = 'done'",
    [exportId],
  );
  return count === 1;
}

export async function otherExporters(queryable: Queryable, instanceId: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ leased_by: number }>(
    "select distinct leased_by from event_exports where leased_by is not null and leased_by <> $1",
    [instanceId],
  );
  return rows.map((row) => row.leased_by);
}

export async function freeExportsOf(queryable: Queryable, instanceId: number): Promise<void> {
  await queryable.execute("update event_exports set leased_by = null where leased_by = $1", [instanceId]);
}

/**
 * Takes exports away whose day is over, and those that may name somebody who was erased since. Returns which are left: files of others may go.
 */
export async function dropOldExports(queryable: Queryable, nowMs: number): Promise<ReadonlySet<number>> {
  await queryable.execute(
    `delete from event_exports using places
     where places.place_id = event_exports.place_id and (
       (state in ('done', 'failed') and ended_at <= $1)
       or exists (select from erasures where erasures.place_group_id = places.place_group_id and erased_at > event_exports.made_at))`,
    [nowMs - EXPORT_KEPT_MS],
  );
  const rows = await queryable.query<{ export_id: number }>("select export_id from event_exports");
  return new Set(rows.map((row) => row.export_id));
}

/** Whether somebody was erased since an export was asked for. */
export async function isOutlived(queryable: Queryable, exportId: number): Promise<boolean> {
  const rows = await queryable.query(
    `select 1 from event_exports join places using (place_id) join erasures using (place_group_id) where export_id = $1 and erased_at > event_exports.made_at limit 1`,
    [exportId],
  );
  return rows.length > 0;
}
