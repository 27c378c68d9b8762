/** The longest a request waits for events, as the operation says. Common proxies give up on a silent answer after 60 seconds. */
const FOLLOW_WAIT_S_MAX = 30;

/** Over the wait: the statements before and after it, and the key's check. */
export const FOLLOW_ANSWER_MS_MAX = FOLLOW_WAIT_S_MAX * 1_000 + 5_000;

/** When no `limit` is given: a client that catches up takes few round trips, one that only listens sees no difference. */
export const FOLLOW_EVENTS_COUNT_DEFAULT = 100;

/** How often a waiting request looks, with or without a hint: a notification can be lost, a look cannot. */
export const FOLLOW_POLL_MS = 1_000;

/** Requests of one process that wait at once; each looks once a second. Those beyond it are answered at once, as if they had not asked to wait. */
export const FOLLOWERS_WAITING_COUNT_MAX = 500;
