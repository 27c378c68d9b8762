/** How long after its time a door may still open once: a person stands before it. */
export const OPEN_WITHIN_MS_DEFAULT = 10_000;

/** On v2 a wish older than this was meant for another moment, or its clock is wrong: nothing is opened by it. CLUe's clients are taken to mean now. */
export const ACT_AT_AGE_MS_MAX = 5 * 60_000;

/**
 * How far ahead a door may be told what to do, and how long an unlocking mode may wait for a door that is offline: for today and tomorrow morning. What
 * comes again, or later, is a schedule, which doors hold themselves and which everybody can see.
 */
export const ACT_AHEAD_MS_MAX = 24 * 3_600_000;

/** How much later than its time a door is still locked, or given back: a server that was away then makes up for it, and it opens nothing. */
export const LOCK_WITHIN_MS = 24 * 3_600_000;

/** How long an unlocking mode may go unconfirmed before it is taken back, where nobody says otherwise: a door that hears of it later must not open then. */
export const UNLOCK_CONFIRMED_WITHIN_MS = 60_000;

/** How often modes that were not confirmed in time, and those whose time has come, are looked for. */
export const MODES_POLL_MS = 1_000;

/** Confirmations are written a few times a second: a mode is given this much longer before it is taken back. */
export const CONFIRMATION_GRACE_MS = 1_000;

/** How long a device waits for a card to learn, where nobody says otherwise: the card is in somebody's hand. */
export const LEARN_WITHIN_MS_DEFAULT = 30_000;

/**
 * How long the number of a learnt card is kept: time to enrol it. It is personal, and may be of somebody who never gets a right here, whom no erasure
 * would find; whoever comes later presents it again.
 */
export const LEARNT_CARD_KEPT_MS = 10 * 60_000;

/** How often learnt cards whose time is over are looked for. */
export const LEARNT_CARDS_POLL_MS = 10_000;

/** How often a waiting request looks what came of a command. */
export const COMMAND_LOOK_MS = 100;

/** Over the longest wait of a request: the statements around it. */
export const COMMAND_ANSWER_MS_MAX = 35_000;
