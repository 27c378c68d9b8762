import { assert, cardKey, parseCard } from "@postern/core";
import type { ClueCard, EnrolledCard } from "./create-auth.ts";

/** The canonical keys of cards that were read, in their order. */
export function cardKeysInOrder({ cards }: { readonly cards: readonly EnrolledCard[] }): readonly string[] {
  return cards.map((card) => card.key);
}

/** The canonical key of a card that was read when it was written down. */
export function cardKeyOf(card: ClueCard): string {
  const parse = parseCard(card);
  assert(parse.kind === "card", "cards were checked when they were read");
  return cardKey(parse.card);
}
