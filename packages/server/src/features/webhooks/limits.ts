/** Webhooks of one place group: one for each system that a customer has, with room. Beyond it: `conflict`. */
export const WEBHOOKS_PER_GROUP_MAX = 100;

/** Events of one delivery: some 40 KB, which any server takes. Under load one request then carries a hundred. */
export const DELIVERY_EVENTS_MAX = 100;

/** From the first step to the answer. What Standard Webhooks advises: 15 to 30 seconds. */
export const DELIVERY_MS_MAX = 15_000;

/** Over the delivery itself, for a test: the statements around it. */
export const TEST_ANSWER_MS_MAX = DELIVERY_MS_MAX + 5_000;

/** Of an answer: what is read of it, and what of a refusal is kept. */
export const ANSWER_BYTES_READ_MAX = 1_024;
export const ANSWER_KEPT_LENGTH_MAX = 500;

/** Pauses after the first, second … failure in a row; the last one from then on. Each is spread by a fifth both ways, so that many do not come back together. */
export const RETRY_PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000] as const;

/** So long a delivery is tried: over a weekend. Then it is parked until somebody resumes it; nothing of it is lost. */
export const RETRY_MS_MAX = 3 * 86_400_000;

/** A longer `Retry-After` is obeyed up to this. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** How long a lease is kept while nothing happens at its place: whatever comes is then delivered without asking for the lease first. */
export const LEASE_IDLE_MS = 10_000;

/** How often due deliveries are looked for, beside the hints that a ledger has grown; also leases of processes that died. */
export const DUE_POLL_MS = 1_000;

/** Every so many polls new places of a group are looked for: with 5,000 places and ten webhooks of all of them that takes a tenth of a second. */
export const LOOK_AROUND_POLLS = 5;

/** After a hint: what comes meanwhile is looked for together. */
export const HINT_GAP_MS = 10;

/** Leases that one process holds at a time, and that it takes in one statement. */
export const RUNNERS_MAX = 2_000;
export const CLAIMS_MAX = 200;

/** Deliveries of one webhook on their way at a time, each of another place: a slow target holds no more than these. */
export const DELIVERIES_PER_WEBHOOK_MAX = 8;

/** Leases of one webhook with something to do that one process takes; the other places of a slow one wait. */
export const RUNNERS_PER_WEBHOOK_MAX = 32;

/** The log of one webhook: so many of each outcome, so that a flood of the one does not take the other's away, and for so long. */
export const LOG_ROWS_PER_OUTCOME_MAX = 500;
export const LOG_MS_MAX = 7 * 86_400_000;
export const LOG_TRIM_EVERY_MS = 30_000;
