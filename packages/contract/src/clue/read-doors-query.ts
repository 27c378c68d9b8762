import { PAGE_SIZE_MAX } from "./clue-limits.ts";
import { type Order, order, type Page, queryMembers, readPage, readSearchText } from "./query.ts";
import { type Read, Spot } from "./spot.ts";

export interface DoorsQuery extends Page {
  /** A part of the door's name. */
  readonly text: string | null;
  readonly order: Order<"id" | "name">;
}

/** Reads the query of CLUe's doors call (CLUe §1.5); paging as for events. Never throws; all mistakes are told. */
export function readDoorsQuery(query: unknown): Read<DoorsQuery> {
  const spot = Spot.root();
  const parameters = queryMembers(query, spot);
  const value: DoorsQuery = {
    text: parameters.optional("q", readSearchText) ?? null,
    order: parameters.optional("sort", order(["id", "name"])) ?? { by: "id", direction: "asc" },
    ...readPage(parameters, PAGE_SIZE_MAX),
  };
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value };
}
