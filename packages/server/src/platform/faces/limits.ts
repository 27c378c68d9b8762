/** Threads that examine photos: all cores but one, which is left to answering. Each holds its own models, about 100 MB. */
export const FACE_WORKERS_MAX = 4;

/** Photos that wait per thread, a quarter of a second each: an enrolment is answered within five seconds or told at once to come again. */
export const PHOTOS_WAITING_PER_WORKER = 16;

/** Before a caller who was told so comes again: half the queue is gone by then. */
export const FACES_BUSY_RETRY_S = 3;

/** People who look alike that one answer names: more say no more, and the answer stays short. */
export const DUPLICATES_COUNT_MAX = 10;

/** Rows read at once while a place's templates are opened: each costs a few microseconds of this thread, and others want to be answered meanwhile. */
export const FACES_READ_AT_ONCE_MAX = 1_000;

/** Places whose templates are open in memory at once: half a megabyte for each thousand people. The one asked for longest ago is closed for another. */
export const GALLERIES_COUNT_MAX = 32;

/** After so long without a question a place's templates are closed again. */
export const GALLERY_KEPT_MS = 10 * 60_000;

/** How often what was erased is taken out of memory. */
export const GALLERIES_TIDY_MS = 30_000;
