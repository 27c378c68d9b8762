import { assert } from "./assert.ts";
import type { CardRead, WiegandCard } from "./card.ts";

export interface WiegandLayout {
  /** HID's name of the format, by which card and reader makers order it. */
  readonly standard: string;
  readonly bitCount: number;
  readonly facilityBits: number;
  readonly numberBits: number;
  /**
   * The first bit makes the ones of this many bits after it even, the last one makes those of as many before it odd. In the 37-bit formats
   * the middle bit counts in both.
   */
  readonly parityBits: number;
}

/** A name is part of card keys and so never changes. */
export const WIEGAND_LAYOUT_NAMES = ["26", "34", "37", "37F"] as const;

export type WiegandLayoutName = (typeof WIEGAND_LAYOUT_NAMES)[number];

/** Parity, facility, number, parity: the formats that readers in the field send. */
export const WIEGAND_LAYOUTS: Readonly<Record<WiegandLayoutName, WiegandLayout>> = {
  "26": { standard: "H10301", bitCount: 26, facilityBits: 8, numberBits: 16, parityBits: 12 },
  "34": { standard: "H10306", bitCount: 34, facilityBits: 16, numberBits: 16, parityBits: 16 },
  "37": { standard: "H10302", bitCount: 37, facilityBits: 0, numberBits: 35, parityBits: 18 },
  "37F": { standard: "H10304", bitCount: 37, facilityBits: 16, numberBits: 19, parityBits: 18 },
};

/**
 * The layout that a text names: by our name, or by the standard's wherever it stands in it, as in the format list of Suprema's devices
 * (`26 bit SIA Standard-H10301`). Null when it names none of ours.
 */
export function wiegandLayoutNamed(text: string): WiegandLayoutName | null {
  const wanted = text.trim().toUpperCase();
  const standard = /(?<![A-Z0-9])H\d{5}(?!\d)/.exec(wanted)?.[0];
  return WIEGAND_LAYOUT_NAMES.find((name) => name === wanted || WIEGAND_LAYOUTS[name].standard === standard) ?? null;
}

/** Whether facility and number are whole numbers that the layout has room for. */
export function fitsWiegandLayout({ layout, facility, number }: Omit<WiegandCard, "kind">): boolean {
  const { facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
  return isBelowPowerOfTwo(facility, facilityBits) && isBelowPowerOfTwo(number, numberBits);
}

/** The card in the bits that a reader sent (`0` and `1`, first bit first). A wrong count or parity is noise on the wire, never a card. */
export function decodeWiegand(bits: string, layout: WiegandLayoutName): CardRead<WiegandCard> {
  const { bitCount, facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
  if (bits.length !== bitCount) return { kind: "unreadable", because: "length" };
  if (!/^[01]+$/.test(bits)) return { kind: "unreadable", because: "not_bits" };
  const data = bits.slice(1, -1);
  if (bits !== withParity(data, layout)) return { kind: "unreadable", because: "parity" };
  const facility = facilityBits === 0 ? 0 : Number.parseInt(data.slice(0, facilityBits), 2);
  const number = Number.parseInt(data.slice(facilityBits, facilityBits + numberBits), 2);
  return { kind: "card", card: { kind: "WIEGAND", layout, facility, number } };
}

/** The bits that a reader sends for the card, for drivers that pass reads on and for tests. */
export function encodeWiegand({ layout, facility, number }: Omit<WiegandCard, "kind">): string {
  assert(fitsWiegandLayout({ layout, facility, number }), "a Wiegand card was checked against its layout when it was made");
  const { facilityBits, numberBits } = WIEGAND_LAYOUTS[layout];
  const facilityText = facilityBits === 0 ? "" : facility.toString(2).padStart(facilityBits, "0");
  return withParity(facilityText + number.toString(2).padStart(numberBits, "0"), layout);
}

function withParity(data: string, layout: WiegandLayoutName): string {
  const { parityBits } = WIEGAND_LAYOUTS[layout];
  const even = countOnes(data.slice(0, parityBits)) % 2;
  const odd = 1 - (countOnes(data.slice(-parityBits)) % 2);
  return `${even}${data}${odd}`;
}

function countOnes(bits: string): number {
  return bits.replaceAll("0", "").length;
}

function isBelowPowerOfTwo(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}
