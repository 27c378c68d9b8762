/** CLUe §1.7: a device has so long to answer; ours has answered before the task is told. */
export const TASK_MS = 5_000;

/** How long an answer may still be read: a client that polls once a second comes many times. */
export const TASK_KEPT_MS = 60_000;

/** As an enrolment with a photo: behind a full queue, and the first one of all waits for the models to be made. */
export const MATCH_ANSWER_MS_MAX = 20_000;
