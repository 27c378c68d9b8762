/** Changed items kept in memory per place, so that controllers at the tip share one query. A controller further behind reads from the database. */
export const FEED_ITEMS_MAX = 4_096;

/** Revisions of digest history kept in memory per place; a digest of an older revision is read from the database. */
export const FEED_REVISIONS_MAX = 16_384;

/** How often a place with connected controllers is looked at without a hint: a notification can be lost, a poll cannot. */
export const FEED_POLL_MS = 1_000;

/** Queries for pages that one process runs at once: a thousand doors coming back together wait their turn instead of taking every connection. */
export const PAGE_QUERIES_AT_ONCE_MAX = 8;

/**
 * Auths of one access group. A change of what it gives writes all of them anew while the place's other changes wait: 10,000 took half of the three
 * seconds that these wait at most, on two busy cores. Beyond it nobody can join; people of a larger place are divided among groups.
 */
export const GROUP_MEMBERS_MAX = 10_000;

/** Revocations and their receipts are readable this long: a year, as the ledger's events. Whoever must prove more reads them out before. */
export const REVOCATIONS_KEPT_MS = 365 * 86_400_000;

/** How often those that are too old are dropped. */
export const REVOCATIONS_DROP_EVERY_MS = 3_600_000;

/** How many of each are dropped at once: some tens of milliseconds, so that no revocation waits behind it. */
export const REVOCATIONS_DROPPED_AT_ONCE_MAX = 10_000;

/** Places of a group whose doors are read together when what all of them ask changes: some megabytes where each has dozens of doors. */
export const PLACES_DERIVED_AT_ONCE_MAX = 200;
