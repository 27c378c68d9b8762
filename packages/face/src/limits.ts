/** CLUe §6: a photo has at most 10 MB. */
export const PHOTO_BYTES_MAX = 10 * 1024 * 1024;

/** Forty million pixels: more than common phones take, and 120 MB decoded. A picture that says it is larger is refused before it is decoded. */
export const PHOTO_PIXELS_MAX = 40_000_000;

/** A photo within the bounds above takes well under a second; what takes longer is made to. */
export const DECODE_SECONDS_MAX = 10;

/** A face that fills a third of such a picture still has more pixels than the embedder sees. */
export const PICTURE_SIDE_MAX = 1_280;

/** Faces looked at in one picture; a crowd is refused for being one, not measured. */
export const FACES_COUNT_MAX = 16;

/** From the begin of one photo to its template: a hundred times the usual. A thread that takes longer is ended, with its photo. */
export const EXAMINE_MS_MAX = 20_000;

/** Before a thread that ended is replaced: one that cannot start must not spin. */
export const WORKER_RESTART_MS = 500;

/** Of an attempt by somebody whom a gallery does not know (the bound that a door promises): one in a thousand is taken for somebody it does. */
export const FALSE_ACCEPTS_MAX = 0.001;
