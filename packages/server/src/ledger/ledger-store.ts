import { assert } from "@postern/core";
import type { Queryable, Transaction } from "../platform/database.ts";
import { nextTurn } from "../platform/next-turn.ts";
import { ChainRoll, type LedgerBlock, type LedgerEnd, type PlacedRow } from "./chain.ts";
import { HASHED_AT_ONCE_MAX } from "./limits.ts";
import { periodOf } from "./period.ts";
import type { ControllerReach, EventRow } from "./plan-append.ts";

/** Where readers listen for a hint that a place's ledger has grown; the payload is the place's id. Polling is the truth. */
export const LEDGER_GROWN_CHANNEL = "postern_ledger";

/** Makes the head of a new place's ledger. */
export async function createLedger(transaction: Transaction, placeId: number): Promise<void> {
  await transaction.query("insert into ledger_heads(place_id, next_sequence, summed_to) values ($1, 1, 0)", [placeId]);
}

/** Makes the partitions that events received at this time go to. Harmless when they stand. */
export async function ensurePeriod(queryable: Queryable, receivedAtMs: number): Promise<void> {
  await queryable.query("select ensure_ledger_period($1)", [periodOf(receivedAtMs)]);
}

interface EndRow {
  readonly place_id: number;
  readonly next_sequence: number;
  readonly chain: string | null;
  readonly chain_from: number | null;
  readonly chain_period: number | null;
  readonly block_first: number | null;
}

/** Locks the heads of these places until the commit, in ascending order so that two appends never wait for each other in a circle. */
export async function lockHeads(transaction: Transaction, placeIds: readonly number[]): Promise<Map<number, LedgerEnd>> {
  const rows = await transaction.query<EndRow>({
    name: "ledger-lock-heads",
    text: `
      select place_id, next_sequence, encode(chain, 'hex') as chain, chain_from, chain_period, block_first
      from ledger_heads where place_id = any($1) order by place_id for no key update`,
    values: [placeIds],
  });
  return new Map(rows.map((row) => [row.place_id, ledgerEnd(row)]));
}

function ledgerEnd({ place_id: placeId, next_sequence: nextSequence, chain, ...row }: EndRow): LedgerEnd {
  const { chain_from: from, chain_period: period, block_first: blockFirst } = row;
  const hasChain = chain !== null && from !== null && period !== null && blockFirst !== null;
  return { placeId, nextSequence, chain: hasChain ? { hash: chain, from, period, blockFirst } : null };
}

export interface ControllerLog {
  readonly session: number;
  readonly reach: ControllerReach;
  readonly marks: Map<number, number>;
  hasBegun: boolean;
}

interface ControllerLogRow {
  readonly controller_id: number;
  readonly session_number: number;
  readonly door_ids: number[];
  readonly device_ids: number[];
  readonly generations: number[];
  readonly stored: number[];
  readonly has_begun: boolean;
}

/** What an append must know of these controllers: the live session, the doors and devices they may write about, the marks of these generations. */
export async function loadControllerLogs(
  transaction: Transaction,
  controllerIds: readonly number[],
  generations: readonly number[],
): Promise<Map<number, ControllerLog>> {
  const rows = await transaction.query<ControllerLogRow>({
    name: "ledger-load-controllers",
    text: `
      select controllers.controller_id, session_number, served_door_ids as door_ids, served_device_ids as device_ids, logged.generations,
        logged.stored,
        exists (select from log_marks where log_marks.place_id = controllers.place_id and log_marks.controller_id = controllers.controller_id) as has_begun
      from controllers
      cross join lateral (
        select coalesce(array_agg(generation order by generation), '{}') as generations, coalesce(array_agg(last_local_log_id order by generation), '{}') as stored
        from log_marks where log_marks.place_id = controllers.place_id and log_marks.controller_id = controllers.controller_id and generation = any($2)
      ) logged
      where controllers.controller_id = any($1)`,
    values: [controllerIds, generations],
  });
  return new Map(
    rows.map((row) => [
      row.controller_id,
      {
        session: row.session_number,
        reach: { doorIds: new Set(row.door_ids), deviceIds: new Set(row.device_ids) },
        marks: new Map(row.generations.map((generation, index) => [generation, row.stored[index] ?? 0])),
        hasBegun: row.has_begun,
      },
    ]),
  );
}

export interface PlaceRow {
  readonly placeId: number;
  readonly row: EventRow;
}

const INSERT_EVENTS = `
  insert into events(place_id, period, sequence, event_at, received_at, device_id, door_id, user_id, auth_id, event_type, generation, local_log_id, detail)
  select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::smallint[], $11::bigint[], $12::bigint[], $13::jsonb[])`;

/** Writes rows in their order with the next sequences of their places, whose heads the caller has locked, and moves the heads with their chains. */
export async function insertEvents(
  transaction: Transaction,
  heads: ReadonlyMap<number, LedgerEnd>,
  entries: readonly PlaceRow[],
): Promise<void> {
  if (entries.length === 0) return;
  const rolls = new Map<number, ChainRoll>();
  const placed = entries.map(({ placeId, row }) => {
    const roll = rolls.get(placeId) ?? rollFrom(heads.get(placeId));
    rolls.set(placeId, roll);
    return roll.place(row);
  });
  // Hashed while the database writes: so the chain costs an append next to no time.
  await Promise.all([writeRows(transaction, placed), rollOver(rolls, placed)]);
  const ended = [...rolls.values()].flatMap((roll) => roll.blocks);
  if (ended.length > 0) await writeBlocks(transaction, ended);
  await moveHeads(
    transaction,
    [...rolls.values()].map((roll) => roll.end),
  );
}

function rollFrom(end: LedgerEnd | undefined): ChainRoll {
  assert(end !== undefined, "an event's place has a locked ledger head");
  return new ChainRoll(end);
}

/** In portions between which others have their turn, and before which the rows are on their way. */
async function rollOver(rolls: ReadonlyMap<number, ChainRoll>, placed: readonly PlacedRow[]): Promise<void> {
  for (let first = 0; first < placed.length; first += HASHED_AT_ONCE_MAX) {
    if (placed.length > HASHED_AT_ONCE_MAX) await nextTurn();
    for (const each of placed.slice(first, first + HASHED_AT_ONCE_MAX)) rolls.get(each.placeId)?.add(each);
  }
}

async function writeRows(transaction: Transaction, placed: readonly PlacedRow[]): Promise<void> {
  const column = <Value>(pick: (each: PlacedRow) => Value): Value[] => placed.map(pick);
  await transaction.query({
    name: "ledger-insert-events",
    text: INSERT_EVENTS,
    values: [
      column(({ placeId }) => placeId),
      column(({ period }) => period),
      column(({ sequence }) => sequence),
      column(({ row }) => row.eventAt),
      column(({ row }) => row.receivedAt),
      column(({ row }) => row.deviceId),
      column(({ row }) => row.doorId),
      column(({ row }) => row.userId),
      column(({ row }) => row.authId),
      column(({ row }) => row.eventType),
      column(({ row }) => row.generation),
      column(({ row }) => row.localLogId),
      column(({ row }) => (row.detail === null ? null : JSON.stringify(row.detail))),
    ],
  });
}

async function writeBlocks(transaction: Transaction, blocks: readonly LedgerBlock[]): Promise<void> {
  await transaction.query({
    name: "ledger-write-blocks",
    text: `
      insert into ledger_blocks(place_id, period, first_sequence, last_sequence, hash)
      select place_id, period, first_sequence, last_sequence, decode(hash, 'hex')
      from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::text[]) as block(place_id, period, first_sequence, last_sequence, hash)`,
    values: [
      blocks.map((block) => block.placeId),
      blocks.map((block) => block.period),
      blocks.map((block) => block.first),
      blocks.map((block) => block.last),
      blocks.map((block) => block.hash),
    ],
  });
}

async function moveHeads(transaction: Transaction, ends: readonly LedgerEnd[]): Promise<void> {
  await transaction.query({
    name: "ledger-move-heads",
    text: `
      with moved as (
        update ledger_heads set next_sequence = head.next_sequence, chain = decode(head.chain, 'hex'), chain_from = head.chain_from,
          chain_period = head.chain_period, block_first = head.block_first
        from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::bigint[])
          as head(place_id, next_sequence, chain, chain_from, chain_period, block_first)
        where ledger_heads.place_id = head.place_id
        returning ledger_heads.place_id
      )
      select pg_notify('${LEDGER_GROWN_CHANNEL}', place_id::text) from moved`,
    values: [
      ends.map((end) => end.placeId),
      ends.map((end) => end.nextSequence),
      ends.map((end) => end.chain?.hash ?? null),
      ends.map((end) => end.chain?.from ?? null),
      ends.map((end) => end.chain?.period ?? null),
      ends.map((end) => end.chain?.blockFirst ?? null),
    ],
  });
}

export interface MarkRow {
  readonly placeId: number;
  readonly controllerId: number;
  readonly generation: number;
  readonly through: number;
  /** Of a generation that is new; what is known of an older one stays. */
  readonly first: number;
  readonly begunAt: number;
  /** Numbers declared lost, beside those before. */
  readonly lostCount: number;
}

/** Writes how far each generation of a log is stored. One row a generation: the caller keeps the newest. */
export async function writeMarks(transaction: Transaction, marks: readonly MarkRow[]): Promise<void> {
  if (marks.length === 0) return;
  await transaction.query({
    name: "ledger-write-marks",
    text: `
      insert into log_marks(place_id, controller_id, generation, last_local_log_id, first_local_log_id, begun_at, lost_count)
      select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
      on conflict (place_id, controller_id, generation) do update
        set last_local_log_id = excluded.last_local_log_id, lost_count = log_marks.lost_count + excluded.lost_count`,
    values: [
      marks.map((mark) => mark.placeId),
      marks.map((mark) => mark.controllerId),
      marks.map((mark) => mark.generation),
      marks.map((mark) => mark.through),
      marks.map((mark) => mark.first),
      marks.map((mark) => mark.begunAt),
      marks.map((mark) => mark.lostCount),
    ],
  });
}

/** Generations of one controller's log. */
export interface LogsAsked {
  readonly placeId: number;
  readonly controllerId: number;
  readonly generations: readonly number[];
}

/** What the ledger has of some logs: for each asked one, by generation, the last number stored. */
export async function readMarks(queryable: Queryable, asked: readonly LogsAsked[]): Promise<readonly ReadonlyMap<number, number>[]> {
  const logs = asked.flatMap(({ placeId, controllerId, generations }) =>
    generations.map((generation) => ({ placeId, controllerId, generation })),
  );
  const rows = await queryable.query<{ controller_id: number; generation: number; last_local_log_id: number }>({
    name: "ledger-read-marks",
    text: `
      select controller_id, generation, last_local_log_id
      from log_marks join unnest($1::bigint[], $2::bigint[], $3::bigint[]) as asked(place_id, controller_id, generation)
        using (place_id, controller_id, generation)`,
    values: [logs.map((log) => log.placeId), logs.map((log) => log.controllerId), logs.map((log) => log.generation)],
  });
  const marks = new Map(asked.map(({ controllerId }) => [controllerId, new Map<number, number>()]));
  for (const row of rows) marks.get(row.controller_id)?.set(row.generation, row.last_local_log_id);
  return asked.map(({ controllerId }) => marks.get(controllerId) ?? new Map());
}
