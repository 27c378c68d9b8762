import { queryMembers } from "../clue/query.ts";
import { text, wholeNumber } from "../clue/readers.ts";
import { type Read, Spot } from "../clue/spot.ts";
import { KEY_ID_LENGTH_MAX, KEYS_PAGE_SIZE_DEFAULT, KEYS_PAGE_SIZE_MAX } from "./native-limits.ts";

export interface KeysQuery {
  readonly size: number;
  /** The last key of the page before; null: from the first. */
  readonly after: string | null;
}

/** The query of `GET /v2/keys`: `size` and `after`. */
export function readKeysQuery(query: unknown): Read<KeysQuery> {
  const spot = Spot.root();
  const given = queryMembers(query, spot);
  const size = given.optional("size", wholeNumber({ min: 1, max: KEYS_PAGE_SIZE_MAX })) ?? KEYS_PAGE_SIZE_DEFAULT;
  const after = given.optional("after", text({ lengthMax: KEY_ID_LENGTH_MAX })) ?? null;
  return spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value: { size, after } };
}
