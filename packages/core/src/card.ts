import { assertNever } from "./assert.ts";
import { CARD_BITS_MAX, CSN_BYTES_MAX } from "./limits.ts";
import type { WiegandLayoutName } from "./wiegand.ts";

/** A card as what it says of itself. Two reads are the same card when their `cardKey` is the same. */
export type Card = CsnCard | WiegandCard | RawCard;

/** The serial number of the chip. */
export interface CsnCard {
  readonly kind: "CSN";
  /** Decimal, without leading zeros: up to 80 bits, more than a number holds exactly. */
  readonly number: string;
}

/** What a reader sends in a known layout. */
export interface WiegandCard {
  readonly kind: "WIEGAND";
  readonly layout: WiegandLayoutName;
  /** 0 where the layout has none. */
  readonly facility: number;
  readonly number: number;
}

/** Bits in a layout that nobody here knows: equal when they are as many and the same. */
export interface RawCard {
  readonly kind: "RAW";
  readonly bitCount: number;
  /** All bits as one decimal number, the first bit the most significant. */
  readonly number: string;
}

/** A read is a card, or noise that must not be looked up. */
export type CardRead<Kind extends Card> =
  | { readonly kind: "card"; readonly card: Kind }
  | { readonly kind: "unreadable"; readonly because: "length" | "not_bits" | "parity" | "zero" };

/** The order in which a reader sends the bytes of a serial number. */
export type ByteOrder = "most_significant_first" | "least_significant_first";

/**
 * The canonical text of a card, by which it is stored, compared and unique in a place: `CSN:12345`, `WIEGAND:26:12:123`, `RAW:32:77`. At
 * most 64 characters.
 */
export function cardKey(card: Card): string {
  switch (card.kind) {
    case "CSN":
      return `CSN:${card.number}`;
    case "WIEGAND":
      return `WIEGAND:${card.layout}:${card.facility}:${card.number}`;
    case "RAW":
      return `RAW:${card.bitCount}:${card.number}`;
    default:
      return assertNever(card);
  }
}

/** A serial number as a reader sends it, 1 to `CSN_BYTES_MAX` bytes. All zeros are what a reader sends when it could not read one. */
export function csnFromBytes(bytes: Uint8Array, byteOrder: ByteOrder): CardRead<CsnCard> {
  if (bytes.length === 0 || bytes.length > CSN_BYTES_MAX) return { kind: "unreadable", because: "length" };
  const ordered = byteOrder === "most_significant_first" ? [...bytes] : [...bytes].reverse();
  const number = ordered.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  if (number === 0n) return { kind: "unreadable", because: "zero" };
  return { kind: "card", card: { kind: "CSN", number: number.toString() } };
}

/** Bits as they came, `0` and `1`, 1 to `CARD_BITS_MAX` of them, for a device that was not told a layout. */
export function rawCard(bits: string): CardRead<RawCard> {
  if (bits.length === 0 || bits.length > CARD_BITS_MAX) return { kind: "unreadable", because: "length" };
  if (!/^[01]+$/.test(bits)) return { kind: "unreadable", because: "not_bits" };
  return { kind: "card", card: { kind: "RAW", bitCount: bits.length, number: BigInt(`0b${bits}`).toString() } };
}

/**
 * The first `bitCount` bits of bytes filled from the left, most significant bit first, as OSDP's raw card data and most serial readers send
 * them. Null when there are fewer.
 */
export function bitsOfBytes(bytes: Uint8Array, bitCount: number): string | null {
  if (!Number.isInteger(bitCount) || bitCount < 1 || bitCount > CARD_BITS_MAX || bitCount > bytes.length * 8) return null;
  const bits = Array.from(bytes.subarray(0, Math.ceil(bitCount / 8)), (byte) => byte.toString(2).padStart(8, "0"));
  return bits.join("").slice(0, bitCount);
}
