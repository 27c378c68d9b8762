/** Signatures checked lately: 40,000 keys in use at once would be a very large deployment. Beyond it the one used longest ago is checked again. */
export const SIGNATURES_COUNT_MAX = 10_000;

/** A signature stays good; it is looked at again every hour so that nothing lives for ever in memory. */
export const SIGNATURE_LIFETIME_MS = 3_600_000;

/** A revocation acts within a second (design §11): half of it for the oldest row in use, the other half for the query. */
export const ROW_LIFETIME_MS = 500;

/** Keys that live in one place group. Beyond it a new one is refused until another ends: a list that nobody can read protects nobody. */
export const LIVE_KEYS_COUNT_MAX = 1_000;

/** CLUe's portal offers one year first (CLUe §5). */
export const KEY_LIFETIME_MS_DEFAULT = 365 * 86_400_000;

/** How often those who wait are looked at: with the query, what waits under a revoked key ends within a second though no notification came. */
export const WAITING_KEYS_POLL_MS = 500;

/** Revocations that are looked up at once when a server starts. */
export const REVOCATIONS_BATCH_MAX = 1_000;
