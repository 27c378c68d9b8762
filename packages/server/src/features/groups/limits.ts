/** Access groups of one place: a company's departments and a campus's buildings are some hundreds. Beyond it a new one is refused. */
export const GROUPS_PER_PLACE_MAX = 1_000;
