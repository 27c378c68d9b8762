import type { HeadFacts, LedgerHead } from "@postern/contract";
import { chainOrigin } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import type { PageWanted } from "../platform/operations/page-cursor.ts";

interface EndRow {
  readonly place_id: number;
  readonly epoch: string;
  readonly next_sequence: number;
  readonly hash: string | null;
  readonly chain_from: number | null;
  /** Of the last event that is no longer kept. */
  readonly dropped_last: number | null;
  readonly dropped_hash: string | null;
}

/** Where the ledgers of these places end now, each of one moment. */
export async function readEnds(queryable: Queryable, placeIds: readonly number[], atMs: number): Promise<readonly HeadFacts[]> {
  const rows = await queryable.query<EndRow>({
    name: "ledger-read-ends",
    text: `
      select ledger_heads.place_id, epoch, next_sequence, encode(chain, 'hex') as hash, chain_from, dropped_last, encode(dropped_hash, 'hex') as dropped_hash
      from ledger_heads cross join deployment left join lateral (
        select last_sequence as dropped_last, hash as dropped_hash from ledger_blocks
        where ledger_blocks.place_id = ledger_heads.place_id and dropped order by last_sequence desc limit 1
      ) gone on true
      where ledger_heads.place_id = any($1) order by 1`,
    values: [placeIds],
  });
  return rows.map((row) => factsOf(row, atMs));
}

function factsOf(row: EndRow, at: number): HeadFacts {
  const { place_id: placeId, epoch, next_sequence: next, chain_from: from, dropped_last: droppedLast, dropped_hash: droppedHash } = row;
  const firstSequence = droppedLast === null ? (from ?? next) : droppedLast + 1;
  const before = droppedHash ?? chainOrigin(placeId, firstSequence);
  return { placeId, epoch, firstSequence, before, sequence: next - 1, hash: row.hash ?? before, at };
}

/** Places that have grown since their last kept head, which is older than this; the longest without one first. */
export async function placesToSign(queryable: Queryable, olderThanMs: number, countMax: number): Promise<readonly number[]> {
  const rows = await queryable.query<{ place_id: number }>({
    name: "ledger-places-to-sign",
    text: `
      select ledger_heads.place_id from ledger_heads left join lateral (
        select sequence, at from signed_heads where signed_heads.place_id = ledger_heads.place_id order by sequence desc limit 1
      ) kept on true
      where chain is not null and next_sequence - 1 > coalesce(kept.sequence, 0) and coalesce(kept.at, 0) <= $1
      order by kept.at nulls first, ledger_heads.place_id limit $2`,
    values: [olderThanMs, countMax],
  });
  return rows.map((row) => row.place_id);
}

/** Keeps heads. Of two for the same event the first one stays. */
export async function keepHeads(queryable: Queryable, heads: readonly LedgerHead[]): Promise<void> {
  await queryable.query({
    name: "ledger-keep-heads",
    text: `
      insert into signed_heads(place_id, sequence, epoch, first_sequence, before, hash, at, key_id, signature)
      select place_id, sequence, epoch, first_sequence, decode(before, 'hex'), decode(hash, 'hex'), at, key_id, signature
      from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
        as head(place_id, sequence, epoch, first_sequence, before, hash, at, key_id, signature)
      on conflict do nothing`,
    values: [
      heads.map((head) => head.placeId),
      heads.map((head) => head.sequence),
      heads.map((head) => head.epoch),
      heads.map((head) => head.firstSequence),
      heads.map((head) => head.before),
      heads.map((head) => head.hash),
      heads.map((head) => head.at),
      heads.map((head) => head.keyId),
      heads.map((head) => head.signature),
    ],
  });
}

/** In ascending sequence, with one more than the page has. */
export async function listHeads(queryable: Queryable, placeId: number, page: PageWanted): Promise<readonly LedgerHead[]> {
  return queryable.query<LedgerHead>({
    name: "ledger-list-heads",
    text: `
      select place_id as "placeId", epoch, first_sequence as "firstSequence", encode(before, 'hex') as before, sequence, encode(hash, 'hex') as hash, at,
        key_id as "keyId", signature
      from signed_heads where place_id = $1 and sequence > $2 order by sequence limit $3`,
    values: [placeId, page.afterId, page.limit + 1],
  });
}

/** They prove nothing any more: what they were signed over is gone. */
export async function dropHeadsBefore(queryable: Queryable, atMs: number): Promise<void> {
  await queryable.query({ name: "ledger-drop-heads", text: "delete from signed_heads where at < $1", values: [atMs] });
}
