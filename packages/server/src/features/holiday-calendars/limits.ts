/** Calendars of one place: a country's, a region's, a school's and a few more. Beyond it a new one is refused. */
export const CALENDARS_PER_PLACE_MAX = 64;
