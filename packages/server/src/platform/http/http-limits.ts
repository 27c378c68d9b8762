const MIB = 1024 * 1024;

/** CLUe §7: two photos of 10 MB as base64 are 27.97 million characters. Beyond it: `e1006` on v1, 413 on v2. */
export const AUTH_BODY_BYTES_MAX = 28 * MIB;

/** CLUe §7. The largest other body known is a schedule of 400 holidays, under 128 KiB. */
export const BODY_BYTES_MAX = 1 * MIB;

/** Bodies of all requests in flight, in bytes as they came: nine of the largest. Parsed they take about three times that. Beyond it: try again. */
export const BODY_BUDGET_BYTES = 256 * MIB;

/** After which a client that was told so may try again: a body of 28 MiB takes about that on a slow line. */
export const BUSY_RETRY_S = 2;

/** Of a body nobody will read, so that a client which sends before it listens hears the refusal. Beyond it the connection is cut. */
export const DISCARD_BYTES_MAX = 32 * MIB;

/** The deepest body of both surfaces has five levels; thirty-two leave room for envelopes. Beyond it the body is refused unparsed. */
export const JSON_DEPTH_MAX = 32;

/** Members and items of one body. The largest known, a list of 1,000 doors, has about 1,100. It bounds what parsing costs in time and memory. */
export const JSON_VALUES_MAX = 100_000;

/** Request line and headers: a key is about 300 bytes, a filter of every event name about 5 KiB. Beyond it: 431. */
export const HEADER_BYTES_MAX = 16 * 1024;

/** One part of a path. The longest is a user key of 64 characters, each of up to four bytes as `%xx`. */
export const PATH_PART_LENGTH_MAX = 1_024;

/** From the first byte to the end of the headers, so that slow senders do not hold sockets. */
export const HEADERS_MS_MAX = 10_000;

/** From the first byte to the end of the body: 28 MiB at half a megabyte per second. */
export const REQUEST_MS_MAX = 60_000;

/** How often both are looked at: the bound is exact to this much. */
export const CONNECTIONS_CHECK_MS = 1_000;

/** A silent connection is kept this long: longer than the 60 seconds of common balancers, which must be the first to close. */
export const KEEP_ALIVE_MS = 72_000;

/** Sockets at once: a tenth of the 10,000 controllers call HTTP at a time, with room for clients; half of the usual 8,192 file descriptors and more. */
export const CONNECTIONS_COUNT_MAX = 4_096;

/** From a complete request to its answer; then `e1000`. The database's own limits end sooner; this also bounds several statements in a row. */
export const ANSWER_MS_MAX = 5_000;

/** Requests under way may end while the server stops; a client that reads slowly may not keep it longer. */
export const DRAIN_MS_MAX = 5_000;

/** Wrong keys per source address and minute. Ours have 512 bits of signature: the bound saves work, not secrets. Beyond it: try again later. */
export const KEY_FAILURES_COUNT_MAX = 30;
export const KEY_FAILURES_WINDOW_MS = 60_000;

/** CLUe §6: 300 calls in five minutes per API, here for each key and route, where the limit is on. Beyond it: `e1010` and when to try again. */
export const CLUE_CALLS_COUNT_MAX = 300;

/** The same on v2, where a person at a page makes several calls at a time and imports go row by row: ten a second, sustained. Beyond it: 429. */
export const NATIVE_CALLS_COUNT_MAX = 3_000;

export const ROUTE_CALLS_WINDOW_MS = 300_000;

/** `Prefer: wait`: what balancers commonly allow an answer is 60 seconds. A longer wait is cut to this, as the answer says. */
export const PREFER_WAIT_S_MAX = 30;

/** Controllers named for each state in `Postern-Doors`: some 400 bytes a list. Beyond it they are counted, and named by the auth's sync. */
export const CONTROLLERS_NAMED_COUNT_MAX = 50;
