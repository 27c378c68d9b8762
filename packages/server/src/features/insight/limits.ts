/** Auths looked at in one request for who may open a door: their items are read and decided in some tens of milliseconds. */
export const CANDIDATES_COUNT_MAX = 1_000;

/** Factors that a search for what opens may add to a chain before it gives up: an auth's chain, then the door's. */
export const FACTORS_COUNT_MAX = 6;

/** Generations of one controller's log that are shown: a restart a day for a month. Counts are of all of them. */
export const GENERATIONS_SHOWN_COUNT_MAX = 32;

/** Declared losses, and forks, of one controller that are shown. Counts are of all of them; the ledger has every one. */
export const FACTS_SHOWN_COUNT_MAX = 20;

/** How often confirmations that came to another process are looked for, in one query for all who wait: a quarter of a second is what nobody feels. */
export const AWAITED_POLL_MS = 250;

/** Requests that wait for doors in one process, as many as there may be connections. Beyond it a request is answered at once with what is known. */
export const WAITERS_COUNT_MAX = 4_096;

/** Revocations of one auth that are shown, the newest: somebody who is suspended and let in again each week for some months. */
export const REVOCATIONS_SHOWN_COUNT_MAX = 20;
