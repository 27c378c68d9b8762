/** Exports of one place that wait or are written: whoever asks for more waits for these. Beyond it: `conflict`. */
export const EXPORTS_UNDER_WAY_MAX = 5;

/** Exports of one place that are kept, whatever became of them. Beyond it: `conflict`, until one is deleted or its day is over. */
export const EXPORTS_KEPT_MAX = 20;

/** How long a file is kept: a day, in which whoever asked for it has it. */
export const EXPORT_KEPT_MS = 86_400_000;

/** Events that are read and written in one go: some milliseconds of this process. */
export const PORTION_EVENTS_MAX = 500;

/** Portions between two syncs of the file: what a crash costs is written again in well under a second. */
export const SYNC_EVERY_PORTIONS = 20;

/** Between two portions: the others have the database and the processor in between. */
export const PORTION_PAUSE_MS = 2;

/** How often exports that wait are looked for, and old ones are dropped. */
export const EXPORTS_POLL_MS = 1_000;
export const EXPORTS_DROP_EVERY_MS = 10_000;

/** How often somebody who waits for an export looks. */
export const EXPORT_LOOK_MS = 250;

/** The longest wait, as the operation says, and the statements around it. */
export const EXPORT_ANSWER_MS_MAX = 35_000;

/** A device's clock is believed to be ahead by a minute at most; what was received a day before cannot lie in the span. */
export const RECEIVED_BEFORE_MS = 86_400_000;
