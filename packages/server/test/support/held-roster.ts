import type { RosterFrame } from "@postern/contract";
import { addSums, hashToSum, itemHash, itemKey, itemScopes, type RosterItem, rosterDigest } from "@postern/core";

/** What a controller of these doors holds, kept the simplest way. */
export class Replica {
  readonly items = new Map<string, RosterItem>();
  readonly scopes: readonly number[];
  completeTo = 0;
  urgentTo = 0;

  constructor(doorIds: readonly number[]) {
    this.scopes = [0, ...doorIds];
  }

  take(frame: RosterFrame): void {
    for (const { key, item } of frame.items) {
      if (item === undefined) this.items.delete(key);
      else this.items.set(key, item as RosterItem);
    }
    this.completeTo = frame.completeTo ?? this.completeTo;
    this.urgentTo = frame.urgentTo ?? this.urgentTo;
  }

  inScope(scope: number): RosterItem[] {
    return [...this.items.values()].filter((item) => itemScopes(item).includes(scope));
  }

  digest(): string {
    const sumOf = (scope: number): bigint => this.inScope(scope).reduce((sum, item) => addSums(sum, hashToSum(itemHash(item))), 0n);
    return rosterDigest(this.scopes.map((scope) => ({ scope, sum: sumOf(scope) })));
  }

  synced(session: number, frame: RosterFrame): object {
    return {
      session,
      batch: frame.batch,
      urgentTo: this.urgentTo,
      completeTo: this.completeTo,
      failures: [],
      ...(frame.completeTo === undefined ? {} : { digest: this.digest() }),
    };
  }
}

/** The hashes of every bucket that differs from what the server says of it. */
export function differing(replica: Replica, frame: RosterFrame): object[] {
  return (frame.compare ?? []).flatMap(({ scope, sums }) => {
    const theirs = Buffer.from(sums, "base64").toString("hex");
    return Array.from({ length: 256 }, (_, bucket) => bucket).flatMap((bucket) => {
      const held = replica.inScope(scope).filter((item) => item.id % 256 === bucket);
      const sum = held.reduce((total, item) => addSums(total, hashToSum(itemHash(item))), 0n);
      const isSame = theirs.slice(bucket * 32, bucket * 32 + 32) === sum.toString(16).padStart(32, "0");
      return isSame ? [] : [{ scope, bucket, items: held.map((item) => [itemKey(item), itemHash(item)]) }];
    });
  });
}
