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
