/**
 * Schedules of one place: every door holds all of them, and each may take half of a packet of the link. A shop needs a handful, a campus some
 * dozens. Beyond it a new one is refused.
 */
export const SCHEDULES_PER_PLACE_MAX = 256;
