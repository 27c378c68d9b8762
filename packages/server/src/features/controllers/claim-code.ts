import { createHmac } from "node:crypto";
import type { Random } from "@postern/core";

/** Crockford's base32: no I, L, O or U, so that a code survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const SELECTOR_LENGTH = 3;
const SECRET_LENGTH = 5;

/** Selectors are drawn from this many; see `selectorOf`. */
export const SELECTORS_COUNT = ALPHABET.length ** SELECTOR_LENGTH;

/** A code as it was typed, brought into its one form. */
export interface ClaimCode {
  /** Eight characters without a hyphen. */
  readonly text: string;
  readonly selector: number;
}

/**
 * The public part of a code: it says which controller is meant, so that a wrong guess can be counted against that controller's code and not
 * only against its sender. Two controllers whose ids differ by a multiple of `SELECTORS_COUNT` share one, and then a guess counts against
 * both. It tells nothing that helps to guess the rest.
 */
export function selectorOf(controllerId: number): number {
  return controllerId % SELECTORS_COUNT;
}

/** `XXXX-XXXX`: three characters of selector and five of chance. */
export function newClaimCode(controllerId: number, random: Random): string {
  const selector = digits(selectorOf(controllerId));
  const secret = Array.from({ length: SECRET_LENGTH }, () => ALPHABET.charAt(random.int(ALPHABET.length))).join("");
  const text = selector + secret;
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** Any case; blanks and hyphens do not count; I and L are read as 1 and O as 0 (Crockford). Null when it cannot be a code. */
export function readClaimCode(typed: string): ClaimCode | null {
  const text = typed.replace(/[\s-]/g, "").toUpperCase().replace(/[IL]/g, "1").replace(/O/g, "0");
  if (text.length !== SELECTOR_LENGTH + SECRET_LENGTH) return null;
  const values = [...text].map((character) => ALPHABET.indexOf(character));
  if (values.includes(-1)) return null;
  const selector = values.slice(0, SELECTOR_LENGTH).reduce((number, value) => number * ALPHABET.length + value, 0);
  return { text, selector };
}

/** What is stored of a code. Keyed, because all 32^5 secrets of a controller could be hashed in seconds by who reads the table. */
export function hashClaimCode(hashKey: Uint8Array, controllerId: number, text: string): Buffer {
  return createHmac("sha256", hashKey)
    .update(`${controllerId} ${text.replace("-", "")}`)
    .digest();
}

function digits(selector: number): string {
  const places = Array.from({ length: SELECTOR_LENGTH }, (_, place) => ALPHABET.length ** (SELECTOR_LENGTH - 1 - place));
  return places.map((place) => ALPHABET.charAt(Math.floor(selector / place) % ALPHABET.length)).join("");
}
