/** Events of one transaction: enough that the commit's cost disappears, few enough that no controller waits long for its `stored`. */
export const APPEND_EVENTS_MAX = 4_096;

/** Events that are hashed before others have their turn: one or two milliseconds. */
export const HASHED_AT_ONCE_MAX = 512;

/** Batches that wait for the append in one process. Beyond it a controller's batch is left unanswered, and it sends again: its outbox is the queue. */
export const APPEND_BATCHES_WAITING_MAX = 2_048;

/** A device clock is believed within this distance of the server's; beyond it the event's time is corrected by the measured offset. */
export const CLOCK_OFFSET_MS_BELIEVED = 60_000;

/** Older than any outbox keeps its events: such a time comes from a clock that was never set. */
export const EVENT_AGE_MS_MAX = 400 * 86_400_000;

/** Events counted in one transaction: some tens of milliseconds, so that the head's row is never held for long. */
export const SUMMARISE_EVENTS_MAX = 10_000;

/** Places looked at in one round; the others are next. */
export const SUMMARISE_PLACES_MAX = 100;

/** How often months that are older than events are kept are looked for, and those ahead are made. */
export const RETENTION_EVERY_MS = 600_000;

/** How long before its beginning a month's partitions are made: a week in which that may fail. */
export const PERIODS_AHEAD_MS = 7 * 86_400_000;

/** Tries to drop a month in one round: for some seconds, which pages of events leave room in, and a backup does not. */
export const PERIOD_DROP_TRIES_MAX = 10;

/** Between two tries, so that who waited behind the first one goes on. */
export const PERIOD_DROP_PAUSE_MS = 400;

/** How often uncounted events are looked for. What is appended in between is the tail that readers count themselves. */
export const SUMMARISE_EVERY_MS = 500;

/** A head of a place that grows is kept this often: whoever changed an event since the last one is found to the hour. */
export const HEADS_KEPT_EVERY_MS = 3_600_000;

/** How often places without such a head are looked for, one look over all heads of ledgers. */
export const HEADS_LOOK_EVERY_MS = 300_000;

/** Signed between two turns of the event loop: some ten milliseconds. */
export const HEADS_SIGNED_AT_ONCE_MAX = 200;
