/** How often a place's tail looks, with or without a hint: a notification can be lost, a look cannot. */
export const FOLLOW_POLL_MS = 1_000;

/** Between two looks of one tail: what is appended meanwhile is read together, so that a busy place costs two hundred statements a second at most. */
export const TAIL_GAP_MS = 5;

/** Events of one look: a tail that lags catches up in few statements, none of which takes long. */
export const TAIL_READ_COUNT_MAX = 1_000;

/**
 * Events that a tail keeps for those who are a little behind, and for how long. Whoever is further behind reads for itself. At the fastest append of
 * a whole server, two seconds are some 60,000 events, or 60 MB; names in them are no older than that.
 */
export const TAIL_KEPT_COUNT_MAX = 4_096;
export const TAIL_KEPT_MS_MAX = 2_000;

/** Looks at the database of those who are behind their tails, at a time in one process: catching up leaves connections to everybody else. */
export const CATCH_UP_READS_MAX = 4;

/** Sequences that one statement looks at for those that were chosen: 20 to 40 ms. Nobody's rare events cost a scan of the ledger in one piece. */
export const LOOKED_COUNT_MAX = 20_000;
