/** Threads that examine photos: all cores but one, which is left to answering. Each holds its own models, about 100 MB. */
export const FACE_WORKERS_MAX = 4;

/** Photos that wait per thread, a quarter of a second each: an enrolment is answered within five seconds or told at once to come again. */
export const PHOTOS_WAITING_PER_WORKER = 16;

/** Before a caller who was told so comes again: half the queue is gone by then. */
export const FACES_BUSY_RETRY_S = 3;
