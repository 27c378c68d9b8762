/** Newest events of a person in one export, of each place: a document that a browser still opens. More are read by the events call. */
export const EXPORT_EVENTS_MAX = 10_000;

/** Erasures that are looked up at once when a server starts. */
export const ERASURES_BATCH_MAX = 1_000;
