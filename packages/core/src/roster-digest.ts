import { createHash } from "node:crypto";
import { assert } from "./assert.ts";
import { canonicalJson, type Json } from "./canonical-json.ts";
import { type ItemKey, itemKey, type RosterItem } from "./roster-item.ts";

/** Items fall into this many buckets; a bucket that differs is mended by exchanging the hashes of its items alone. */
export const BUCKET_COUNT = 256;

/** Sums of 128-bit hashes, modulo 2^128: adding and taking away an item cost one addition each, in any order. */
export const SUM_MODULUS = 1n << 128n;

/** SHA-256 over the key and the canonical content, cut to 128 bits, as 32 hexadecimal digits. */
export function itemHash(item: RosterItem): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a roster item is plain data; interfaces have no index signature to prove it.
  const text = `${itemKey(item)}\n${canonicalJson(item as unknown as Json)}`;
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Spread by the item's own number, so that consecutive enrolments touch different buckets. */
export function bucketOf(key: ItemKey): number {
  const id = Number(key.slice(key.indexOf(":") + 1));
  return id % BUCKET_COUNT;
}

export function hashToSum(hash: string): bigint {
  return BigInt(`0x${hash}`);
}

export function addSums(left: bigint, right: bigint): bigint {
  return (left + right) % SUM_MODULUS;
}

export function subtractSums(left: bigint, right: bigint): bigint {
  return (left - right + SUM_MODULUS) % SUM_MODULUS;
}

export function sumToHex(sum: bigint): string {
  assert(sum >= 0n && sum < SUM_MODULUS, "a sum is below 2^128");
  return sum.toString(16).padStart(32, "0");
}

/** One scope's total: the common part of a place, or one door's own part. */
export interface ScopeSum {
  readonly scope: number;
  readonly sum: bigint;
}

/** The digest of all a controller holds: one hash over the totals of the common part and of each of its doors, in order of scope. */
export function rosterDigest(scopes: readonly ScopeSum[]): string {
  const ordered = [...scopes].sort((left, right) => left.scope - right.scope);
  const text = ordered.map(({ scope, sum }) => `${scope}=${sumToHex(sum)}`).join("\n");
  return createHash("sha256").update(text).digest("hex");
}
