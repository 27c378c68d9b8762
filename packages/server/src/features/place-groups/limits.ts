/** Customers of one server. Beyond it a new one is refused: the operator's list is read by people. */
export const PLACE_GROUPS_COUNT_MAX = 10_000;
