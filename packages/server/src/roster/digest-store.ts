import { BUCKET_COUNT, type ItemKey } from "@postern/core";
import type { Queryable } from "../platform/database.ts";
import type { ScopeDelta } from "./digest-history.ts";

/** The totals of every scope of a place at its head, in one snapshot. */
export async function readTotals(queryable: Queryable, placeId: number): Promise<{ head: number; totals: Map<number, bigint> }> {
  const rows = await queryable.query<{ head: number; scope: number | null; total: string }>({
    name: "roster-read-totals",
    text: `
      select heads.revision as head, sums.scope, sums.total::text as total
      from roster_heads heads left join (
        select scope, mod(sum(sum), ${2n ** 128n}) as total from roster_sums where place_id = $1 group by scope
      ) sums on true
      where heads.place_id = $1`,
    values: [placeId],
  });
  const totals = new Map<number, bigint>();
  for (const row of rows) if (row.scope !== null) totals.set(row.scope, BigInt(row.total));
  return { head: rows[0]?.head ?? 0, totals };
}

/** What the revisions after `from` up to `to` added, in their order. */
export async function readDeltas(queryable: Queryable, placeId: number, from: number, to: number): Promise<ScopeDelta[]> {
  const rows = await queryable.query<{ revision: number; scope: number; delta: string }>({
    name: "roster-read-deltas",
    text: "select revision, scope, delta::text as delta from roster_deltas where place_id = $1 and revision > $2 and revision <= $3 order by revision",
    values: [placeId, from, to],
  });
  return rows.map((row) => ({ revision: row.revision, scope: row.scope, delta: BigInt(row.delta) }));
}

/** The bucket sums of these scopes as they are now, with zeros for buckets that hold nothing. */
export async function readBucketSums(queryable: Queryable, placeId: number, scopes: readonly number[]): Promise<Map<number, bigint[]>> {
  const rows = await queryable.query<{ scope: number; bucket: number; sum: string }>({
    name: "roster-read-bucket-sums",
    text: "select scope, bucket, sum::text as sum from roster_sums where place_id = $1 and scope = any($2)",
    values: [placeId, scopes],
  });
  const sums = new Map(scopes.map((scope) => [scope, Array.from({ length: BUCKET_COUNT }, () => 0n)]));
  for (const row of rows) sums.get(row.scope)?.splice(row.bucket, 1, BigInt(row.sum));
  return sums;
}

export interface BucketItem {
  readonly key: ItemKey;
  readonly revision: number;
  readonly hash: string;
  readonly item: unknown;
}

/** The items of one bucket of one scope as they are now, without tombstones. */
export async function readBucketItems(queryable: Queryable, placeId: number, scope: number, bucket: number): Promise<BucketItem[]> {
  return queryable.query<BucketItem>({
    name: "roster-read-bucket-items",
    text: `
      select item_key as key, revision, hash, item from roster_items
      where place_id = $1 and bucket = $2 and scopes @> array[$3::bigint] and hash is not null order by revision`,
    values: [placeId, bucket, scope],
  });
}
