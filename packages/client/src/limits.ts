/** The server lets a call wait for 30 seconds at most; ten more for the way there and back. Beyond it the outcome is unknown: `ambiguous`. */
export const ANSWER_MS_MAX = 40_000;

/** With the pauses below, four tries bridge some two seconds: a blip, a failover within a pool. More is an outage, which a person should hear of. */
export const ATTEMPTS_COUNT_MAX = 4;

/** The first pause, doubled with each further one. */
export const RETRY_MS_MIN = 200;

/** The longest pause: somebody who follows events sees a server that is back within this. */
export const RETRY_MS_MAX = 5_000;

/** A server that asks for a longer pause is obeyed by not trying again: the caller learns `retryAfterS`. */
export const RETRY_AFTER_MS_MAX = 30_000;

/** The largest answer is the export of a person with all their events; beyond this it is none of a Postern server. */
export const ANSWER_BYTES_MAX = 64 * 1_048_576;

/** Seconds that one call of `follow` waits at the server, below the 30 it allows. */
export const FOLLOW_WAIT_S = 25;

/** Events in one answer of `follow`. */
export const FOLLOW_PAGE_SIZE = 200;

/** Sixteen bytes: nobody makes the same key twice. */
export const IDEMPOTENCY_KEY_BYTES = 16;

/** The server sends a comment every fifteen seconds: three that did not come mean that the line is dead. */
export const STREAM_SILENT_MS_MAX = 45_000;

/** Characters of one event that are gathered before its end: the largest has some thousand. */
export const STREAM_EVENT_LENGTH_MAX = 1_048_576;
