import { PAGE_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, SEARCH_TEXT_LENGTH_MAX } from "./clue-limits.ts";
import { Members, text, wholeNumber } from "./readers.ts";
import type { Reader, Spot } from "./spot.ts";

export interface Page {
  /** From 0. */
  readonly page: number;
  readonly size: number;
}

export interface Order<By extends string> {
  readonly by: By;
  readonly direction: "asc" | "desc";
}

/**
 * The parameters of a URL as a framework parses them: each a string, or a list of strings where it was repeated. A repeated one reads as
 * one comma list; an empty one is absent, as in the guide's sample, which ends in `&placeId=`.
 */
export function queryMembers(query: unknown, spot: Spot): Members {
  const joined: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(query ?? {})) {
    const whole: unknown = Array.isArray(value) ? value.filter((each) => each !== "").join(",") : value;
    joined[name] = typeof whole === "string" ? whole.trim() || null : whole;
  }
  return new Members(joined, spot);
}

/** `A,B`: blanks around an item and empty items do not count; an item twice counts once. A mistake is noted at the parameter. */
export function commaList<Item>(readItem: Reader<Item>, countMax: number): Reader<readonly Item[]> {
  return (value, spot) => {
    const words = typeof value === "string" ? value.split(",", countMax + 1) : [value];
    if (words.length > countMax) return spot.refuse(`must have at most ${countMax} items`);
    const items = words.map((word) => (typeof word === "string" ? word.trim() : word)).filter((word) => word !== "");
    const read = items.map((item) => readItem(item, spot)).filter((item) => item !== undefined);
    return read.length === items.length ? [...new Set(read)] : undefined;
  };
}

/** `id,desc`; a bare field is ascending. One order only. */
export function order<const By extends string>(fields: readonly By[]): Reader<Order<By>> {
  return (value, spot) => {
    const words = typeof value === "string" ? value.split(",", 3) : [];
    const [field, direction = "asc", ...rest] = words.map((word) => word.trim());
    const by = fields.find((each) => each === field);
    const way = direction.toLowerCase();
    if (by !== undefined && rest.length === 0 && (way === "asc" || way === "desc")) return { by, direction: way };
    return spot.refuseValue(`must be ${fields.join(" or ")}, a comma, and asc or desc`, value);
  };
}

const readPageNumber = wholeNumber({ min: 0, max: PAGE_MAX });

/** CLUe §7: neither given, one page of up to `PAGE_SIZE_MAX`; a page without its size has `PAGE_SIZE_DEFAULT`. */
export function readPage(query: Members, sizeMax: number): Page {
  const page = query.optional("page", readPageNumber);
  const size = query.optional("size", wholeNumber({ min: 1, max: sizeMax }));
  const sizeWhenAbsent = query.has("page") ? PAGE_SIZE_DEFAULT : PAGE_SIZE_MAX;
  return { page: page ?? 0, size: size ?? sizeWhenAbsent };
}

export const readSearchText: Reader<string> = text({ lengthMax: SEARCH_TEXT_LENGTH_MAX });
