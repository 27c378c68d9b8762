/** As CLUe's calls take it (CLUe §7); a UUID has 36 characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** CLUe §7: a day, as for v1. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;

/** Old keys taken away with each new one: more than are made, so that the table never grows for ever. */
export const REQUESTS_FORGOTTEN_COUNT = 4;
