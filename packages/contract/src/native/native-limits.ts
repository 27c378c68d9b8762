/** A name that a person gives to a key or a controller: as long as CLUe's connector names (CLUe §3). */
export const NAME_LENGTH_MAX = 64;

/** Places named in one key; a key for more of them names none and reaches all of its parent's. */
export const KEY_PLACES_COUNT_MAX = 1_000;

/** More than there are scopes, so that a list with repeats is still read. */
export const KEY_SCOPES_COUNT_MAX = 32;

/** Keys in one page. */
export const KEYS_PAGE_SIZE_MAX = 200;
export const KEYS_PAGE_SIZE_DEFAULT = 100;

/** Ids of keys have sixteen characters. */
export const KEY_ID_LENGTH_MAX = 64;

/** Eight characters with what people type between and around them. */
export const CLAIM_CODE_LENGTH_MAX = 32;

/** Thirty-two bytes in base64url, without padding (RFC 8037 §2). */
export const PUBLIC_KEY_LENGTH_MAX = 64;
