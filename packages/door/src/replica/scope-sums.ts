import { addSums, BUCKET_COUNT, bucketOf, hashToSum, type ItemKey, rosterDigest, subtractSums } from "@postern/core";

const BYTES_PER_SUM = 16;

/** The bucket sums of the scopes a controller holds, kept from the contents it holds as they come and go. */
export class ScopeSums {
  readonly #sums: ReadonlyMap<number, bigint[]>;

  constructor(scopes: readonly number[]) {
    this.#sums = new Map(scopes.map((scope) => [scope, Array.from({ length: BUCKET_COUNT }, () => 0n)]));
  }

  /** Adds an item's hash to each of its scopes that is held here. */
  add(key: ItemKey, scopes: readonly number[], hash: string): void {
    this.#change(key, scopes, (sum) => addSums(sum, hashToSum(hash)));
  }

  /** Takes an item's hash away again. */
  remove(key: ItemKey, scopes: readonly number[], hash: string): void {
    this.#change(key, scopes, (sum) => subtractSums(sum, hashToSum(hash)));
  }

  digest(): string {
    return rosterDigest([...this.#sums].map(([scope, buckets]) => ({ scope, sum: buckets.reduce(addSums, 0n) })));
  }

  /** The buckets of a scope whose sums differ from these: 256 sums of 128 bits, big-endian, in base64. A sum that is missing there counts as zero. */
  differingBuckets(scope: number, theirsBase64: string): number[] {
    const theirs = Buffer.from(theirsBase64, "base64");
    const ours = this.#sums.get(scope);
    const differing: number[] = [];
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      if ((ours?.[bucket] ?? 0n) !== sumAt(theirs, bucket)) differing.push(bucket);
    }
    return differing;
  }

  #change(key: ItemKey, scopes: readonly number[], change: (sum: bigint) => bigint): void {
    const bucket = bucketOf(key);
    for (const scope of scopes) {
      const buckets = this.#sums.get(scope);
      if (buckets !== undefined) buckets[bucket] = change(buckets[bucket] ?? 0n);
    }
  }
}

function sumAt(bytes: Buffer, bucket: number): bigint {
  const hex = bytes.subarray(bucket * BYTES_PER_SUM, (bucket + 1) * BYTES_PER_SUM).toString("hex");
  return hex === "" ? 0n : BigInt(`0x${hex}`);
}
