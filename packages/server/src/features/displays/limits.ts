/** A picture of 4 MB in base64 and the braces around it (CLUe §1.8). */
export const IMAGE_BODY_BYTES_MAX = 6 * 1024 * 1024;

/** More pixels than any camera takes; a bomb of a few kilobytes can hold billions. */
export const IMAGE_PIXELS_MAX = 64_000_000;

/** A picture that takes longer to decode is a bomb of another kind. */
export const IMAGE_DECODE_SECONDS_MAX = 10;

/** Pictures that are decoded at once: each may hold all its pixels for a moment. */
export const IMAGES_AT_ONCE_MAX = 2;

/** Pictures that wait for that. Beyond it a request is answered as too many. */
export const IMAGES_WAITING_MAX = 16;

/** Behind so many others. */
export const IMAGE_ANSWER_MS_MAX = 60_000;

/** Of what is kept: JPEG at this quality looks as it came. */
export const IMAGE_QUALITY = 88;

/** Keys of pictures, by which anybody may fetch them: nobody guesses 128 bits. */
export const IMAGE_KEY_BYTES = 16;

/** Under a key no other picture ever stands. */
export const IMAGE_CACHE_SECONDS = 365 * 86_400;
