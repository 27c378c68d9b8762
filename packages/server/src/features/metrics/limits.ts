/** How often the database is asked what all processes together share. Prometheus commonly comes every 15 seconds. */
export const SAMPLE_EVERY_MS = 10_000;

/** Controllers whose being behind is timed. With more of them behind at once, the longest wait among these is what is told. */
export const BEHIND_TIMED_COUNT_MAX = 10_000;

/** Bounds of durations in seconds: what is quick, what a person notices, what a client gives up on. Six for each route, so that all routes together stay some thousands of series. */
export const HTTP_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
export const APPEND_SECONDS = [0.002, 0.01, 0.05, 0.25, 1, 3];
export const VENDOR_SECONDS = [0.025, 0.1, 0.25, 0.5, 1, 3, 10];

/** Place groups that are told apart in what their servers answered: with a dozen outcomes some thousand series. */
export const VENDOR_GROUPS_COUNT_MAX = 100;
