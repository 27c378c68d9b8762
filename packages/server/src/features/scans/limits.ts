/** How long a device waits for a card or finger, as CLUe says in `timeout` (CLUe §1.6). v2 may ask for longer. */
export const SCAN_WITHIN_MS_DEFAULT = 10_000;

/** How long a token is good, from the request on: time to fill in a form. What was scanned is kept no longer than that after it was. */
export const SCAN_TOKEN_MS = 10 * 60_000;

/** 128 bits: as CLUe's tokens, 32 hexadecimal digits. */
export const SCAN_TOKEN_BYTES = 16;

/** How often a waiting request looks what came of a scan. */
export const SCAN_LOOK_MS = 100;

/** Over the longest wait of a request: the statements around it. */
export const SCAN_ANSWER_MS_MAX = 35_000;
