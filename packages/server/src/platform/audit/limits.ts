/** How often refused calls are written to the audit log: soon enough for somebody who looks, and each kind of call once for all its repeats. */
export const REFUSALS_WRITE_MS = 10_000;

/** Calls of one key that are told apart within that time. Further ones are counted together: somebody who tries every path fills no log. */
export const REFUSED_CALLS_PER_KEY_MAX = 8;

/** Keys that are told apart within that time. Refusals of further ones are counted in the server's log alone. */
export const REFUSED_KEYS_MAX = 1_000;
