import { FALSE_ACCEPTS_MAX } from "./limits.ts";
import type { ModelPack } from "./model-pack.ts";

/** What was measured of a pack: how well its templates tell people apart. */
export interface MatchBound {
  /** How often two different people are nearer than a distance (not squared), the largest distance first. */
  readonly falseMatches: readonly { readonly distance: number; readonly rate: number }[];
  /** How much further the second-best person must be than the best: people who are as near as each other are told apart by nobody. */
  readonly margin: number;
  /** On what the figures rest. */
  readonly evidence: string;
}

/**
 * The largest distance at which a stranger is still taken for one of so many templates no more often than `FALSE_ACCEPTS_MAX`; null: the pack's bound
 * does not reach so far, and a face alone tells nobody.
 */
export function matchThreshold({ bound }: Pick<ModelPack, "bound">, templateCount: number): number | null {
  return bound.falseMatches.find(({ rate }) => rate * templateCount <= FALSE_ACCEPTS_MAX)?.distance ?? null;
}
