/** Access groups of one place: a company's departments and a campus's buildings are some hundreds. Beyond it a new one is refused. */
export const GROUPS_PER_PLACE_MAX = 1_000;

/** A change or the end of a group with as many members as it may have, on a busy machine; in place of the five seconds in which other calls are answered. */
export const GROUP_ANSWER_MS_MAX = 15_000;
