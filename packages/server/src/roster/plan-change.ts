import { addSums, bucketOf, hashToSum, type ItemKey, itemHash, itemScopes, type RosterItem, subtractSums } from "@postern/core";

/** One item as it shall be from now on; null takes it away and leaves a tombstone. */
export interface RosterChange {
  readonly key: ItemKey;
  readonly item: RosterItem | null;
  /** An auth that goes with its person. */
  readonly isErased?: true;
}

/** What the roster holds of an item now. A tombstone has no hash and no scopes. */
export interface HeldItem {
  readonly scopes: readonly number[];
  readonly hash: string | null;
  /** The revision since which it has been there without a break; 0: not known. */
  readonly addedRevision: number;
  /** What an auth gives, as far as taking it away is a revocation; null: no auth, or gone. */
  readonly right: { readonly isActive: boolean; readonly endMs: number } | null;
}

/** 1 settings, modes, schedules; 2 a change to what existed; 3 new. The pump sends them in this order. */
export type Lane = 1 | 2 | 3;

export interface RosterRow {
  readonly key: ItemKey;
  readonly revision: number;
  readonly lane: Lane;
  readonly scopes: readonly number[];
  readonly bucket: number;
  readonly hash: string | null;
  readonly item: RosterItem | null;
  readonly addedRevision: number;
  readonly isErased: boolean;
  /** What was held of it. */
  readonly before: HeldItem;
}

/** What a revision adds to the sum of one bucket of one scope, modulo 2^128. */
export interface BucketDelta {
  readonly revision: number;
  readonly scope: number;
  readonly bucket: number;
  readonly delta: bigint;
}

export interface ChangePlan {
  readonly revision: number;
  readonly rows: readonly RosterRow[];
  readonly deltas: readonly BucketDelta[];
}

/**
 * What to write for these changes. Each changed item gets the next revision; an item that stays as it was gets none, so that a repeat costs
 * the doors nothing. `held` names every key of `changes` that the roster has ever had.
 */
export function planChange(headRevision: number, held: ReadonlyMap<ItemKey, HeldItem>, changes: readonly RosterChange[]): ChangePlan {
  const rows: RosterRow[] = [];
  const deltas: BucketDelta[] = [];
  const current = new Map(held);
  let revision = headRevision;
  for (const change of changes) {
    const { key, item, isErased = false } = change;
    const before = current.get(key) ?? NOTHING_HELD;
    const hash = item === null ? null : itemHash(item);
    if (before.hash === hash) continue;
    revision += 1;
    const after = heldOf(item, { hash, addedRevision: before.hash === null ? revision : before.addedRevision });
    const bucket = bucketOf(key);
    rows.push({ key, revision, lane: laneOf(key, current.has(key)), bucket, item, isErased, before, ...written(after) });
    deltas.push(...bucketDeltas(revision, bucket, before, after));
    current.set(key, after);
  }
  return { revision, rows, deltas };
}

const NOTHING_HELD: HeldItem = { scopes: [], hash: null, addedRevision: 0, right: null };

/** What the roster holds of an item once it is written. */
export function heldOf(item: RosterItem | null, { hash, addedRevision }: Pick<HeldItem, "hash" | "addedRevision">): HeldItem {
  const right = item?.kind === "auth" ? { isActive: item.status === "ACTIVE", endMs: item.endMs } : null;
  return { scopes: item === null ? [] : itemScopes(item), hash, addedRevision, right };
}

function written({ scopes, hash, addedRevision }: HeldItem): Pick<RosterRow, "scopes" | "hash" | "addedRevision"> {
  return { scopes, hash, addedRevision };
}

function laneOf(key: ItemKey, existed: boolean): Lane {
  // What one person holds, or one screen shows: taking it away goes before whatever is new, and neither before what holds for all.
  if (!/^(auth|qr|display):/.test(key)) return 1;
  return existed ? 2 : 3;
}

function bucketDeltas(revision: number, bucket: number, before: HeldItem, after: HeldItem): BucketDelta[] {
  const byScope = new Map<number, bigint>();
  const add = (item: HeldItem, sign: (sum: bigint) => bigint): void => {
    if (item.hash === null) return;
    const sum = sign(hashToSum(item.hash));
    for (const scope of item.scopes) byScope.set(scope, addSums(byScope.get(scope) ?? 0n, sum));
  };
  add(before, (sum) => subtractSums(0n, sum));
  add(after, (sum) => sum);
  return [...byScope].filter(([, delta]) => delta !== 0n).map(([scope, delta]) => ({ revision, scope, bucket, delta }));
}
