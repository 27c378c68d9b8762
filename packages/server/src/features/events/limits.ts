/** The longest a request waits for events, as the operation says. Common proxies give up on a silent answer after 60 seconds. */
const FOLLOW_WAIT_S_MAX = 30;

/** Over the wait: the statements before and after it, and the key's check. */
export const FOLLOW_ANSWER_MS_MAX = FOLLOW_WAIT_S_MAX * 1_000 + 5_000;

/** When no `limit` is given: a client that catches up takes few round trips, one that only listens sees no difference. */
export const FOLLOW_EVENTS_COUNT_DEFAULT = 100;

/** Requests of one process that wait at once; each costs little beside its connection. Those beyond it are answered at once, as if they had not asked to wait. */
export const FOLLOWERS_WAITING_COUNT_MAX = 500;

/** Statements of one request that looks for rare events: 200,000 events. Then it answers how far it looked, and the client goes on from there. */
export const FOLLOW_LOOKS_COUNT_MAX = 10;

/** Streams of one key in one process: a browser opens at most six to a host, and a service needs one. Beyond it: try again later. */
export const STREAMS_PER_KEY_MAX = 20;

/** Streams of one process: a quarter of the connections it takes. */
export const STREAMS_COUNT_MAX = 1_000;

/** After which a client that was refused a stream may try again. */
export const STREAM_RETRY_S = 10;

/** Proxies commonly cut what is silent for 30 or 60 seconds. */
export const STREAM_HEARTBEAT_MS = 15_000;

/** Whoever takes nothing of what waits for it for so long is gone or stuck: it is cut off, and resumes by its last id. */
export const STREAM_STALLED_MS_MAX = 10_000;

/** After an hour a stream ends by itself, so that streams spread anew over the processes behind a balancer. */
export const STREAM_MS_MAX = 3_600_000;

/** What waits for one slow reader, beside its socket's own buffer. */
export const STREAM_WAITING_BYTES_MAX = 64 * 1024;

/** Events that a stream takes at a time from each of its places. */
export const STREAM_EVENTS_COUNT = 200;

/** Told to browsers: how long to wait before they connect anew. */
export const STREAM_RECONNECT_MS = 2_000;

/** Before a stream that could not read asks the database again. */
export const STREAM_DATABASE_AWAY_MS = 1_000;
