/** CLUe §7: a repeat with the same `Idempotency-Key` is known for a day. Afterwards the key is as good as new. */
export const IDEMPOTENCY_MS = 86_400_000;

/** Room for any client's own scheme; UUIDs have 36 characters. A longer key is refused. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Keys older than a day that each new one takes away with it: more than one, so that the table shrinks while it is used. */
export const IDEMPOTENCY_KEYS_FORGOTTEN = 4;

/** With a photo: behind a full queue, and the first one of all waits for the models to be made, which takes seconds on a small machine. */
export const AUTH_ANSWER_MS_MAX = 20_000;

/** Each takes 8 MiB and about 20 ms of a core; Node's pool of four threads also reads files and resolves names, so two are left to that. */
export const PIN_PROOFS_AT_ONCE_MAX = 2;

/** Waiting for that: two seconds of work. Beyond it a caller is told to come again, so that no wait outlasts the time in which a call is answered. */
export const PIN_PROOFS_WAITING_MAX = 200;
export const PIN_PROOFS_RETRY_S = 2;

/** CLUe §7: of this many guesses one may meet somebody's unique PIN, at most. */
export const UNIQUE_PIN_GUESSES_MIN = 10_000;

/**
 * Unique PINs that one key may find taken at one place by enrolling them. Chosen by chance, one in ten thousand is; more within so short a time is
 * guessing whose PIN opens. Beyond it no unique PIN is taken from that key there until the time is over.
 */
export const UNIQUE_PIN_REFUSALS_COUNT_MAX = 10;
export const UNIQUE_PIN_REFUSALS_WINDOW_MS = 600_000;

/** Questions of one key at one place whether a unique PIN is free: enough for somebody who fills in a form, and 4,320 guesses a day. */
export const UNIQUE_PIN_QUESTIONS_COUNT_MAX = 30;
export const UNIQUE_PIN_QUESTIONS_WINDOW_MS = 600_000;

/** Design §11: templates end this long after the right they belong to, so that a right prolonged a little late needs no new photo. */
export const BIOMETRICS_KEPT_MS = 30 * 86_400_000;

/** Rights of one place whose templates end in one transaction, and places in one round: nobody waits for a roster longer than for any other change. */
export const BIOMETRICS_ENDED_AT_ONCE_MAX = 200;

/** How often they are looked for: an hour late is nothing beside thirty days. */
export const BIOMETRICS_END_EVERY_MS = 3_600_000;

/** How often faces whose consent has ended are looked for: whoever set an end meant that day, not the next hour. */
export const CONSENTS_END_EVERY_MS = 60_000;

/** A consent is recorded after it was given, by clocks that differ by this much at most. */
export const CONSENT_AHEAD_MS_MAX = 5 * 60_000;
