import { COMMON_SCOPE } from "@postern/core";
import type { RosterRow } from "./plan-change.ts";

/** Why an auth opens less than it did. `erased`: with its person. */
export type RevokedBecause = "removed" | "erased" | "inactive" | "ended" | "doors_lost";

/** One change of the roster that took something away from an auth. */
export interface Revocation {
  readonly authId: number;
  readonly revision: number;
  readonly because: RevokedBecause;
  /** The revision since which the auth had been there; 0: not known. */
  readonly addedRevision: number;
  /** The scopes that held it, and those where nothing was taken away. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A controller of the place, as far as it is known what it may hold. */
export interface MayHold {
  readonly controllerId: number;
  readonly doorIds: readonly number[];
  /** No revision above this one can have been sent to it; null: it is connected, and may be sent any at this moment. */
  readonly offeredTo: number | null;
}

/** The revocations among planned rows: an auth that is gone, inactive or at its end, or that opens fewer doors. */
export function revocationsOf(rows: readonly RosterRow[], nowMs: number): readonly Revocation[] {
  return rows.flatMap((row) => {
    const because = becauseOf(row, nowMs);
    if (because === null) return [];
    const authId = Number(row.key.slice("auth:".length));
    const after = because === "doors_lost" ? row.scopes : [];
    return [{ authId, revision: row.revision, because, addedRevision: row.before.addedRevision, before: row.before.scopes, after }];
  });
}

function becauseOf({ key, before, item, isErased, scopes }: RosterRow, nowMs: number): RevokedBecause | null {
  if (!key.startsWith("auth:") || before.right === null) return null;
  if (item?.kind !== "auth") return isErased ? "erased" : "removed";
  if (before.right.isActive && item.status === "INACTIVE") return "inactive";
  if (before.right.endMs > nowMs && item.endMs <= nowMs) return "ended";
  return hasLost(before.scopes, scopes) ? "doors_lost" : null;
}

function hasLost(before: readonly number[], after: readonly number[]): boolean {
  return !after.includes(COMMON_SCOPE) && before.some((scope) => !after.includes(scope));
}

/** Who may hold what was taken away, and so owes the proof that it no longer does. */
export function owedBy({ before, after, addedRevision }: Revocation, controllers: readonly MayHold[]): readonly number[] {
  const holds = (scopes: readonly number[], doorId: number): boolean => scopes.includes(COMMON_SCOPE) || scopes.includes(doorId);
  return controllers
    .filter(({ offeredTo }) => offeredTo === null || offeredTo >= addedRevision)
    .filter(({ doorIds }) => doorIds.some((doorId) => holds(before, doorId) && !holds(after, doorId)))
    .map(({ controllerId }) => controllerId);
}
