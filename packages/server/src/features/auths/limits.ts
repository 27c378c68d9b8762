/** CLUe §7: a repeat with the same `Idempotency-Key` is known for a day. Afterwards the key is as good as new. */
export const IDEMPOTENCY_MS = 86_400_000;

/** Room for any client's own scheme; UUIDs have 36 characters. A longer key is refused. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Keys older than a day that each new one takes away with it: more than one, so that the table shrinks while it is used. */
export const IDEMPOTENCY_KEYS_FORGOTTEN = 4;
