import { EPOCH_MS_MAX } from "../clue/clue-limits.ts";
import { readId } from "../clue/read-create-auth.ts";
import { choice, list, type Members, members, text, wholeNumber } from "../clue/readers.ts";
import { type Read, Spot } from "../clue/spot.ts";
import { KEY_PLACES_COUNT_MAX, KEY_SCOPES_COUNT_MAX, NAME_LENGTH_MAX } from "./native-limits.ts";

/** What is asked of a new API key; absent members follow the key that mints it. */
export interface MintKeyRequest<Scope extends string> {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly placeIds?: readonly number[];
  /** Epoch milliseconds. */
  readonly expiresAtMs?: number;
}

/** The body of `POST /v2/keys`: `{name, scopes, placeIds?, expiresAt?}`. */
export function readMintKey<const Scope extends string>(body: unknown, scopes: readonly Scope[]): Read<MintKeyRequest<Scope>> {
  const spot = Spot.root();
  const whole = members(body, spot);
  const request = whole === undefined ? undefined : readMembers(whole, scopes);
  return request === undefined || spot.problems.length > 0 ? { ok: false, problems: spot.problems } : { ok: true, value: request };
}

function readMembers<Scope extends string>(whole: Members, known: readonly Scope[]): MintKeyRequest<Scope> | undefined {
  const name = whole.required("name", text({ lengthMax: NAME_LENGTH_MAX }));
  const scopes = whole.required("scopes", list(choice(known), { countMax: KEY_SCOPES_COUNT_MAX }));
  const placeIds = whole.optional("placeIds", list(readId, { countMax: KEY_PLACES_COUNT_MAX }));
  const expiresAtMs = whole.optional("expiresAt", wholeNumber({ min: 0, max: EPOCH_MS_MAX }));
  if (scopes?.length === 0) whole.spot.member("scopes").refuse("must name at least one scope");
  if (placeIds?.length === 0) whole.spot.member("placeIds").refuse("must name at least one place, or be absent");
  if (name === undefined || scopes === undefined) return undefined;
  return {
    name,
    scopes: [...new Set(scopes)],
    ...(placeIds === undefined ? {} : { placeIds: [...new Set(placeIds)].sort((one, other) => one - other) }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}
