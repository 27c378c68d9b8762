import { cardKey, parseCard, WIEGAND_LAYOUT_NAMES } from "@postern/core";
import { PAGE_SIZE_MAX } from "./clue-limits.ts";
import { type Order, order, type Page, queryMembers, readPage, readSearchText } from "./query.ts";
import { readId } from "./read-create-auth.ts";
import { choice } from "./readers.ts";
import { type Read, Spot } from "./spot.ts";

export interface AuthsQuery extends Page {
  /** A part of the person's key or name, or a whole card number. */
  readonly text: string | null;
  /** The cards that the text may be, whatever their layout. */
  readonly cardKeys: readonly string[];
  readonly status: "ACTIVE" | "INACTIVE" | null;
  /** Auths with a right at this door, by themselves or through a group. */
  readonly doorId: number | null;
  readonly order: Order<"id" | "name" | "lastModifiedAt">;
}

/** Reads the query of our list of a place's auths; paging as for events. Never throws; all mistakes are told. */
export function readAuthsQuery(query: unknown): Read<AuthsQuery> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const text = parameters.optional("q", readSearchText) ?? null;
  const value: AuthsQuery = {
    text,
    cardKeys: text === null ? [] : cardKeysOf(text),
    status: parameters.optional("activeStatus", choice(["ACTIVE", "INACTIVE"])) ?? null,
    doorId: parameters.optional("doorId", readId) ?? null,
    order: parameters.optional("sort", order(["id", "name", "lastModifiedAt"])) ?? { by: "id", direction: "asc" },
    ...readPage(parameters, PAGE_SIZE_MAX),
  };
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}

/** Every card that somebody who types this number may mean: as a serial number, or as a facility and a number in any layout. */
export function cardKeysOf(text: string): readonly string[] {
  const csn = parseCard({ cardNumber: text, formatType: "CSN" });
  const wiegand = WIEGAND_LAYOUT_NAMES.map((formatData) => parseCard({ cardNumber: text, formatType: "WIEGAND", formatData }));
  return [csn, ...wiegand].flatMap((parse) => (parse.kind === "card" ? [cardKey(parse.card)] : []));
}
