import { assertNever } from "./assert.ts";
import type { Card } from "./card.ts";
import { CARD_BITS_MAX, CARD_NUMBER_LENGTH_MAX, CSN_BYTES_MAX } from "./limits.ts";
import { fitsWiegandLayout, WIEGAND_LAYOUT_NAMES, WIEGAND_LAYOUTS, wiegandLayoutNamed } from "./wiegand.ts";

/** A card as CLUe writes it (CLUe §1.2). */
export interface CardText {
  readonly cardNumber: string;
  readonly formatType: string;
  readonly formatData?: string | null | undefined;
}

export type CardParse =
  | { readonly kind: "card"; readonly card: Card }
  /** `field` is the wrong one; `message` says what it has to be and never repeats it. */
  | { readonly kind: "problem"; readonly field: keyof CardText; readonly message: string };

/**
 * CLUe's text of a card: `CSN` is the decimal serial number without a hyphen, `WIEGAND` is `<facility>-<card id>` in the layout that
 * `formatData` names, 26 bits without it (CLUe §1.2). Leading zeros do not count. The layout without a facility takes the card id alone, or
 * facility 0. Bits in no layout of ours are ours to write: `formatData` is `RAW:<bits>`, the card number all of them as one decimal number. Bad
 * input is a problem, never an error.
 */
export function parseCard({ cardNumber, formatType, formatData }: CardText): CardParse {
  if (cardNumber.length > CARD_NUMBER_LENGTH_MAX) return problem("cardNumber", `At most ${CARD_NUMBER_LENGTH_MAX} characters.`);
  if (formatType === "CSN") return parseCsn(cardNumber);
  if (formatType === "WIEGAND") return parseWiegand(cardNumber, formatData ?? "");
  return problem("formatType", "CSN or WIEGAND.");
}

function parseCsn(cardNumber: string): CardParse {
  if (!/^\d+$/.test(cardNumber)) return problem("cardNumber", "A CSN is a serial number in decimal digits alone.");
  const number = BigInt(cardNumber);
  if (number === 0n) return problem("cardNumber", "A CSN is not zero: readers send that when they could not read a card.");
  if (number >= 1n << BigInt(CSN_BYTES_MAX * 8)) return problem("cardNumber", `A CSN has at most ${CSN_BYTES_MAX} bytes.`);
  return { kind: "card", card: { kind: "CSN", number: number.toString() } };
}

function parseWiegand(cardNumber: string, formatData: string): CardParse {
  const rawBits = /^RAW:(\d{1,3})$/i.exec(formatData.trim())?.[1];
  if (rawBits !== undefined) return parseRaw(cardNumber, Number(rawBits));
  const layout = formatData.trim() === "" ? "26" : wiegandLayoutNamed(formatData);
  if (layout === null) return problem("formatData", `One of the Wiegand layouts ${WIEGAND_LAYOUT_NAMES.join(", ")}.`);
  const { facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
  const match = /^(?:(\d+)-)?(\d+)$/.exec(cardNumber);
  const facilityText = match?.[1] ?? (facilityBits === 0 ? "0" : undefined);
  if (match === null || facilityText === undefined) {
    return problem("cardNumber", "A WIEGAND card is <facility>-<card id> in decimal digits, such as 12-123.");
  }
  const fields = { layout, facility: Number(facilityText), number: Number(match[2]) };
  if (!fitsWiegandLayout(fields)) {
    return problem("cardNumber", `Layout ${layout} has facilities below ${2 ** facilityBits} and card ids below ${2 ** numberBits}.`);
  }
  return { kind: "card", card: { kind: "WIEGAND", ...fields } };
}

function parseRaw(cardNumber: string, bitCount: number): CardParse {
  if (bitCount < 1 || bitCount > CARD_BITS_MAX) return problem("formatData", `RAW has 1 to ${CARD_BITS_MAX} bits.`);
  if (!/^\d+$/.test(cardNumber)) return problem("cardNumber", "Raw bits are one number in decimal digits alone.");
  const number = BigInt(cardNumber);
  if (number >= 1n << BigInt(bitCount)) return problem("cardNumber", `A number of ${bitCount} bits is below 2^${bitCount}.`);
  return { kind: "card", card: { kind: "RAW", bitCount, number: number.toString() } };
}

/** What `parseCard` makes this card of. */
export function cardText(card: Card): {
  readonly cardNumber: string;
  readonly formatType: "CSN" | "WIEGAND";
  readonly formatData?: string;
} {
  switch (card.kind) {
    case "CSN":
      return { cardNumber: card.number, formatType: "CSN" };
    case "WIEGAND":
      return { cardNumber: `${card.facility}-${card.number}`, formatType: "WIEGAND", formatData: card.layout };
    case "RAW":
      return { cardNumber: card.number, formatType: "WIEGAND", formatData: `RAW:${card.bitCount}` };
    default:
      return assertNever(card);
  }
}

function problem(field: keyof CardText, message: string): CardParse {
  return { kind: "problem", field, message };
}
