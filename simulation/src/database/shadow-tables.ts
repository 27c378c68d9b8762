import { canonicalJson, type Json } from "@postern/core";
import type { Queryable } from "@postern/server/internal";
import type { Tables } from "./memory-tables.ts";

/** Lists in which the order says nothing. */
const SETS: ReadonlySet<string> = new Set(["doorIds", "door_ids", "device_ids", "scopes", "held_door_ids", "controller_ids"]);

/** Rows as texts that are equal when the rows are. What a notification answers is nobody's business. */
export function comparable(rows: readonly object[], isOrdered: boolean): string[] {
  const texts = rows.flatMap((row) => {
    const columns = Object.entries(row).filter(([name]) => name !== "pg_notify");
    const values = columns.map(([name, value]): [string, unknown] => [
      name,
      SETS.has(name) && Array.isArray(value) ? value.toSorted() : value,
    ]);
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: what a database answers is plain data.
    return columns.length === 0 ? [] : [canonicalJson(Object.fromEntries(values) as Json)];
  });
  return isOrdered ? texts : texts.toSorted();
}

/** Table → what is read of it, with the names of `tablesAsRead`. */
const READS: Readonly<Record<string, string>> = {
  heads: `select revision, next_sequence, encode(chain, 'hex') as chain, chain_from, chain_period, block_first from roster_heads join ledger_heads using (place_id) where place_id = $1`,
  blocks: `select period, first_sequence, last_sequence, encode(hash, 'hex') as hash from ledger_blocks where place_id = $1`,
  events: `select sequence, event_at, received_at, device_id, door_id, user_id, auth_id, event_type, generation, local_log_id, detail from events where place_id = $1`,
  marks: `select controller_id || ':' || generation as key, last_local_log_id as through from log_marks where place_id = $1`,
  items: `select item_key, revision, lane, scopes, bucket, hash, item, added_revision from roster_items where place_id = $1`,
  sums: `select scope || ':' || bucket as key, sum::text as sum from roster_sums where place_id = $1 and sum <> 0`,
  controllers: `select controller_id, session_number, connected_instance, urgent_revision, confirmed_revision, confirmed_digest, held_door_ids, offered_to
    from controllers where place_id = $1`,
  commands: `select command_id, state from door_commands where place_id = $1`,
  revocations: `select revision, auth_id, controller_ids from revocations where place_id = $1`,
  receipts: `select controller_id, revision_before, revision, digest from receipts where place_id = $1`,
};

export async function readShadowTables(queryable: Queryable, placeId: number): Promise<Record<string, object[]>> {
  const read: Record<string, object[]> = {};
  for (const [name, text] of Object.entries(READS)) read[name] = await queryable.query<object>({ text, values: [placeId] });
  return read;
}

/** The tables in memory, as PostgreSQL answers for its own. */
export function tablesAsRead(tables: Tables): Record<string, object[]> {
  return {
    heads: [
      {
        revision: tables.revision,
        next_sequence: tables.nextSequence,
        chain: tables.chain?.hash ?? null,
        chain_from: tables.chain?.from ?? null,
        chain_period: tables.chain?.period ?? null,
        block_first: tables.chain?.blockFirst ?? null,
      },
    ],
    blocks: tables.blocks.map((row) => ({ period: row.period, first_sequence: row.first, last_sequence: row.last, hash: row.hash })),
    events: tables.events.map((row) => ({
      sequence: row.sequence,
      event_at: row.eventAt,
      received_at: row.receivedAt,
      device_id: row.deviceId,
      user_id: row.userId,
      door_id: row.doorId,
      auth_id: row.authId,
      event_type: row.eventType,
      generation: row.generation,
      local_log_id: row.localLogId,
      detail: row.detail,
    })),
    marks: [...tables.marks].map(([key, through]) => ({ key, through })),
    items: [...tables.items.values()].map(({ key: item_key, addedRevision: added_revision, ...row }) => ({
      item_key,
      added_revision,
      ...row,
    })),
    sums: [...tables.sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => ({ key, sum: sum.toString() })),
    controllers: [...tables.controllers.values()].map((row) => ({
      controller_id: row.controllerId,
      session_number: row.session,
      connected_instance: row.connectedInstance,
      urgent_revision: row.urgentRevision,
      confirmed_revision: row.confirmedRevision,
      confirmed_digest: row.confirmedDigest,
      held_door_ids: row.heldDoorIds,
      offered_to: row.offeredTo,
    })),
    commands: [...tables.commands.values()].map(({ commandId, state }) => ({ command_id: commandId, state })),
    revocations: tables.revocations.map((row) => ({ revision: row.revision, auth_id: row.authId, controller_ids: row.controllerIds })),
    receipts: tables.receipts.map((row) => ({
      controller_id: row.controllerId,
      revision_before: row.revisionBefore,
      revision: row.revision,
      digest: row.digest,
    })),
  };
}
