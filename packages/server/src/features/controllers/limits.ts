/** Design §8. Long enough to walk to a controller and type eight characters, short enough that a note left behind opens nothing. */
export const CLAIM_CODE_LIFETIME_MS = 30 * 60_000;

/** Design §8. Five guesses at 32^5 secrets: one chance in 6.7 million per code. */
export const CLAIM_TRIES_COUNT_MAX = 5;

/** Claims per source address and minute, good ones too: an installer behind one address claims a building, nobody walks through all codes. */
export const CLAIMS_COUNT_MAX = 20;
export const CLAIMS_WINDOW_MS = 60_000;

/** Controllers of one place; with 32 doors each far beyond any site known. Their list is one answer. Beyond it a new one is refused. */
export const CONTROLLERS_PER_PLACE_MAX = 1_000;

/** Among 900 million serials, eight taken ones in a row mean broken chance and no crowd. */
export const SERIAL_ATTEMPTS_COUNT_MAX = 8;

/** A claim has about 200 bytes. It is read for anybody, so that all connections together may not take a sixteenth of what bodies share. */
export const CLAIM_BODY_BYTES_MAX = 4 * 1024;

/** People named in the answer to a lost controller; how many there are in all is said beside them. Beyond it, whole lists of people are the way. */
export const TO_RENEW_COUNT_MAX = 1_000;

/** Ended keys that are looked up at once when a server starts. */
export const ENDED_KEYS_BATCH_MAX = 1_000;
