/** CLUe §6: 1 to 64 characters. Longer ones would not fit what clients already store. */
export const USER_KEY_LENGTH_MAX = 64;

/** CLUe §1.2: the exclusive end of all periods, 2038-02-01T00:00:00Z; devices count seconds in 32 bits. */
export const AUTH_END_MS_LIMIT = Date.UTC(2038, 1, 1);

/** 9999-12-31T23:59:59.999Z, the largest time that common clients (C#, Java) can write. Later times are refused. */
export const EPOCH_MS_MAX = 253_402_300_799_999;

/** A place has fewer doors; a list beyond it is a mistake and is refused unread. */
export const DOOR_IDS_COUNT_MAX = 1_000;

/** CLUe §6: two cards a person. */
export const CARDS_COUNT_MAX = 2;

/** CLUe §6: two photos a person. */
export const FACE_IMAGES_COUNT_MAX = 2;

/** A photo of 10 MB (CLUe §6) as base64, in lines and with a prefix. A body has at most 28 MB, so that two of the largest come only without line breaks. */
export const FACE_IMAGE_LENGTH_MAX = 14_500_000;

/** What the link carries of one face: 512 numbers of 32 bits in base64 and the name of their pack; ours have 128. */
export const FACE_TEMPLATE_LENGTH_MAX = 4_096;

/** Ten fingers. */
export const FINGERPRINTS_COUNT_MAX = 10;

/** Suprema's template has 384 bytes; base64 of eight times that, which is what the link carries of one finger. */
export const FINGER_DATA_LENGTH_MAX = 4_096;

/** CLUe §1.6: how good a scanned finger's template is, of so many, and from where on it is taken. */
export const FINGER_SCORE_MAX = 100;
export const FINGER_SCORE_MIN = 50;

/** CLUe §7. A shorter one is guessed too soon, a longer one is not typed. */
export const PIN_LENGTH_MIN = 4;
export const PIN_LENGTH_MAX = 14;

/** CLUe §7: it identifies its holder among all, so it must be longer than one that is asked of one person. */
export const UNIQUE_PIN_LENGTH_MIN = 6;

/** E.164 has 15 digits; with signs and blanks between them. */
export const PHONE_LENGTH_MAX = 32;

/** Each token stands for one scanned card or finger. */
export const REGISTRATION_TOKENS_COUNT_MAX = 12;
export const REGISTRATION_TOKEN_LENGTH_MAX = 128;

/** What the link carries of an auth's chains. CLUe names 24 combinations, but nobody holds several in every order. */
export const MODES_COUNT_MAX = 16;

/** CLUe's longest combination. */
export const CHAIN_LENGTH_MAX = 3;

/** CLUe §7. */
export const EVENTS_WINDOW_MS_WHEN_OPEN = 7 * 86_400_000;
/** CLUe §7: the guide's own sample spans a minute less than eight days, so that only eight days and more are refused. */
export const EVENTS_WINDOW_MS_LIMIT = 8 * 86_400_000;

/** CLUe §7: rows in one page, also of the one page that is given when neither `page` nor `size` is. */
export const PAGE_SIZE_MAX = 1_000;
export const ELASTIC_PAGE_SIZE_MAX = 50;
/** CLUe §7, when only `page` is given. */
export const PAGE_SIZE_DEFAULT = 20;
/** With the largest page this stays far within the whole numbers that are exact. */
export const PAGE_MAX = 1_000_000_000;

/** CLUe §7 finds people by a part of their name; nobody types more. */
export const SEARCH_TEXT_LENGTH_MAX = 100;

/** The catalogue's size with room to grow; a longer list repeats itself. */
export const FILTER_EVENTS_COUNT_MAX = 500;
export const FILTER_IDS_COUNT_MAX = 1_000;

/** Unknown event names that an answer repeats; the others are counted. */
export const UNKNOWN_NAMES_SHOWN_MAX = 5;

/** Mistakes told in one answer. More would make the answer larger than the question. */
export const PROBLEMS_COUNT_MAX = 50;

/** Of what was sent, as repeated in an answer. */
export const REJECTED_TEXT_LENGTH_MAX = 100;

/** CLUe §6: a dynamic QR begins at most 90 days before now, and holds for at most 90 days. */
export const DYNAMIC_QR_AGE_MS_MAX = 90 * 86_400_000;
export const DYNAMIC_QR_LENGTH_MS_MAX = 90 * 86_400_000;

/** CLUe §1.8: lines of a notice, and characters in each; a line that is longer goes on in the next one. */
export const DISPLAY_MESSAGE_LINES_MAX = 5;
export const DISPLAY_MESSAGE_LINE_LENGTH = 20;
/** Five full lines and what parts them, in UTF-16 code units. */
export const DISPLAY_MESSAGE_LENGTH_MAX = 2 * DISPLAY_MESSAGE_LINES_MAX * DISPLAY_MESSAGE_LINE_LENGTH + DISPLAY_MESSAGE_LINES_MAX;

/** CLUe §1.8: a picture for a device has at most 4 MB; as base64, in lines and with a prefix. */
export const DISPLAY_IMAGE_BYTES_MAX = 4 * 1024 * 1024;
export const DISPLAY_IMAGE_TEXT_LENGTH_MAX = 5_900_000;

/** Names of files are shown again and open nothing. */
export const DISPLAY_FILE_NAME_LENGTH_MAX = 200;
