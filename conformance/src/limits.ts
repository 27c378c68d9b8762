/** One call: longer than any documented wait, so that a server that hangs is told from one that is slow. */
export const CALL_MS_MAX = 30_000;

/** How long an answer that asks to wait (`e1010`, `f1006`) is obeyed before the case fails with it. */
export const RETRY_AFTER_SECONDS_MAX = 120;
export const RETRIES_MAX = 3;

/** How long an event that was caused is waited for, and how often it is looked for: a busy door tells of it within seconds. */
export const EVENT_MS_MAX = 15_000;
export const EVENT_LOOK_MS = 300;

/** CLUe §1.7: a task of matching faces ends within five seconds; one more for the way. */
export const FACE_TASK_MS_MAX = 6_000;

/** Of an answer in a report. */
export const SHOWN_TEXT_LENGTH_MAX = 600;
