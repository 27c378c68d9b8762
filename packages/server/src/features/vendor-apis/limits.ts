/** A test is waited for by a person: longer than a door waits, shorter than a request may take. */
export const TEST_MS_MAX = 10_000;

/** Over the test itself: the statements around it. */
export const TEST_ANSWER_MS_MAX = TEST_MS_MAX + 5_000;

/** Of an answer. What customers answer has some hundreds of bytes; more than this is no answer to a door. */
export const ANSWER_BYTES_MAX = 64 * 1_024;

/** Of an answer to a test, what is shown. */
export const SHOWN_BYTES_MAX = 16 * 1_024;

/** In which a test proves that an API answers: a form is filled in and saved. */
export const PROOF_MS = 15 * 60_000;

/** A change of what a group asks writes the doors of all its places: thousands of them take seconds. */
export const MAPPING_ANSWER_MS_MAX = 30_000;

/** Of the time that a question brings, what is kept for saying why there was silence before nobody waits any more; of a short one a fifth. The way to the door is the door's. */
export const WAY_BACK_MS = 50;

/** Before the one second try, which is made where no connection could be: a server that is just being started anew needs a moment. */
export const RETRY_PAUSE_MS = 150;

/** Questions to one server of one customer at a time. Beyond it they wait for their turn, within their time. */
export const CALLS_PER_CUSTOMER_MAX = 64;

/** Questions that wait for a turn there: as many doors as a large site has. Beyond it one is answered as silent, `busy`. */
export const WAITING_PER_CUSTOMER_MAX = 512;

/** Questions of one process at a time, those that wait too: tens of thousands of doors. Each holds some kilobytes. */
export const ASKS_IN_FLIGHT_MAX = 10_000;

/** Connections to one host and port: several customers at the same service, each with all the questions it may have at once. */
export const SOCKETS_PER_VENDOR_MAX = 256;
export const IDLE_SOCKETS_PER_VENDOR_MAX = 8;

/** Failures in a row after which a customer's server is left alone: at five people in a row the door's policy is quicker than one more of them waiting. */
export const BREAKER_FAILURES_COUNT = 5;

/** For so long at first, and twice as long after each question that was tried since, up to the maximum: whoever is back is asked within a minute. */
export const BREAKER_PAUSE_MS = 5_000;
export const BREAKER_PAUSE_MS_MAX = 60_000;

/** A question that had less time than this says nothing about who did not answer it. */
export const FAIR_CALL_MS = 500;
