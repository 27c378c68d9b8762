/** Bytes of a table in one part, before they are pressed: held in memory while they are pressed and hashed, once each way. */
export const PART_BYTES_MAX = 8 * 1_024 * 1_024;

/** A part as it stands in the file: what cannot be pressed grows a little. */
export const PRESSED_PART_BYTES_MAX = PART_BYTES_MAX + 64 * 1_024;

/** The list of all parts: 20 million events make some 500 of them. */
export const MANIFEST_BYTES_MAX = 16 * 1_024 * 1_024;

/**
 * Numbers left out behind a restored backup. What was made after it had numbers of its own, which integrations still know: none of them is ever given
 * to something else.
 */
export const IDS_LEFT_OUT = 1_000_000;
