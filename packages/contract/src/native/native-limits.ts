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

/** CLUe §3: three for each type of credential, so that eighteen is all a place group has. */
export const VENDOR_APIS_PER_CREDENTIAL_MAX = 3;

/** CLUe §3, all of these: of an API's address, its headers, the fields of its request together, its status codes and its paths into an answer. */
export const VENDOR_URL_LENGTH_MAX = 512;
export const VENDOR_HEADERS_COUNT_MAX = 10;
export const VENDOR_FIELDS_COUNT_MAX = 10;
export const VENDOR_STATUS_CODES_COUNT_MAX = 3;
export const VENDOR_PATH_LENGTH_MAX = 128;

/** A header's name and its value: tokens of several kilobytes are in use, and what a server reads of all headers is commonly 8 to 16 KiB. */
export const VENDOR_HEADER_NAME_LENGTH_MAX = 128;
export const VENDOR_HEADER_VALUE_LENGTH_MAX = 4_096;

/** Of a field's name in the request, and of a constant in the request or in the answer: as long as the address. */
export const VENDOR_FIELD_KEY_LENGTH_MAX = 64;
export const VENDOR_CONSTANT_LENGTH_MAX = 512;

/** What is typed into a test: the longest QR code has some 4,300 characters. */
export const VENDOR_SAMPLE_LENGTH_MAX = 4_400;

/** A token of forty bytes in base64url. */
export const VENDOR_PROOF_LENGTH_MAX = 64;
