/** How long confirmations are gathered before one statement writes them: the console's and the CLI's view may be this old. */
export const CONFIRMATION_WRITE_MS = 200;

/** The pause before confirmations that could not be written are tried again, while the database is away. */
export const CONFIRMATION_RETRY_MS = 1_000;

/** How often it is written down that connected controllers were heard: the age of a belief is known to within this. One statement for all of them. */
export const HEARD_WRITE_MS = 60_000;

/** How long a connection may take to show that it is alive when a second one of its serial arrives: a dead one must not keep its door out. */
export const ALIVE_ANSWER_MS = 2_000;

/** At most one refused second connection of a serial is recorded in this time: an endless retry must not fill the ledger. */
export const REFUSED_SESSION_RECORD_MS = 60_000;

/** How often commands that are due are looked for without a hint: one for later has none. */
export const COMMAND_POLL_MS = 1_000;

/** How often connections are looked at without a hint that their controllers changed: how long one may outlive its key when a hint was lost. */
export const SESSIONS_POLL_MS = 5_000;

/** How much longer than its time the result of a command may take: a controller looks once a second whether a card came in time. */
export const COMMAND_ANSWER_GRACE_MS = 5_000;

/** Controllers that one statement looks up, greets or closes: thousands that come back at once cost tens of statements, and none holds its rows for long. */
export const CONTROLLERS_PER_STATEMENT_MAX = 256;

/** Controllers that wait for the next such statement: as many as may be connected. Beyond it a connection is refused, and comes again. */
export const CONTROLLERS_WAITING_MAX = 20_000;

/**
 * Items of a page that is read for a controller. Two pages may be on their way to each, and a revocation goes behind them: half of what a frame could carry
 * halves what it waits for while many additions are queued, at the cost of one more small statement.
 */
export const PAGE_ITEMS_COUNT_MAX = 64;

/** Steps of five seconds by which a code that a door asks about may be off the server's clock: a door's own is never a minute wrong while it is connected. */
export const QR_STEPS_FAR = 12;
