/** A part that does not say within this that it is up counts as down. Less than the patience of common balancers. */
export const HEALTH_CHECK_MS_MAX = 2_000;

/** Whoever asks more often gets the last answer: the route asks for no key. */
export const HEALTH_ANSWER_LIFETIME_MS = 200;
