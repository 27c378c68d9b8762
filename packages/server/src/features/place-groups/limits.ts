/** Customers of one server. Beyond it a new one is refused: the operator's list is read by people. */
export const PLACE_GROUPS_COUNT_MAX = 10_000;

/** Another access type writes the doors of all places of a group: thousands of them take seconds. */
export const ACCESS_TYPE_ANSWER_MS_MAX = 30_000;
