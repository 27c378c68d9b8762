import type { RecordedEvent } from "@postern/contract";
import type { Database } from "@postern/server/internal";
import type { BlockRow } from "../../database/memory-tables.ts";
import type { DatabaseDisk, ItemVersion, StoredAuth, StoredController } from "./evidence.ts";

/** Lets the database itself note every version of every item of the roster, in the transaction that makes it. */
export async function noteVersions(database: Database): Promise<void> {
  await database.execute(`
    create table torture_versions(place_id bigint not null, revision bigint not null, item_key text not null, item jsonb, at_ms bigint not null);
    create function note_version() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      insert into torture_versions values (new.place_id, new.revision, new.item_key, new.item, floor(extract(epoch from clock_timestamp()) * 1000));
      return null;
    end
    $$;
    create trigger note_version after insert or update on roster_items for each row execute function note_version()`);
}

/** Everything in the database that the checkers ask for, once nobody writes any more. */
export async function readDatabase(database: Database, placeId: number): Promise<DatabaseDisk> {
  const [[head], blocks, events, history, items, sums, auths, controllers] = await Promise.all([
    database.query<Pick<DatabaseDisk, "epoch" | "revision" | "nextSequence" | "chain">>(
      `select (select epoch from deployment) as epoch, revision, next_sequence as "nextSequence",
         case when chain is not null then jsonb_build_object('hash', encode(chain, 'hex'), 'from', chain_from, 'period', chain_period, 'blockFirst', block_first) end as chain
       from roster_heads join ledger_heads using (place_id) where place_id = $1`,
      [placeId],
    ),
    database.query<BlockRow>(
      `select period, first_sequence as first, last_sequence as last, encode(hash, 'hex') as hash from ledger_blocks where place_id = $1 order by 2`,
      [placeId],
    ),
    database.query<RecordedEvent>(
      `select sequence, event_at as "eventAt", received_at as "receivedAt", device_id as "deviceId", door_id as "doorId", user_id as "userId",
         auth_id as "authId", event_type as "eventType", generation, local_log_id as "localLogId", detail from events where place_id = $1 order by sequence`,
      [placeId],
    ),
    database.query<ItemVersion>(
      `select item_key as key, revision, item, at_ms as "atMs" from torture_versions where place_id = $1 order by revision, at_ms`,
      [placeId],
    ),
    database.query<ItemVersion>(
      `select item_key as key, revision, item, 0 as "atMs" from roster_items where place_id = $1 order by revision`,
      [placeId],
    ),
    database.query<{ scope: number; bucket: number; sum: string }>("select scope, bucket, sum from roster_sums where place_id = $1", [
      placeId,
    ]),
    readAuths(database, placeId),
    database.query<StoredController>(
      `select controller_id as "controllerId", confirmed_revision as "confirmedRevision", confirmed_digest as "confirmedDigest"
       from controllers where place_id = $1`,
      [placeId],
    ),
  ]);
  const { epoch, revision, nextSequence, chain } = head ?? { epoch: "", revision: 0, nextSequence: 0, chain: null };
  const kept = sums.map(({ scope, bucket, sum }) => [`${scope}:${bucket}`, BigInt(sum)] as const).filter(([, sum]) => sum !== 0n);
  return { placeId, epoch, revision, nextSequence, chain, blocks, events, history, items, sums: new Map(kept), auths, controllers };
}

async function readAuths(database: Database, placeId: number): Promise<StoredAuth[]> {
  const rows = await database.query<Omit<StoredAuth, "doors"> & { doorAccessType: string; doorIds: readonly number[] }>(
    `select auth_id as "authId", users.key as "userKey", name, status, start_at as "startMs", end_at as "endMs",
       door_access_type as "doorAccessType", door_ids as "doorIds", deleted_at is not null as "isDeleted",
       array(select card_key from cards where cards.place_id = auths.place_id and cards.auth_id = auths.auth_id order by card_key) as cards
     from auths join users using (user_id) where place_id = $1`,
    [placeId],
  );
  return rows.map(({ doorAccessType, doorIds, ...auth }) => ({ ...auth, doors: doorAccessType === "ALL_DOOR" ? "all" : doorIds }));
}
