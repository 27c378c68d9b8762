import type { Chain, Factor } from "./factor.ts";

export type FactorProgress =
  /** Enough has been proven for this auth at this door. */
  | { readonly kind: "proven" }
  /** One of these may come next. */
  | { readonly kind: "wanted"; readonly factors: readonly Factor[] }
  /** What was presented leads nowhere at this door. */
  | { readonly kind: "not_allowed" };

export interface FactorFacts {
  /** Factors proven so far, in the order in which they were presented. */
  readonly proven: Chain;
  /** The auth's alternatives (CLUe's `modes`). */
  readonly authChains: readonly Chain[];
  /** The door's alternatives for the least to be presented; empty: the auth's decide alone. */
  readonly doorChains: readonly Chain[];
}

/**
 * How far a person has come, the stricter of auth and door winning.
 *
 * A *passage* is one chain of the auth, in its order, followed by those factors of one chain of the door that the auth's chain lacks, in
 * the door's order. It exists only if the auth uses each of these factors in some chain of its own, since nobody is asked for what their
 * auth does not allow. A door without chains adds nothing.
 *
 * `CODE` says who is meant and proves nothing: a chain of the auth that holds nothing else opens nothing, and a door's `CODE` is not asked
 * of somebody whom another factor has already named.
 *
 * Proven is enough when it begins with a whole passage; when it is the beginning of passages, their next factors are wanted.
 */
export function factorProgress({ proven, authChains, doorChains }: FactorFacts): FactorProgress {
  const wanted: Factor[] = [];
  for (const authChain of authChains) {
    if (authChain.every((factor) => factor === "CODE")) continue;
    for (const doorChain of doorChains.length === 0 ? NOTHING_MORE : doorChains) {
      const passage = passageOf(authChain, doorChain, authChains);
      if (passage === null || !agree(passage, proven)) continue;
      const next = passage[proven.length];
      if (next === undefined) return { kind: "proven" };
      if (!wanted.includes(next)) wanted.push(next);
    }
  }
  return wanted.length === 0 ? { kind: "not_allowed" } : { kind: "wanted", factors: wanted };
}

/** The minimum of a door that has none. */
const NOTHING_MORE: readonly Chain[] = [[]];

/** Whether factors presented by somebody without an auth, whom the vendor names, are the least that the door asks for. */
export function meetsDoorMinimum(proven: Chain, doorChains: readonly Chain[]): boolean {
  return doorChains.length === 0 || doorChains.some((chain) => addedFactors(proven, chain).length === 0);
}

function passageOf(authChain: Chain, doorChain: Chain, authChains: readonly Chain[]): Chain | null {
  const added = addedFactors(authChain, doorChain);
  if (added.length === 0) return authChain;
  const areAllowed = added.every((factor) => authChains.some((chain) => chain.includes(factor)));
  return areAllowed ? [...authChain, ...added] : null;
}

function addedFactors(authChain: Chain, doorChain: Chain): Chain {
  return doorChain.filter((factor) => factor !== "CODE" && !authChain.includes(factor));
}

/** Whether one of the two chains begins with the other. */
function agree(left: Chain, right: Chain): boolean {
  const length = Math.min(left.length, right.length);
  for (let position = 0; position < length; position += 1) {
    if (left[position] !== right[position]) return false;
  }
  return true;
}
