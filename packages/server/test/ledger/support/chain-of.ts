import assert from "node:assert/strict";
import { eventLine, type RecordedEvent } from "@postern/contract";
import { chainHash, chainOrigin } from "@postern/core";
import type { Queryable } from "../../../src/platform/database.ts";

export interface ChainInDatabase {
  readonly from: number | null;
  /** As the head has it. */
  readonly hash: string | null;
  /** Over the events as they are read now. */
  readonly hashOfEvents: string | null;
  readonly eventCount: number;
  readonly blocks: readonly { readonly first: number; readonly last: number; readonly hash: string; readonly dropped: boolean }[];
}

/** A place's chain, beside the hash that somebody computes from its events alone, from the last block of a dropped month on. */
export async function chainInDatabase(queryable: Queryable, placeId: number): Promise<ChainInDatabase> {
  const [head] = await queryable.query<{ from: number | null; hash: string | null }>(
    `select chain_from as "from", encode(chain, 'hex') as hash from ledger_heads where place_id = $1`,
    [placeId],
  );
  const blocks = await queryable.query<ChainInDatabase["blocks"][number]>(
    `select first_sequence as first, last_sequence as last, encode(hash, 'hex') as hash, dropped from ledger_blocks where place_id = $1 order by 1`,
    [placeId],
  );
  const events = await queryable.query<RecordedEvent>(
    `select sequence, event_at as "eventAt", received_at as "receivedAt", event_type as "eventType", device_id as "deviceId", door_id as "doorId",
       user_id as "userId", auth_id as "authId", generation, local_log_id as "localLogId", detail
     from events where place_id = $1 and sequence >= $2 order by sequence`,
    [placeId, head?.from ?? 0],
  );
  const dropped = blocks.filter((block) => block.dropped).at(-1);
  const first = dropped === undefined ? (head?.from ?? 1) : dropped.last + 1;
  let hash = dropped?.hash ?? chainOrigin(placeId, first);
  for (const [index, event] of events.entries()) {
    assert.equal(event.sequence, first + index);
    hash = chainHash(hash, eventLine(event));
    const ended = blocks.find((block) => block.last === event.sequence);
    if (ended !== undefined) assert.equal(ended.hash, hash, `the block that ends with ${event.sequence}`);
  }
  return { from: head?.from ?? null, hash: head?.hash ?? null, hashOfEvents: hash, eventCount: events.length, blocks };
}

/** The head is the hash of the events, and there are so many. */
export async function assertWhole(queryable: Queryable, placeId: number, eventCount: number): Promise<ChainInDatabase> {
  const chain = await chainInDatabase(queryable, placeId);
  assert.equal(chain.eventCount, eventCount);
  assert.equal(chain.hash, chain.hashOfEvents);
  return chain;
}
