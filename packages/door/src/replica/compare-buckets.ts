import { type BucketHashes, HASHES_PER_FRAME_MAX, type RosterFrame } from "@postern/contract";
import type { RosterContents } from "./roster-contents.ts";

/**
 * What is held in every bucket whose sum differs from the server's, in parts that each fit one frame. A bucket is always whole in one part, also
 * when it is empty; there is at least one part. A bucket with more items than a frame takes is cut: the server then sends again what it misses.
 */
export function compareBuckets(contents: RosterContents, compare: NonNullable<RosterFrame["compare"]>): BucketHashes[][] {
  const parts: BucketHashes[][] = [];
  let part: BucketHashes[] = [];
  let count = 0;
  for (const { scope, sums } of compare) {
    const buckets = new Set(contents.differingBuckets(scope, sums));
    if (buckets.size === 0) continue;
    for (const [bucket, all] of contents.hashesIn(scope, buckets)) {
      const items = all.slice(0, HASHES_PER_FRAME_MAX);
      // An empty bucket takes room too.
      const weight = items.length + 1;
      if (part.length > 0 && count + weight > HASHES_PER_FRAME_MAX) {
        parts.push(part);
        part = [];
        count = 0;
      }
      part.push({ scope, bucket, items });
      count += weight;
    }
  }
  parts.push(part);
  return parts;
}
