/** Dynamic QRs of one group that are kept at once: each that is bound stands in every door's roster. Beyond it a new one is refused. */
export const DYNAMIC_QRS_PER_GROUP_MAX = 100_000;

/** Of one person: a phone or two, and a visit a day as far ahead as they hold. Beyond it a new one is refused. */
export const DYNAMIC_QRS_PER_PERSON_MAX = 200;

/** What a phone sends: its public key in base64. Beyond it the call is refused. */
export const PHONE_BODY_BYTES_MAX = 1_024;

/** Calls of phones from one address: a whole office may sit behind it and open its links on one morning. Beyond it they are told to wait. */
export const PHONE_CALLS_COUNT_MAX = 600;
export const PHONE_CALLS_WINDOW_MS = 300_000;

/** Doors forget what has ended after an hour, so that a door's clock that is behind still says `ended` and not `unknown`. */
export const RETIRED_AFTER_MS = 3_600_000;

/** How often those are looked for, and how many are taken at once: a statement of all places of a group for each batch. */
export const RETIRE_EVERY_MS = 300_000;
export const RETIRED_AT_ONCE_MAX = 500;

/** After its end the page still says for so long that it has ended; then it is gone. */
export const ENDED_KEPT_MS = 30 * 86_400_000;
