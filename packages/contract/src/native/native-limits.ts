/** A name that a person gives to a key or a controller: as long as CLUe's connector names (CLUe §3). */
export const NAME_LENGTH_MAX = 64;

/** Places named in one key; a key for more of them names none and reaches all of its parent's. */
export const KEY_PLACES_COUNT_MAX = 1_000;

/** More than there are scopes, so that a list with repeats is still read. */
export const KEY_SCOPES_COUNT_MAX = 32;

/** Eight characters with what people type between and around them. */
export const CLAIM_CODE_LENGTH_MAX = 32;

/** Thirty-two bytes in base64url, without padding (RFC 8037 §2). */
export const PUBLIC_KEY_LENGTH_MAX = 64;

/** Rows in one page of a list. */
export const PAGE_SIZE_MAX_V2 = 200;
export const PAGE_SIZE_DEFAULT_V2 = 50;

/** A cursor is a short position in base64url; more is none of ours. */
export const CURSOR_LENGTH_MAX = 128;

/** What the link carries of an auth's groups: `grants` in its item. */
export const GROUPS_PER_AUTH_MAX = 32;

/** Grants of one access group. With the groups above, an auth's grants stay within the 64 the link carries: see `GRANTS_PER_AUTH_MAX`. */
export const GRANTS_PER_GROUP_MAX = 16;

/** What the link carries of one auth's grants, through all its groups together. */
export const GRANTS_PER_AUTH_MAX = 64;

/** Doors named by one auth's grants, through all its groups together. Ids of the longest kind then fill two thirds of `ITEM_BYTES_PER_FRAME_MAX`. */
export const GRANT_DOORS_PER_AUTH_MAX = 8_000;

/** The name of a text that people agree to, such as `privacy 2026-11`; the text itself is kept by whoever asks. */
export const CONSENT_TEXT_VERSION_LENGTH_MAX = 64;

/** Rows of one import: a large company's people in one file, in half a minute. More come as several imports. */
export const IMPORT_ROWS_MAX = 100_000;

/** One row: ten fingerprints fit, a photo does not. A longer one fails alone. */
export const IMPORT_ROW_BYTES_MAX = 64 * 1_024;

/** Doors, devices, rights or people that a choice of events names. In a query they share the 16 KiB of the headers. */
export const CHOSEN_IDS_COUNT_MAX = 500;

/** More than there are types, so that a list of all of them is read. */
export const CHOSEN_TYPES_COUNT_MAX = 256;

/** Places of one stream: its cursor, sent with every event, then has some 700 characters. More are followed by several streams, or by a webhook. */
export const STREAM_PLACES_COUNT_MAX = 100;

/** A stream's cursor: a position for each of its places, each of at most sixteen bytes. */
export const STREAM_CURSOR_LENGTH_MAX = 2_400;

/** What browsers and proxies commonly take. */
export const WEBHOOK_URL_LENGTH_MAX = 2_048;

/** A month in which receivers learn a new secret; longer, and the old one would have two lives. */
export const WEBHOOK_SECRET_KEPT_MS_MAX = 30 * 86_400_000;
