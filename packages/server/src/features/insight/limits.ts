/** Auths looked at in one request for who may open a door: their items are read and decided in some tens of milliseconds. */
export const CANDIDATES_COUNT_MAX = 1_000;

/** Factors that a search for what opens may add to a chain before it gives up: an auth's chain, then the door's. */
export const FACTORS_COUNT_MAX = 6;

/** Generations of one controller's log that are shown: a restart a day for a month. Counts are of all of them. */
export const GENERATIONS_SHOWN_COUNT_MAX = 32;

/** Declared losses, and forks, of one controller that are shown. Counts are of all of them; the ledger has every one. */
export const FACTS_SHOWN_COUNT_MAX = 20;
