/**
 * Eight windows a day: a working day with breaks needs three or four. With the holidays below, a schedule takes about half of the link's
 * 256 KiB packet. Beyond it the schedule is refused.
 */
export const SCHEDULE_WINDOWS_PER_DAY_MAX = 8;

/** Four hundred dates: every day of one year and the known holidays of the next. Beyond it the schedule is refused. */
export const SCHEDULE_HOLIDAYS_MAX = 400;

/**
 * Fifteen years: no zone changes its clock more than four times a year, so that even then a place carries at most the 64 transitions the
 * link allows. A longer span is our bug.
 */
export const TRANSITION_SPAN_MS_MAX = 15 * 366 * 86_400_000;

/**
 * Ten bytes, the longest serial of a contactless card (ISO/IEC 14443-3, triple size UID). MIFARE Classic has four, DESFire seven, iCLASS and
 * FeliCa eight. A longer one is refused.
 */
export const CSN_BYTES_MAX = 10;

/**
 * Wiegand formats in the field end at 75 bits (PIV); 128 is what two 64-bit reads carry, and its decimal form still fits a card key of 64
 * characters. A longer read is refused.
 */
export const CARD_BITS_MAX = 128;

/** No card number is longer with all its leading zeros; a longer text is refused before any arithmetic on it. */
export const CARD_NUMBER_LENGTH_MAX = 64;
