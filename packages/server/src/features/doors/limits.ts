/** Doors of one place: with 32 a controller, far beyond any site known. Beyond it a new one is refused. */
export const DOORS_PER_PLACE_MAX = 2_000;

/** Among 900 million serials, eight taken ones in a row mean broken chance and no crowd. */
export const SERIAL_ATTEMPTS_COUNT_MAX = 8;
