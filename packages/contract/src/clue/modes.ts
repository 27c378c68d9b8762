import type { Chain, Factor } from "@postern/core";
import { CHAIN_LENGTH_MAX } from "./clue-limits.ts";

const FACTOR_OF_WORD: ReadonlyMap<string, Factor> = new Map(
  (["CARD", "CODE", "FACE", "FINGERPRINT", "PIN", "QR", "UNIQUE_PIN", "MOBILE"] as const).map((factor) => [factor, factor]),
);

/** `["CARD", "PIN"]` is CLUe's CARD_THEN_PIN. */
export function chainToMode(chain: Chain): string {
  return chain.join("_THEN_");
}

/**
 * The factors of a mode, or null when it is not one: an unknown word, a factor twice, more than three factors, a typed user id that does
 * not come first or is not followed by a proof, or a PIN that nothing precedes, since it does not say whose it is.
 */
export function modeToChain(mode: string): Chain | null {
  const words = mode.split("_THEN_", CHAIN_LENGTH_MAX + 1);
  if (words.length > CHAIN_LENGTH_MAX) return null;
  const chain = words.flatMap((word) => FACTOR_OF_WORD.get(word) ?? []);
  const isWhole = chain.length === words.length && new Set(chain).size === chain.length;
  return isWhole && proves(chain) ? chain : null;
}

function proves(chain: Chain): boolean {
  if (chain[0] === "PIN") return false;
  if (chain[0] === "CODE") return chain.length > 1;
  return !chain.includes("CODE");
}

/** What an auth holds, as far as its modes depend on it. */
export interface HeldCredentials {
  readonly cards: readonly unknown[];
  readonly faceImages: readonly unknown[];
  readonly fingerprints: readonly unknown[];
  /** null: none. What it is does not matter here. */
  readonly pin: string | true | null;
  readonly uniquePin: string | true | null;
}

/** CLUe §7: by default each factor opens alone, and a PIN after its holder's typed user id. */
export function defaultModes(held: HeldCredentials): readonly string[] {
  const modes: string[] = [];
  if (held.faceImages.length > 0) modes.push("FACE");
  if (held.cards.length > 0) modes.push("CARD");
  if (held.fingerprints.length > 0) modes.push("FINGERPRINT");
  if (held.pin !== null) modes.push("CODE_THEN_PIN");
  if (held.uniquePin !== null) modes.push("UNIQUE_PIN");
  return modes;
}
