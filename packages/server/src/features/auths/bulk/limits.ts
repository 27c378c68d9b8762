/** Rows committed at once: some tens of milliseconds, which is what a revocation waits for at most. More would gain a tenth in speed. */
export const QUICK_ROWS_AT_ONCE_MAX = 500;

/** Rows with PINs or templates are written one by one, ten milliseconds and more each: progress is noted this often. */
export const CAREFUL_ROWS_AT_ONCE_MAX = 20;

/** Work of one request: within the minute that servers and proxies give a body to arrive. What is left goes on with the next request. */
export const IMPORT_WORK_MS_MAX = 45_000;

/** The last batch after that, and the answer. */
export const IMPORT_ANSWER_MS_MAX = 58_000;

/** Of one body: 100,000 rows of two and a half kilobytes, where 150 bytes are usual. */
export const IMPORT_BYTES_MAX = 256 * 1_024 * 1_024;

/** Imports that one process works on: each has one connection to the database at a time and up to 20 MB of keys in memory. */
export const IMPORTS_AT_ONCE_MAX = 4;
export const IMPORTS_RETRY_S = 10;

/** Results are for whoever sent the rows, and soon. */
export const IMPORTS_KEPT_MS = 7 * 86_400_000;
export const IMPORTS_DROP_EVERY_MS = 3_600_000;

/** Imports dropped at once, each with its results: a second of work, in no roster's way. */
export const IMPORTS_DROPPED_AT_ONCE_MAX = 20;

/** Problems kept of one row. */
export const ROW_PROBLEMS_COUNT_MAX = 5;

/** A head of a CSV file that is longer is none. */
export const CSV_HEAD_BYTES_MAX = 4_096;

/** Times written as a wall clock are looked up in the place's zone once each; a file repeats a few. */
export const KNOWN_TIMES_COUNT_MAX = 1_000;
