/** Places of one group. Beyond it a new one is refused: what a key reaches is read whole when a key is minted from it. */
export const PLACES_PER_GROUP_MAX = 5_000;
